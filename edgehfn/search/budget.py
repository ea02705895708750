"""What a net may cost, what it costs, and how wide it may be for that."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass

from edgehfn.cost import footprint
from edgehfn.cost import instructions as prediction
from edgehfn.cost.sizing import IMAGES, largest
from edgehfn.errors import GraphError, InputError
from edgehfn.ir import Graph, Plan
from edgehfn.ir.planner import nearest
from edgehfn.lowering.untrained import untrained
from edgehfn.search.space import LEAST, Candidate, Shape, build
from edgehfn.spec.objective import OBJECTIVES, Objective
from edgehfn.target.board import board
from edgehfn.target.count import counted
from edgehfn.target.toolchain import HOST_GCC, available

NARROWEST, WIDEST = 4, 128  # channels of the first stage: from, and below


@dataclass(frozen=True)
class Cost:
    """What a net takes of a core: bytes of total flash and RAM (the stack apart, as everywhere), instructions of an
    inference, and what the C must be optimised for."""

    flash: int
    ram: int
    instructions: int
    objective: Objective = "speed"


@dataclass(frozen=True)
class Budget:
    """Limits on a core, each 1 or more; None is that of its emulated board, where a net has to be measured. A net is
    compiled for speed if that fits, else for RAM, else for flash, both of these with rows streamed as far as the RAM
    asks for it.

    Raises InputError for an unknown core and for limits below 1.
    """

    target: str
    flash: int | None = None
    ram: int | None = None
    instructions: int | None = None

    def __post_init__(self) -> None:
        board(self.target)
        for name in ("flash", "ram", "instructions"):
            if (limit := getattr(self, name)) is not None and limit < 1:
                raise InputError(f"search: a limit of {limit} {name} leaves nothing; raise --{name}")

    @property
    def limits(self) -> dict[str, int]:
        """By what they limit."""
        given = {"flash": self.flash, "ram": self.ram, "instructions": self.instructions}
        room = board(self.target).room
        both = {name: [at for at in (limit, room.get(name)) if at is not None] for name, limit in given.items()}
        return {name: min(each) for name, each in both.items() if each}

    def over(self, cost: Cost) -> dict[str, float]:
        """Return the limits that are exceeded, each with the excess as a part of the limit."""
        spent = asdict(cost)
        return {name: spent[name] / limit - 1 for name, limit in self.limits.items() if spent[name] > limit}

    def predicted(self, graph: Graph) -> Cost:
        """Predict the cost without any tool: RAM is exact, flash within 2 %, instructions within 6 %."""
        core = board(self.target).core

        def cost(planned: Plan) -> Cost:
            sizes, _ = footprint.predict(graph, planned, core)
            return _cost(sizes.to_json(), prediction.predict(graph, planned, core).total, planned)

        return self._least(graph, cost)

    def measured(self, graph: Graph) -> Cost:
        """Measure the cost by compiler and emulator where they are installed, else predict it."""
        counts = available(HOST_GCC, *board(self.target).architecture.tools)

        def cost(planned: Plan) -> Cost:
            sizes = footprint.sized(graph, self.target, planned)
            count = counted(graph, planned, self.target).total if counts else sizes.instructions
            return _cost(sizes.sizes.to_json(), count, planned)

        return self._least(graph, cost)

    def asked(self, objective: Objective) -> int | None:
        """Return the RAM to ask for, in bytes, where a net is compiled for an objective; None asks for none."""
        return None if objective == "speed" else self.limits.get("ram")

    def _least(self, graph: Graph, cost: Callable[[Plan], Cost]) -> Cost:
        """The cost with the first objective that fits, or with the one that exceeds the limits least. To stream rows
        for less RAM takes code and instructions, so it is of use where RAM alone is missing."""
        found: list[Cost] = []
        for objective in OBJECTIVES:
            if objective == "ram" and {*self.over(found[0])} != {"ram"}:
                continue
            found.append(cost(nearest(graph, objective, ram=self.asked(objective))))
            over = self.over(found[-1])
            if not over or (objective == "ram" and "ram" in over):  # flash would take as much
                break
        return min(found, key=lambda one: sum(self.over(one).values()))


@dataclass(frozen=True)
class Fit:
    """A width, what the net costs with it, and the limits that even the narrowest exceeds."""

    width: int
    cost: Cost | None  # None: there is no such net, or the device could not hold it
    over: dict[str, float]


class Fitting:
    """How wide each candidate may be for one budget and kind of input, worked out once for each."""

    def __init__(self, budget: Budget, input: Shape, classes: Sequence[str]) -> None:
        self.budget, self.input, self.classes = budget, input, classes
        self.known: dict[Candidate, Fit] = {}
        least: list[Fit] = []
        while not least or least[-1].over:
            if len(least) == len(LEAST):
                raise InputError(
                    _nothing_fits(budget, min(least, key=lambda fit: (fit.cost is None, sum(fit.over.values()))))
                )
            least.append(self._at(LEAST[len(least)], NARROWEST))

    def fit(self, candidate: Candidate) -> Fit:
        """Return the candidate at ``fill`` percent of its largest width."""
        shape = candidate.shape
        if shape not in self.known:
            self.known[shape] = self._widest(shape)
        widest = self.known[shape]
        if widest.over or candidate.fill == 100:
            return widest
        return self._at(candidate, max(NARROWEST, candidate.fill * widest.width // 100))

    def _widest(self, candidate: Candidate) -> Fit:
        """What a net costs grows with its width."""
        found: dict[int, Fit] = {}

        def fits(width: int) -> bool:
            found[width] = self._at(candidate, width)
            return not found[width].over

        return found[largest(fits, NARROWEST, WIDEST) if fits(NARROWEST) else NARROWEST]

    def _at(self, candidate: Candidate, width: int) -> Fit:
        try:
            net = build(candidate, width, self.input, self.classes, seed=0)
            cost = self.budget.predicted(untrained(net, IMAGES))
        except GraphError:
            return Fit(width, None, {"input": 1.0})
        return Fit(width, cost, self.budget.over(cost))


def _cost(sizes: dict[str, int], instructions: int, planned: Plan) -> Cost:
    return Cost(sizes["total_flash"], sizes["total_ram"], instructions, planned.objective)


def _nothing_fits(budget: Budget, least: Fit) -> str:
    if least.cost is None:
        return "search: images of this size are too small for any net of the space; enlarge them"
    spent, limits = asdict(least.cost), budget.limits
    binding = ", ".join(f"{spent[name]:,} of {name} where {limits[name]:,} are allowed" for name in least.over)
    return (
        f"search: nothing fits; the smallest net takes {binding} on {budget.target}; raise --{next(iter(least.over))}"
    )
