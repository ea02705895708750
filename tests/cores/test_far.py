"""Layers of many channels on emulated cores: their portable functions among the cores' own planes and lists."""

from __future__ import annotations

from functools import partial

import pytest
from support import far_nets, nets
from support.nodes import assert_same, observed

from edgehfn.backends import c, reference
from edgehfn.backends.emulator.images import emulate
from edgehfn.spec.objective import Objective
from edgehfn.target.execute import run

pytestmark = [pytest.mark.qemu, pytest.mark.slow]


@pytest.mark.parametrize("objective", ["speed", "flash"])
@pytest.mark.parametrize("core", ["cortex-m0", "cortex-m4", "cortex-m55"])
def test_layers_of_many_channels(core: str, objective: Objective) -> None:
    graph = far_nets.layers(7, dtype="s8")
    assert {*c.functions(graph)[1:]} == far_nets.FUNCTIONS
    raw = nets.random_input(graph, 5, 2)
    wanted = observed(emulate, graph, raw)
    assert_same(wanted, observed(reference.run, graph, raw))
    assert_same(wanted, observed(partial(run, on=core, objective=objective), graph, raw))
