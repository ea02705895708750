"""Every flipped bit of a model's data is found by its self-test."""

from __future__ import annotations

from pathlib import Path
from random import Random

import pytest
from support import flips, gnn_nets, nets
from support.narrow import there

from edgehfn import zoo
from edgehfn.evaluation.models import open_model
from edgehfn.ir import verify

SMALL = nets.random_graph(4, macs=20_000, size=7, channels=12)


@pytest.mark.gcc
def test_every_bit_of_a_small_model(tmp_path: Path) -> None:
    count = flips.bits_of(SMALL)
    assert count > 4000
    assert flips.missed(SMALL, range(count), tmp_path) == []


@pytest.mark.gcc
def test_every_bit_of_a_small_net_over_graphs(tmp_path: Path) -> None:
    graph = verify(gnn_nets.variable(2))
    assert there(graph.input).topology is not None
    assert flips.missed(graph, range(flips.bits_of(graph)), tmp_path) == []


@pytest.mark.gcc
def test_bits_of_a_trained_model(tmp_path: Path) -> None:
    """A thousand of them; ``make fuzz KIND=flips`` takes five thousand."""
    graph = open_model(zoo.get("fashion-mnist", tmp_path / "x.hfn")[0]).graph
    assert flips.missed(graph, Random(1).sample(range(flips.bits_of(graph)), 1000), tmp_path) == []


@pytest.mark.qemu
def test_bits_in_the_flash_of_a_core(tmp_path: Path) -> None:
    count = flips.bits_of(SMALL)
    bits = [0, count - 1, *Random(1).sample(range(count), 8)]
    assert flips.missed_on("cortex-m0", SMALL, bits, tmp_path) == []


@pytest.mark.gcc
def test_a_driver_that_flips_nothing_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The tests above can fail."""
    monkeypatch.setattr(flips, "DRIVER", flips.DRIVER.replace("1u << bit % 8", "0u"))
    assert flips.missed(SMALL, [5, 9], tmp_path) == [5, 9]
