"""Folds whose iterations share one weight but not the mask (Yan et al. 2023), from the builder to the core."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from support.masked import SHAPE, lowered, masked, supermasks
from support.narrow import only, there

from edgehfn import footprint, nn
from edgehfn.errors import GraphError, InputError
from edgehfn.evaluation import agreement
from edgehfn.ir import Graph, ops, verify
from edgehfn.model import modelfile


def unshared(**options: Any) -> nn.Net:
    return masked(masks="unshared", **options)


def test_iterations_share_signs_and_have_a_mask_each() -> None:
    net = unshared()
    first, second = net.weights["stage2.1.conv1"], net.weights["stage2.1.conv1@1"]
    assert isinstance(first, nn.SupermaskConv2d)
    assert isinstance(second, nn.SupermaskConv2d)
    assert first.tensor == second.tensor
    assert torch.equal(first.base, second.base)
    assert not torch.equal(first.counts(), second.counts())
    tensors = [op.tensor for op in supermasks(net)]
    assert sorted(set(tensors)) == list(range(len(set(tensors))))
    assert len(tensors) == len(set(tensors)) + 2
    alone = only(masked().weights["stage2.1.conv1"], nn.SupermaskConv2d)
    assert torch.equal(there(first.scores), there(alone.scores))


def test_costs_count_a_mask_each_and_the_weight_once() -> None:
    one, each = masked(coats=(0.5,)), unshared(coats=(0.5,))
    again = 2 * 32 * 32 * 9  # two convolutions
    assert nn.mask_bits(each) == nn.mask_bits(one) + again
    assert nn.unique_weights(each) == nn.unique_weights(one)
    assert nn.folded_channels(each) == nn.folded_channels(one) == 4 * 32
    assert footprint(lowered(each), "cortex-m4").paper[0] == nn.paper_bytes(each)


@pytest.mark.qemu
@pytest.mark.gcc
def test_every_machine_computes_the_same(tmp_path: Path) -> None:
    net = unshared(coats=(0.6, 0.25), frozen=0.5)
    graph = lowered(net)
    numbers = [w.tensor for w in graph.weights if isinstance(w, ops.Supermask)]
    assert len(numbers) == len(set(numbers)) + 2
    raw = np.random.default_rng(1).integers(0, 256, (5, *SHAPE), np.uint8)
    assert agreement.verify(graph, raw, ("pytorch", "emulator", "host-sanitized", "cortex-m3")).mismatches == 0
    modelfile.save(net, tmp_path / "a.hfn")
    loaded = modelfile.load(tmp_path / "a.hfn")
    assert torch.equal(loaded(torch.from_numpy(raw)), net(torch.from_numpy(raw)))


def test_masks_over_one_tensor_fit_it() -> None:
    graph = lowered(unshared())
    verify(graph)
    *before, last = graph.nodes
    assert isinstance(last, ops.Linear)
    assert isinstance(last.weight, ops.Supermask)
    clash = replace(last.weight, tensor=0)
    with pytest.raises(GraphError, match="has the number 0 too, but another shape"):
        verify(Graph((*before, replace(last, weight=clash)), graph.seed))
    with pytest.raises(InputError, match="shared or unshared"):
        masked(masks="none")
