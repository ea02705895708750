"""Probes that pyOCD serves, with a stand-in for pyOCD: nothing is plugged in where the tests run."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest
from support import nets
from support.commands import call

from edgehfn import zoo
from edgehfn.errors import InputError, ToolError
from edgehfn.evaluation.machines import parse
from edgehfn.target import execute, plugged
from edgehfn.target.board import board

# What pyOCD says and takes; behind it is a board of QEMU. Its options go to a file beside it.
STAND_IN = """
import pathlib, subprocess, sys
words = sys.argv[1:]
pathlib.Path(__file__).with_name("heard").write_text(" ".join(words))
port = words[words.index("--port") + 1]
command = [{qemu}, "-nographic", "-monitor", "none", "-serial", "none", "-S", "-gdb", "tcp:127.0.0.1:" + port]
server = subprocess.Popen(command, stdin=subprocess.DEVNULL)
import socket, time
for _ in range(100):
    try:
        socket.create_connection(("127.0.0.1", int(port)), 1).close()
        break
    except OSError:
        time.sleep(0.05)
print("0001213 I GDB server listening on port " + port + " (core 0) [gdbserver]", file=sys.stderr, flush=True)
import signal
signal.signal(signal.SIGTERM, lambda number, frame: (server.kill(), server.wait(), sys.exit(0)))
server.wait()
"""
THERE = board("cortex-m3")
NAME = f"pyocd?core=cortex-m3&ram={THERE.ram.origin:#x}:1M&chip=stm32f103rc&monitor=info+status"


def stand_in(monkeypatch: pytest.MonkeyPatch, place: Path, text: str) -> None:
    (place / "stand_in.py").write_text(text)
    monkeypatch.setattr(plugged, "MODULE", (sys.executable, str(place / "stand_in.py")))
    monkeypatch.setattr(plugged, "find_spec", lambda name: name)


@pytest.mark.qemu
def test_a_model_is_verified_and_counted_on_what_is_plugged_in(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    qemu = ", ".join(map(repr, (THERE.architecture.qemu, *THERE.machine)))
    stand_in(monkeypatch, tmp_path, STAND_IN.format(qemu=qemu))
    model = str(zoo.get("digits", tmp_path)[0])
    words = ("verify", model, "--data", "digits", "--limit", "2", "--on", f"emulator,{NAME}", "--json")
    done = call(*words)
    assert done.exit_code == 0, done.stderr
    said = json.loads(done.stdout)
    assert said["mismatches"] == 0
    served = said["machines"][1]
    assert served.startswith("gdb://127.0.0.1:")
    assert "chip" not in served
    heard = (tmp_path / "heard").read_text().split()
    assert heard[:3] == ["gdbserver", "--no-wait", "--persist"]
    assert heard[-2:] == ["--target", "stm32f103rc"]
    counted = call("bench", model, "--target", NAME, "--json")
    assert counted.exit_code == 0, counted.stderr
    assert json.loads(counted.stdout)["counter"] == "SysTick"
    with pytest.raises(ToolError, match="nobody answers"):  # it ended with the command
        execute.machine(served)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("print('No connected debug probes')", "pyocd: pyOCD serves no probe: No connected debug probes; `pyocd list`"),
        ("raise SystemExit(3)", "serves no probe: it says nothing"),
        ("print('waiting', flush=True)\nimport time\ntime.sleep(60)", "did not serve a probe within 1 s: waiting"),
    ],
)
def test_without_a_probe_there_is_one_line(
    text: str, message: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    stand_in(monkeypatch, tmp_path, text)
    monkeypatch.setattr(plugged, "STARTING", 1.0)
    with pytest.raises(ToolError, match=message) as failed, plugged.served(("pyocd",)):
        pass
    assert "\n" not in str(failed.value)


def test_pyocd_that_is_not_installed_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(plugged, "find_spec", lambda name: None)
    with pytest.raises(ToolError, match=r"not installed: pip install 'edgehfn\[probe\]'"), plugged.served(("pyocd",)):
        pass


def test_pyocd_itself_finds_nothing() -> None:
    pytest.importorskip("pyocd", reason="pip install 'edgehfn[probe]'")
    with pytest.raises(ToolError, match="serves no probe: No connected debug probes"), plugged.served(("pyocd",)):
        pytest.skip("a probe is plugged in")


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("pyocd?colour=red", "no option is called 'colour'"),
        ("pyocd?board", "bad query field"),
        ("pyocd?ram=much", "ram is 'much'"),
        ("pyocd?board=none-such", "no core or board is called 'none-such'"),
    ],
)
def test_what_is_asked_for_is_checked_first(name: str, message: str) -> None:
    with pytest.raises(InputError, match=message):
        parse(name)


def test_other_machines_stay() -> None:
    assert parse("host,pyocd") == ("host", "pyocd")
    with plugged.served(("host", "cortex-m4")) as names:
        assert names == ("host", "cortex-m4")


def test_in_python_the_server_is_started_first() -> None:
    """By ``plugged.served``; the name alone is no machine."""
    graph = nets.random_graph(4)
    with pytest.raises(InputError, match="no core or board is called 'pyocd'"):
        execute.run(graph, nets.random_input(graph, 1, 1), "pyocd")
