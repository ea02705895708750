"""Partially frozen networks: which positions, how many over which layers, and what is stored, down to the device."""

from __future__ import annotations

from math import prod
from pathlib import Path

import numpy as np
import pytest
import torch
from support import oracle_weights
from support.masked import SHAPE, lowered, masked, supermasks

from edgehfn import nn
from edgehfn.backends import c
from edgehfn.errors import InputError
from edgehfn.evaluation import agreement
from edgehfn.ir import Graph, ops, plan
from edgehfn.model import modelfile
from edgehfn.nn.frozen import ratios


def mask_bytes(graph: Graph) -> int:
    return sum(len(part.data) for part in c.layout(graph, plan(graph)) if part.origin == "masks")


@pytest.mark.parametrize(("density", "frozen"), [(0.5, 0.5), (0.3, 0.5), (0.1, 0.5), (0.3, 0.7), (0.9, 0.5), (0.5, 0)])
def test_the_free_part_is_half_dense_where_neither_ratio_is_clipped(density: float, frozen: float) -> None:
    """The paper's rule by its words, and what it is for."""
    pruned, locked = ratios(density, frozen)
    assert pruned + locked == pytest.approx(frozen)
    assert 0 <= pruned <= 1 - density + 1e-9
    free = (density - locked) / (1 - frozen)
    if pruned > 1e-9 and locked > 1e-9:
        assert free == pytest.approx(0.5)
    assert locked == pytest.approx(min(frozen, max(0, density - (1 - frozen) / 2)))


@pytest.mark.parametrize("coats", [(0.5,), (0.3,), (0.6, 0.25), (0.6, 0.5, 0.1)])
@pytest.mark.parametrize("frozen", [0.3, 0.7])
def test_pruned_never_locked_always_and_the_density_as_asked(coats: tuple[float, ...], frozen: float) -> None:
    net = masked(coats=coats, frozen=frozen)
    for op in supermasks(net):
        assert op.scores is not None
        op.scores.data.copy_(torch.randn(op.shape, generator=torch.Generator().manual_seed(op.tensor)))
        states = oracle_weights.states(op.seed, op.tensor, prod(op.shape), op.pruned, op.locked)
        counts = op.counts().tolist()
        wanted = [max(1, round(d * len(counts))) for d in coats]
        outer = max(wanted[0], states.count("locked"))
        assert [sum(count > n for count in counts) for n in range(len(coats))] == [outer, *wanted[1:]]
        assert {count for count, state in zip(counts, states, strict=True) if state == "pruned"} <= {0}
        assert all(count for count, state in zip(counts, states, strict=True) if state == "locked")
        importance = op.scores.detach().abs().flatten().tolist()
        for n in range(len(coats)):  # in every coat, what competes is kept by its score
            rivals = [i for i, state in enumerate(states) if (state == "free" if n == 0 else counts[i] >= n)]
            inside = [importance[i] for i in rivals if counts[i] > n]
            outside = [importance[i] for i in rivals if counts[i] <= n]
            assert min(inside, default=9) >= max(outside, default=0)


def test_free_positions_spread_over_layers() -> None:
    def free(over: str) -> list[int]:
        return [int(op.free.sum()) for op in supermasks(masked(frozen=0.6, freeze_over=over)) if op.free is not None]

    sizes = [prod(op.shape) for op in supermasks(masked())]
    uniform, erk, epl = (np.array(free(over)) for over in ("uniform", "erk", "epl"))
    for found in (uniform, erk[-3:], epl[-3:]):
        assert len(found) >= 3
    np.testing.assert_allclose(uniform, 0.4 * np.array(sizes), rtol=0.2)
    total = sum(sizes)
    shares = [sum(op.shape) for op in supermasks(masked())]
    for over, share in (("erk", shares), ("epl", [1] * len(sizes))):
        frozen = [
            int(op.free.sum()) if op.free is not None else prod(op.shape)
            for op in supermasks(masked(frozen=0.6, freeze_over=over))
        ]
        assert sum(frozen) == pytest.approx(0.4 * total, rel=0.02)
        partly = [i for i, (n, size) in enumerate(zip(frozen, sizes, strict=True)) if n < size]
        assert 1 < len(partly) < len(sizes)
        each = [frozen[i] / share[i] for i in partly]
        assert max(each) == pytest.approx(min(each), rel=0.1)


@pytest.mark.parametrize("hundredths", range(5, 100, 5))
def test_all_but_what_is_kept_may_be_pruned_and_all_that_is_kept_locked(hundredths: int) -> None:
    density = hundredths / 100
    for frozen in ((1 - density - 0.01, 0.0), (0.0, density - 0.01), (1 - density, 0.0), (0.0, density)):
        net = masked(coats=(density,), frozen=frozen)
        kept = sum(int((op.counts() > 0).sum()) for op in supermasks(net))
        assert kept == pytest.approx(density * sum(op.counts().numel() for op in supermasks(net)), rel=0.1)


@pytest.mark.parametrize(("frozen", "left"), [(0.5, 0.5), (0.7, 0.3)])
@pytest.mark.parametrize("over", ["uniform", "erk", "epl"])
def test_mask_bytes_on_the_device_shrink_by_what_is_frozen(frozen: float, left: float, over: str) -> None:
    bitmap = mask_bytes(lowered(masked(coats=(0.5,))))
    graph = lowered(masked(coats=(0.5,), frozen=frozen, freeze_over=over))
    assert mask_bytes(graph) / bitmap == pytest.approx(left, abs=0.01)


@pytest.mark.qemu
@pytest.mark.gcc
def test_a_frozen_folded_net_of_two_coats_is_the_same_on_every_machine(tmp_path: Path) -> None:
    net = masked(coats=(0.6, 0.25), frozen=0.5)
    graph = lowered(net)
    assert all(isinstance(w, ops.Supermask) and w.pruned and w.locked for w in graph.weights)
    raw = np.random.default_rng(1).integers(0, 256, (5, *SHAPE), np.uint8)
    agreed = agreement.verify(graph, raw, ("pytorch", "emulator", "host-sanitized", "cortex-m0", "cortex-m4"))
    assert agreed.mismatches == 0
    modelfile.save(net, tmp_path / "a.hfn")
    loaded = modelfile.load(tmp_path / "a.hfn")
    assert torch.equal(loaded(torch.from_numpy(raw)), net(torch.from_numpy(raw)))
    modelfile.save(loaded, tmp_path / "b.hfn")
    assert (tmp_path / "a.hfn").read_bytes() == (tmp_path / "b.hfn").read_bytes()
    assert nn.mask_bits(net) <= 8 * mask_bytes(graph) < nn.mask_bits(net) + 2 * 32 * len(net.weights)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"frozen": 1.0}, r"\[0, 1\)"),
        ({"frozen": -0.1}, r"\[0, 1\)"),
        ({"frozen": (0.5, 0.2, 0.1)}, "pruned and locked"),
        ({"frozen": (-0.1, 0.2)}, "pruned and locked"),
        ({"frozen": (0.1, 0.6), "coats": (0.5,)}, "leave room"),
        ({"frozen": (0.6, 0.1), "coats": (0.5,)}, "leave room"),
        ({"frozen": 0.5, "freeze_over": "all"}, "uniform, erk, epl"),
    ],
    ids=str,
)
def test_wrong_fractions_are_refused(options: dict[str, object], message: str) -> None:
    with pytest.raises(InputError, match=message):
        masked(**options)


def test_ratios_may_be_given() -> None:
    for op in supermasks(masked(frozen=(0.25, 0.125), coats=(0.3,))):
        assert (op.pruned, op.locked) == (64, 32)
