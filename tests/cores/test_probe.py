"""Boards behind GDB servers: the emulator's bytes, cycles and their source, and whatever can go wrong, in one line."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest
from support import gdb_servers, nets
from support.commands import call, complaint, result_of
from support.gdb_servers import Fake, Says

from edgehfn.backends.emulator.images import emulate
from edgehfn.errors import EdgeHFNError, InputError, ToolError
from edgehfn.target import address, execute
from edgehfn.target import count as instructions
from edgehfn.target.board import Board, board
from edgehfn.target.build import build
from edgehfn.target.probe import attached, probe
from edgehfn.target.remote import Remote

SMALL = nets.random_graph(4, macs=5_000, size=6, channels=10)  # with its program it fits 16 KB of RAM
FED = nets.folded_resnet(5, width=4, size=8)
RAW = nets.random_input(SMALL, 8, 3)
QUICK = ("microbit", "rv32imc")
BOARDS = ("cortex-m0", "cortex-m3", "cortex-m4", "cortex-m7", "cortex-m33", "cortex-m55", "rv32ec")
TICK = {
    "microbit": 62.5,
    "cortex-m33": 50.0,
    "cortex-m55": 31.25,
}  # ns, of which an instruction takes one; of others 40
QUERY = "?core=cortex-m4&ram=0x20000000:256K&timeout=0.5"


def at(server: str, there: Board, core: str | None = None) -> str:
    return f"{server}?core={core or there.core}&ram={there.ram.origin:#x}:{there.ram.size}"


@pytest.mark.qemu
@pytest.mark.parametrize("name", [*QUICK, *(pytest.param(name, marks=pytest.mark.slow) for name in BOARDS)])
def test_a_probe_computes_the_emulators_bytes_and_counts(name: str) -> None:
    there = board(name)
    expected: dict[str, np.ndarray] = {}
    traced: dict[str, np.ndarray] = {}
    outputs = emulate(SMALL, RAW, expected.__setitem__)
    with gdb_servers.qemu(there) as server:
        machine = at(server, there)
        assert (execute.run(SMALL, RAW, machine) == outputs).all()
        assert (execute.run(SMALL, RAW, machine, traced.__setitem__) == outputs).all()
        assert execute.selftest(SMALL, machine)
        found = instructions.bench(SMALL, machine)
    assert {node: values.tobytes() for node, values in traced.items()} == {
        node: values.tobytes() for node, values in expected.items()
    }
    known = instructions.bench(SMALL, name)
    riscv = there.architecture.name == "riscv"
    assert found.counter == ("mcycle" if riscv else "SysTick")  # QEMU has no CYCCNT
    tick = 1.0 if riscv else TICK.get(name, 40.0)
    for (node, counted), (_, exact) in zip(found.nodes, known.nodes, strict=True):
        assert abs(tick * counted - exact) <= tick + 16, node  # of the marker itself, and a tick that has begun


@pytest.mark.qemu
def test_images_that_are_fed_come_by_rows() -> None:
    raw, there = nets.random_input(FED, 8, 3), board("rv32imc")
    with gdb_servers.qemu(there) as server:
        found = execute.run(FED, raw, at(server, there), rows=True)
        counted = instructions.bench(FED, at(server, there), rows=True).total
    assert (found == emulate(FED, raw)).all()
    assert counted == pytest.approx(instructions.bench(FED, "rv32imc", rows=True).total, rel=0.05)


@pytest.mark.qemu
def test_the_server_tells_the_core() -> None:
    for name, told in (("cortex-m3", "cortex-m3"), ("cortex-m55", "cortex-m55"), ("rv32ec", "rv32ec")):
        there = board(name)
        with gdb_servers.qemu(there) as server:
            assert probe(f"{server}?ram={there.ram.origin:#x}:1M").core == told
    with gdb_servers.qemu(board("rv32imc")) as server:
        assert probe(f"{server}?ram=0x80000000:1M").core == "rv32imc"
        with pytest.raises(InputError, match=r"where RAM is; give it: \?ram="):
            probe(server)
        with pytest.raises(InputError, match="core is RISC-V, no cortex-m4"):
            probe(f"{server}{QUERY}")


@pytest.mark.qemu
def test_a_board_of_a_lesser_core_is_refused() -> None:
    there = board("cortex-m3")
    with gdb_servers.qemu(there) as server, pytest.raises(InputError, match="is a cortex-m3, which does not run"):
        execute.run(SMALL, RAW, at(server, there, "cortex-m4"))


@pytest.mark.qemu
def test_what_is_too_large_for_ram_is_flashed_by_the_user_and_compared() -> None:
    there = board("cortex-m3")
    with (
        gdb_servers.qemu(there) as server,
        pytest.raises(ToolError, match=r"bytes of ram, the board has 8,192;.*flash="),
    ):
        execute.run(SMALL, RAW, f"{server}?core=cortex-m3&ram=0x20000000:8K")
    query = "?core=cortex-m3&ram=0x20000000:16K&flash=0x0:1M"
    with gdb_servers.qemu(there) as server, pytest.raises(ToolError, match=r"flash this .*: /") as failed:
        execute.run(SMALL, RAW, f"{server}{query}")
    program = str(failed.value).rpartition(": ")[2]
    assert Path(program).is_file()
    with gdb_servers.qemu(there, "-kernel", program) as server:
        # The path of a program does not depend on the server's port.
        assert (execute.run(SMALL, RAW, f"{server}{query}") == emulate(SMALL, RAW)).all()


@pytest.mark.qemu
def test_a_fault_of_the_program_is_told() -> None:
    there = board("cortex-m3")
    with gdb_servers.qemu(there) as server:
        files = execute.emitted(SMALL)
        files["model.c"] = files["model.c"].replace(
            "model_run(uint32_t *arena) {", 'model_run(uint32_t *arena) { __asm__ volatile("udf");', 1
        )
        assert "udf" in files["model.c"]
        machine = execute.machine(at(server, there))
        program = build(files, machine)
        with pytest.raises(ToolError, match=r"status 4.*fault at pc"):
            execute.execute(program, machine, RAW, SMALL.output.size)


@pytest.mark.parametrize(
    ("says", "message"),
    [
        ({"qSupported": None}, r"no answer to 'qSupported.*' within 0.5 s"),
        ({"qSupported": b"HTTP/1.1 400 Bad Request\r\n"}, "this is no GDB server: it says 'H'"),
        ({"qSupported": b"$abc#00" * 9}, "what arrives is damaged"),
        ({"qSupported": b"-" * 9}, "what arrives is damaged"),
        ({"qSupported": b"$" + b"a" * (1 << 21)}, "has no end"),
        ({"qSupported": "PacketSize=many"}, "'many' is no number of bytes"),
        ({"qSupported": []}, r"the connection broke \(closed\)"),
        ({"?": []}, r"the connection broke"),
        ({"?": "W00"}, "cannot be extended"),
        ({"qXfer": "l<target"}, "is no XML"),
        ({"qXfer": "l<target><architecture>i386:x86-64</architecture></target>"}, "its core is i386:x86-64, neither"),
        (
            {"qXfer": "l<target><architecture>arm</architecture><feature name='org.gnu.gdb.arm.core'/></target>"},
            "no Cor",
        ),
        ({"qXfer": "l<target><architecture>riscv:rv32</architecture></target>"}, "core is RISC-V, no cortex-m4"),
        ({"me000ed00": "00c20c41"}, "core is a cortex-m0, which does not run what cortex-m4 does"),
        ({"me000ed00": "E01"}, "cannot read memory at 0xe000ed00: 'E01'"),
        ({"me000ed00": ""}, "it does not know the request"),
    ],
)
def test_what_a_server_says_wrong_is_one_line(says: Says, message: str) -> None:
    with Fake(says) as server, pytest.raises(EdgeHFNError, match=message) as failed:
        probe(server.address + QUERY)
    assert len(str(failed.value)) <= 284


@pytest.mark.qemu
@pytest.mark.parametrize(
    ("says", "message"),
    [
        ({"M": "E0e"}, "cannot write memory at 0x20000000: 'E0e'"),
        ({"M": []}, "the connection broke"),
        ({"Z0": ""}, "cannot set a breakpoint: it does not know the request"),
        ({"Z0": b"\0\xff\x80"}, "this is no GDB server"),
        ({"P": "E01"}, "cannot write register 15"),
        ({"c": []}, "the connection broke"),
        ({"c": "X0b"}, "the core is lost: 'X0b'"),
        ({"c": "W00"}, "the core is lost"),
        ({}, "the core stopped at pc 0x12345678, not where it should"),
    ],
)
def test_a_run_that_goes_wrong_is_one_line(says: Says, message: str) -> None:
    with Fake(says) as server, pytest.raises(ToolError, match=message):
        execute.run(SMALL, RAW, server.address + QUERY)


@pytest.mark.qemu
def test_memory_that_is_no_ram_is_found() -> None:
    with (
        Fake(ram=range(0x2000_0000, 0x2000_1000)) as server,
        pytest.raises(InputError, match="does not keep what is w"),
    ):
        execute.run(SMALL, RAW, server.address + QUERY)


@pytest.mark.qemu
def test_a_program_that_hangs_is_stopped() -> None:
    there, ram = board("cortex-m3"), 0x2000_0000
    with gdb_servers.qemu(there) as server, attached(address.parse(server)) as remote:
        remote.document("features", "target.xml")
        remote.write(ram, (0xE7FE).to_bytes(2, "little"))  # a jump to itself
        remote.set_register(15, ram)
        remote.set_register(25, 1 << 24)
        with pytest.raises(ToolError, match=r"did not end within 0 s and was stopped at pc 0x20000000"):
            remote.go(0.3, lambda: f"at pc {remote.register(15):#x}")


def test_a_server_that_does_not_stop_the_core_is_told() -> None:
    with (
        Fake({"c": None}) as server,
        Remote("127.0.0.1", address.parse(server.address).port, 0.3) as remote,
        pytest.raises(ToolError, match="no answer to 'an interrupt'"),
    ):
        remote.go(0.2, lambda: "at pc 0")


def test_the_servers_commands_come_first() -> None:
    with Fake() as server:
        probe(f"{server.address}{QUERY}&monitor=reset+halt&monitor=x")
    assert [h for h in server.heard if h.startswith("qRcmd")] == [
        f"qRcmd,{word.encode().hex()}" for word in ("reset halt", "x")
    ]
    with Fake({"qRcmd": "E01"}) as server, pytest.raises(ToolError, match="does not take 'reset halt'"):
        probe(f"{server.address}{QUERY}&monitor=reset+halt")


def test_a_board_by_name_tells_core_and_ram() -> None:
    with Fake({"me000ed00": "00c60c41"}) as server:
        found = probe(f"{server.address}?board=pico")
        assert (found.core, found.ram.origin, found.ram.size) == ("cortex-m0plus", 0x20000000, 264 * 1024)
        assert probe(f"{server.address}?board=pico&ram=0x20040000:8K").ram.size == 8 * 1024


def test_the_servers_map_tells_ram() -> None:
    regions = (("ram", 0, 0x8000000), ("ram", 0x20000000, 0x8000), ("ram", 0x20010000, 0x4000), ("flash", 0x8000000, 4))
    inner = "".join(f'<memory type="{kind}" start="{at:#x}" length="{size:#x}"/>' for kind, at, size in regions)
    says: Says = {
        "qSupported": "PacketSize=1000;qXfer:memory-map:read+;qXfer:features:read+",
        "qXfer:memory-map": f"l<memory-map>{inner}</memory-map>",
    }
    with Fake(says) as server:
        found = probe(server.address)
    assert (found.core, found.ram.origin, found.ram.size, found.in_ram) == ("cortex-m4", 0x20000000, 0x8000, True)


def test_replies_are_read_as_gdb_writes_them() -> None:
    says: Says = {
        "mc,": b"+%Stop:T05#00"
        + gdb_servers.framed("O414243")
        + gdb_servers.framed("0* 12"),  # a notice, output, and a run of four 0
        "md,": [b"-", b"+$01#00", b"+" + gdb_servers.framed("01")],  # damaged on the way there, then on the way back
    }
    with Fake(says) as server, Remote("127.0.0.1", address.parse(server.address).port, 2) as remote:
        assert remote.read(0xC, 3) == bytes([0, 0, 0x12])
        assert remote.read(0xD, 1) == b"\1"
        remote.write(0x100, bytes(range(256)) * 20)
        assert remote.read(0x100, 5120) == bytes(range(256)) * 20
    assert max(map(len, server.heard)) < 0x400


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ("", "no host and port"),
        ("localhost", "no host and port"),
        ("localhost:99999", "a probe is gdb://"),
        ("localhost:x", "a probe is gdb://"),
        ("localhost:1/path", "no host and port"),
        ("localhost:1?speed=4", "no option is called 'speed'; there are board, core, ram"),
        ("localhost:1?board=picot", "no core or board is called 'picot'"),
        ("localhost:1?core", "a probe is gdb://"),
        ("localhost:1?ram=64K", "an address and bytes such as"),
        ("localhost:1?ram=0x20000001:64K", "multiple of 128"),
        ("localhost:1?ram=0xFFFFFF80:64K", "within 32 bits"),
        ("localhost:1?ram=0x20000000:0", "within 32 bits"),
        ("localhost:1?timeout=nan", "not a number of seconds"),
        ("localhost:1?timeout=x", "not a number of seconds"),
    ],
)
def test_addresses_that_are_none(query: str, message: str) -> None:
    with pytest.raises(InputError, match=re.escape(message)):
        address.parse(f"gdb://{query}")


@pytest.mark.slow
@pytest.mark.qemu
def test_commands_take_a_probe() -> None:
    model, there = Path("edgehfn/zoo/digits.hfn"), board("cortex-m4")
    nobody = f"gdb://127.0.0.1:{gdb_servers.free_port()}"
    for words in (("run", model, "--data", "digits"), ("verify", model, "--data", "digits"), ("bench", model)):
        option = "--target" if words[0] == "bench" else "--on"
        line = complaint(*words, option, nobody)
        assert "nobody answers" in line
        assert "start the GDB server" in line
        assert "no core or board is called 'cortex-m9'" in complaint(*words, option, f"{nobody}?core=cortex-m9")
    with gdb_servers.qemu(there) as server:
        machine = at(server, there)
        found = result_of("verify", model, "--data", "digits", "--on", f"host,{machine}", "--limit", 3)
        assert found["mismatches"] == 0
        assert found["each"][machine]["inputs"] == 3
        assert result_of("run", model, "--data", "digits", "--on", machine, "--limit", 3)["machine"] == machine
        counted = result_of("bench", model, "--target", machine)
        assert counted["counter"] == "SysTick"
        assert counted["cycles"] == sum(node["cycles"] for node in counted["nodes"])
        assert "cycles of SysTick" in call("bench", model, "--target", machine).stdout
