"""What generated C is optimised for: speed, RAM or flash. Outputs are bit-identical."""

from __future__ import annotations

from typing import Literal, get_args

Objective = Literal["speed", "ram", "flash"]
OBJECTIVES: tuple[Objective, ...] = get_args(Objective)

SCRATCH = 22 * 1024  # bytes of the arena beyond whole feature maps, where no number of bytes is asked for


def chosen(objective: Objective | None, ram: int | None) -> Objective:
    """Return the objective where none may be named: RAM within a number of bytes, else speed."""
    return objective or ("speed" if ram is None else "ram")


def macro(objective: Objective) -> str:
    """Return the macro of ``hfn_config.h`` that is 1 in this objective's runtime, if one is."""
    return {"speed": "", "ram": "HFN_FEW_ROWS", "flash": "HFN_SMALL"}[objective]


def small(objective: Objective) -> bool:
    """Return whether the runtime is built for few bytes: small loops, little assembly, coded masks (``HFN_SMALL``)."""
    return objective == "flash"
