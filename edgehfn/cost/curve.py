"""What RAM costs in instructions: the plans that a number of bytes brings about, none of which beats another."""

from __future__ import annotations

from dataclasses import dataclass

from edgehfn.cost.instructions import predict
from edgehfn.ir import Graph, Plan
from edgehfn.ir.planner import front
from edgehfn.spec.objective import Objective
from edgehfn.target.board import board


@dataclass(frozen=True)
class Point:
    """``plan``: what ``edgehfn.plan(graph, objective, ram=point.ram)`` gives. ``instructions`` of one inference are
    predicted."""

    ram: int
    instructions: int
    plan: Plan

    def to_json(self) -> dict[str, int]:
        """The two figures."""
        return {"ram": self.ram, "instructions": self.instructions}


def curve(
    graph: Graph, target: str = "cortex-m4", objective: Objective | None = None, rows: bool = False
) -> list[Point]:
    """Return the Pareto front of a verified graph on a core, from the fewest instructions to the least RAM.

    ``objective``: what else the C is optimised for; ``ram`` if None, as where a number of bytes is given to
    ``edgehfn.plan``, as are ``rows``. Raises InputError for an unknown core.
    """
    core = board(target).core
    found: list[Point] = []
    for plan in reversed(front(graph, objective, rows)):
        point = Point(plan.size, predict(graph, plan, core).total, plan)
        if not found or point.instructions < found[-1].instructions:
            found.append(point)
    return found[::-1]
