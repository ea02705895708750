"""What a compilation spares: instructions, RAM or flash. The bytes that the net computes are the same."""

from __future__ import annotations

from typing import Literal, get_args

Objective = Literal["speed", "ram", "flash"]
OBJECTIVES: tuple[Objective, ...] = get_args(Objective)

KB = 1024
SCRATCH: dict[Objective, int] = {
    "speed": 22 * KB,
    "ram": 25 * KB // 4,
    "flash": 22 * KB,
}  # bytes beyond the feature maps


def small(objective: Objective) -> bool:
    """Whether the runtime is built for few bytes: compact loops without assembly, coded masks (``HFN_SMALL``)."""
    return objective == "flash"
