"""Convolutions in training where oneDNN writes out of bounds, as if there were no fault."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

NARROW = """
import sys, torch
from edgehfn import nn

torch.set_num_threads(int(sys.argv[1]))
for kind in (torch.float32, torch.bfloat16):
    for channels, out, side in ((4, 8, 16), (6, 12, 8), (7, 16, 32), (12, 24, 64), (15, 16, 64)):
        layer = nn.QuantisedConv2d(channels, out, 1, 2)
        x = torch.randn(5, channels, side, side).to(kind).to(memory_format=torch.channels_last).requires_grad_()
        g = torch.randn(5, out, side // 2, side // 2).to(memory_format=torch.channels_last)
        with torch.autocast("cpu", torch.bfloat16, enabled=kind == torch.bfloat16):
            y = layer(x)
        y.backward(g.to(y.dtype))
        read = x.detach()[:, :, ::2, ::2]
        for ours, plain in (
            (y, torch.einsum("nchw,oc->nohw", read.double(), layer.weight()[:, :, 0, 0].double())),
            (layer.trained.grad[:, :, 0, 0], torch.einsum("nohw,nchw->oc", g.double(), read.double())),
            (x.grad[:, :, ::2, ::2], torch.einsum("nohw,oc->nchw", g.double(), layer.weight()[:, :, 0, 0].double())),
        ):
            assert (ours - plain).abs().max() <= plain.abs().max() * (1e-5 if kind == torch.float32 else 0.03)
        assert x.grad.count_nonzero() <= read.numel()
"""


@pytest.mark.slow
@pytest.mark.parametrize("isa", ["AVX2", "DEFAULT"])
@pytest.mark.parametrize("threads", ["1", "2"])
def test_a_narrow_strided_1x1_convolution_is_trained(isa: str, threads: str) -> None:
    """Where oneDNN writes out of bounds (edgehfn.nn.convolve): in a process of its own, which that ends."""
    done = subprocess.run(
        [sys.executable, "-c", NARROW, threads],
        env=os.environ | {"ONEDNN_MAX_CPU_ISA": isa},
        stderr=subprocess.PIPE,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
