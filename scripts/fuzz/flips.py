"""Single bits of models' data: the self-test finds every one."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from random import Random

from support import flips, nets

from edgehfn import zoo
from edgehfn.evaluation.models import open_model
from edgehfn.ir import Graph
from scripts.fuzz.campaign import Failure, Tally

OF_LARGE, ON_CORE = 5000, 20
CORE = "cortex-m0"


def turn(seed: int, place: Path, tally: Tally) -> None:
    """All bits of a small model, and as many as are named of a larger one, on the host; some on a core."""
    rng, count = Random(seed), flips.bits_of(_small(seed))
    large = flips.bits_of(_large(place))
    for graph, on, bits in (
        (seed, "host", range(count)),
        (None, "host", rng.sample(range(large), OF_LARGE)),
        (seed, CORE, rng.sample(range(count), ON_CORE)),
    ):
        tally["bits flipped" if on == "host" else "bits flipped on a core"] += len(bits)
        if missed := _missed(graph, on, bits, place):
            call = f"flips.hold({graph}, {on!r}, {missed[:9]}, tmp_path)"
            raise Failure(f"{len(missed)} bits are not told", "from scripts.fuzz import flips", call)


def hold(seed: int | None, on: str, bits: list[int], place: Path) -> None:
    """Assert that the self-test of a small model, or without a seed of the zoo's, tells these bits."""
    assert _missed(seed, on, bits, place) == []


def _missed(seed: int | None, on: str, bits: Sequence[int], place: Path) -> list[int]:
    graph = _large(place) if seed is None else _small(seed)
    return flips.missed(graph, bits, place) if on == "host" else flips.missed_on(on, graph, bits, place)


def _small(seed: int) -> Graph:
    return nets.random_graph(seed, macs=20_000, size=7, channels=12)


def _large(place: Path) -> Graph:
    return open_model(zoo.get("fashion-mnist", place / "x.hfn")[0]).graph
