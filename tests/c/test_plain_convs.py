"""Conv-2 to Conv-8, nets without norms whose linear layers have a ReLU: every machine computes the same bytes."""

from __future__ import annotations

import numpy as np
import pytest
import torch

import edgehfn as hfn
from edgehfn import nn
from edgehfn.lowering.untrained import untrained
from edgehfn.nn.presets.vgg import CONVS

pytestmark = pytest.mark.gcc


@pytest.mark.parametrize("name", CONVS)
def test_narrow_ones_agree_on_every_node(name: str) -> None:
    net = nn.preset(name, (3, 32, 32), 5, width=6, seed=3)
    graph = untrained(net)
    raw = np.random.default_rng(1).integers(0, 256, (4, 3, 32, 32), np.uint8)
    agreed = hfn.verify(graph, raw, ("pytorch", "emulator", "host"))
    assert agreed.mismatches == 0, agreed.first
    assert [graph.tensors[f"hidden{number}"].lo for number in range(2)] == [0, 0]  # of the ReLU
    with torch.no_grad():
        wanted = net(torch.from_numpy(raw)).numpy()
    found = hfn.emulate(graph, raw).reshape(wanted.shape)
    assert np.corrcoef(found.ravel(), wanted.ravel())[0, 1] > 0.99


@pytest.mark.slow
def test_the_whole_width_runs_on_the_host() -> None:
    graph = untrained(nn.preset("conv6"), 4)
    raw = np.random.default_rng(1).integers(0, 256, (1, 3, 32, 32), np.uint8)
    assert (hfn.run(graph, raw, on="host") == hfn.emulate(graph, raw)).all()
