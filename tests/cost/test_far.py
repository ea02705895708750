"""What far layers take is predicted within the tolerance of all others."""

from __future__ import annotations

import pytest
from support import far_nets, tools

from edgehfn.cost import instructions
from edgehfn.ir import plan
from edgehfn.spec.objective import Objective
from edgehfn.target.count import counted
from edgehfn.target.toolchain import emulator

pytestmark = [pytest.mark.qemu, pytest.mark.slow]


@pytest.mark.parametrize("objective", ["speed", "flash"])
@pytest.mark.parametrize("core", ["cortex-m0", "cortex-m4", "cortex-m55"])
def test_predicted_instructions_are_those_that_are_counted(core: str, objective: Objective) -> None:
    tools.fitted_to(instructions.table()[0].compiler, emulator())
    graph = far_nets.layers(9, dtype="s8")
    planned = plan(graph, objective)
    found, exact = (run(graph, planned, core).total for run in (instructions.predict, counted))
    assert abs(found - exact) <= instructions.TOLERANCE * exact
