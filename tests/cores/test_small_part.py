"""A net of digits inside the smallest part: 16 KB of flash and 2 KB of RAM, the stack included."""

from __future__ import annotations

from dataclasses import replace

import pytest

import calibrate
from edgehfn import accuracy, lower, nn, plan, train
from edgehfn.backends import c
from edgehfn.backends.emulator import golden_checksum
from edgehfn.data.sets import images
from edgehfn.target import elf, execute
from edgehfn.target.board import KB, Region, board
from edgehfn.target.build import MODEL, build

pytestmark = pytest.mark.qemu

PART = board("rv32ec")


@pytest.mark.slow
def test_digits_in_two_kilobytes() -> None:
    """The linker is given the part's memories, and the self-test passes there; accuracy is far beyond chance."""
    digits = images("digits")
    net = nn.demo(digits.shape, digits.classes, width=8)
    train(net, digits, epochs=12, device="cpu")
    graph = lower(net, calibrate.calibrate(net, calibrate.batches(digits.x_train)).scales)
    assert accuracy(graph, digits) > 0.85
    planned = plan(graph, "flash", ram=1200)
    files = c.emit(graph, planned, MODEL, golden_checksum(graph))
    stack = (2 * KB - planned.size) // 8 * 8
    small = replace(
        PART,
        flash=Region(PART.flash.origin, 16 * KB),
        ram=Region(PART.ram.origin, 2 * KB),
        link=(*PART.link, f"-Wl,--defsym,STACK_SIZE={stack - 128}"),
    )
    program = build(files, small, "flash", main="selftest")
    sizes = elf.sections(program)
    assert sizes[".model"] + sizes[".code"] <= 16 * KB
    assert sizes[".arena"] == planned.size
    assert execute.started(program, small, 60).strip() == "PASS"
