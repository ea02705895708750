"""Max pools on the cores: windows of 2x2 four at a time, apart and in place, and others one by one."""

from __future__ import annotations

from functools import partial

import pytest
from support import nets, tools
from support.nodes import assert_same, observed

from edgehfn.backends.emulator.images import emulate
from edgehfn.ir import Graph, plan
from edgehfn.ir.ops import Input, MaxPool
from edgehfn.ir.validate import verify
from edgehfn.target import bench
from edgehfn.target.execute import run

pytestmark = pytest.mark.qemu
CORES = ("cortex-m0", "cortex-m3", "cortex-m4", "cortex-m55")


@pytest.mark.parametrize("core", CORES)
@pytest.mark.parametrize("width", [8, 9, 10, 12, 13, 14, 18, 22, 31])
def test_windows_side_by_side(core: str, width: int) -> None:
    """The second pool reads the first one's rows, which begin anywhere, and overwrites them."""
    pools = (MaxPool("apart", "input", 2, 2), MaxPool("copy", "input", 1, 1), MaxPool("place", "copy", 2, 2))
    image = Input("input", (2, 9, width), dtype="s8" if width % 4 else "u8")
    graph = verify(Graph((image, *pools), 1))
    places = plan(graph).tensors
    assert places["place"].offset == places["copy"].offset
    raw = nets.random_input(graph, width, 6)
    assert_same(observed(emulate, graph, raw), observed(partial(run, on=core), graph, raw))


@pytest.mark.parametrize(
    ("core", "most"), [("cortex-m0", 36), ("cortex-m3", 20), ("cortex-m4", 10.5), ("cortex-m55", 11)]
)
def test_instructions_of_an_output(core: str, most: float) -> None:
    tools.fitted_to()
    graph = verify(Graph((Input("input", (16, 28, 28)), MaxPool("y", "input", 2, 2)), 1))
    assert dict(bench(graph, core).nodes)["y"] < most * graph.output.size
