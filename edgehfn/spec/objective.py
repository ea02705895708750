"""What generated C is optimised for: speed, RAM or flash. Outputs are bit-identical."""

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


def macro(objective: Objective) -> str:
    """Return the macro of ``hfn_config.h`` that is 1 in this objective's runtime, if one is."""
    return {"speed": "", "ram": "HFN_FEW_ROWS", "flash": "HFN_SMALL"}[objective]


def small(objective: Objective) -> bool:
    """Return whether the runtime is built for few bytes: compact loops, no assembly, coded masks (``HFN_SMALL``)."""
    return objective == "flash"
