"""Densities in the course of training: per layer or over all layers at once, at once or along a ramp."""

from __future__ import annotations

from itertools import pairwise
from math import prod
from typing import Any

import pytest
import torch
from support.floats import masked_weight
from support.masked import lowered, masked, supermasks
from support.narrow import there
from support.toys import small, toy

from edgehfn import nn
from edgehfn.errors import InputError
from edgehfn.ir import ops
from edgehfn.training.images import train


def scored(**options: Any) -> nn.Net:
    """A net with random scores whose layers differ tenfold in spread."""
    net = masked(**options)
    for number, op in enumerate(supermasks(net)):
        assert op.scores is not None
        draw = torch.Generator().manual_seed(number)
        op.scores.data.copy_(torch.randn(op.shape, generator=draw) * 10 ** (-number / 4))
    return net


def kept(net: nn.Net, coat: int = 1) -> list[int]:
    return [int((op.counts() >= coat).sum()) for op in supermasks(net)]


def test_a_threshold_for_each_layer_is_the_default() -> None:
    net = scored(coats=(0.6, 0.25))
    net.set_progress(0.0)
    for op in supermasks(net):
        size = prod(op.shape)
        assert op.keep == (round(0.6 * size), round(0.25 * size))


@pytest.mark.parametrize("frozen", [0.0, 0.5])
def test_adaptive_thresholds_are_one_percentile_over_all_layers(frozen: float) -> None:
    coats = (0.6, 0.25)
    net, alike = scored(coats=coats, frozen=frozen), scored(coats=coats, frozen=frozen)
    net.search = nn.Search("adaptive", floor=0)
    net.set_progress(1.0)
    for coat in (1, 2):
        assert sum(kept(net, coat)) == sum(kept(alike, coat))
    inside: tuple[list[float], list[float]] = ([], [])
    outside: tuple[list[float], list[float]] = ([], [])
    for op in supermasks(net):
        assert op.scores is not None
        importance, counts = op.scores.detach().abs().flatten(), op.counts()
        rivals = [torch.ones_like(counts, dtype=torch.bool) if op.free is None else op.free, counts >= 1]
        for coat in (0, 1):
            inside[coat].extend(importance[rivals[coat] & (counts > coat)].tolist())
            outside[coat].extend(importance[rivals[coat] & (counts <= coat)].tolist())
    assert min(inside[0]) > max(outside[0])  # one threshold a coat
    assert min(inside[1]) > max(outside[1])
    if not frozen:  # else the locked positions even the layers out
        densities = [n / prod(op.shape) for n, op in zip(kept(net), supermasks(net), strict=True)]
        assert all(more > less for more, less in pairwise(densities))


def test_no_layer_is_emptied_below_its_floor() -> None:
    net = scored(coats=(0.5, 0.2))
    own = [kept(net, 1), kept(net, 2)]
    for op in supermasks(net)[1:]:
        assert op.scores is not None
        op.scores.data *= 1e-6
    net.search = nn.Search("adaptive", floor=0.3)
    net.set_progress(1.0)
    for coat in (1, 2):
        found = kept(net, coat)
        assert all(n >= round(0.3 * o) for n, o in zip(found, own[coat - 1], strict=True))
        assert sum(found) == sum(own[coat - 1])


def test_the_sparsity_of_every_coat_grows_along_the_ramp() -> None:
    net = scored(coats=(0.6, 0.25))
    net.search = nn.Search(ramp=0.5)
    total = sum(prod(op.shape) for op in supermasks(net))
    for fraction, densities in {0.0: (1, 1), 0.25: (0.8, 0.625), 0.5: (0.6, 0.25), 0.9: (0.6, 0.25)}.items():
        net.set_progress(fraction)
        for coat, density in enumerate(densities, start=1):
            assert sum(kept(net, coat)) == pytest.approx(density * total, rel=1e-3)


def test_training_ramps_and_ends_at_the_density_asked_for() -> None:
    net = small()
    net.search = nn.Search("adaptive", ramp=0.5)
    body, seen = masked_weight(net, "body"), list[int]()
    total = prod(body.shape)
    train(net, toy(), epochs=2, batch=50, device="cpu", progress=lambda *_: seen.append(body.keep[0]))
    assert int((body.counts() > 0).sum()) == round(0.6 * total)  # the only mask: it competes with itself
    assert seen[-1] == round(0.6 * total)
    loud, ramped = small(), small()
    ramped.search = nn.Search(ramp=0.5)
    for net in (loud, ramped):
        train(net, toy(), epochs=1, batch=50, device="cpu")
    scores = [there(masked_weight(net, "body").scores) for net in (loud, ramped)]
    assert not torch.equal(*scores)


def test_the_mask_is_lowered_never_a_threshold() -> None:
    net = scored(coats=(0.6, 0.25), frozen=0.3)
    net.search = nn.Search("adaptive")
    net.set_progress(1.0)
    graph = lowered(net)
    for weight, op in zip(graph.weights, supermasks(net), strict=True):
        assert isinstance(weight, ops.Supermask)
        assert weight.counts.tolist() == op.counts().tolist()


@pytest.mark.parametrize("options", [{"thresholds": "net"}, {"ramp": -0.1}, {"ramp": 2}, {"floor": 1.5}])
def test_wrong_searches_are_refused(options: dict[str, Any]) -> None:
    with pytest.raises(InputError):
        nn.Search(**options)
