"""Everyday slips at the Python interface: what has one meaning works, all else is refused in one line of ours."""

from __future__ import annotations

import contextlib
import io
import json
import os
import struct
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from click.testing import CliRunner
from support.gnn_sets import random
from support.toys import bits, small, toy

import calibrate
import edgehfn as hfn
from edgehfn.cli import cli
from edgehfn.errors import EdgeHFNError, GraphError, InputError, one_line
from edgehfn.training import checkpoint
from edgehfn.training.gnn import train_graph
from edgehfn.training.images import evaluate, train
from edgehfn.training.loop import Diverged

NET, TOY = small().eval(), toy()
X, Y = TOY.x_test, TOY.y_test
SCALES = calibrate.calibrate(NET, calibrate.batches(TOY.x_train)).scales
GRAPH = hfn.lower(NET, SCALES)
FOREIGN = torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(64, 3))


def views(x: np.ndarray) -> list[Any]:
    """The same bytes in other orders of memory, and as other kinds of arrays."""
    flipped = np.ascontiguousarray(x[:, :, ::-1])[:, :, ::-1]
    wide = np.repeat(x, 2, axis=3)[..., ::2]
    fortran, frozen = np.asfortranarray(x), x.copy()
    frozen.flags.writeable = False
    return [flipped, wide, fortran, frozen, x[::-1].copy()[::-1]]


@pytest.mark.filterwarnings("ignore:The given NumPy array is not writable")
def test_any_order_of_memory_works() -> None:
    usual, outputs = evaluate(NET, X, Y), hfn.run(GRAPH, X)
    for x in views(X):
        assert evaluate(NET, x, Y) == usual
        assert calibrate.calibrate(NET, [x]).scales == calibrate.calibrate(NET, [X]).scales
        for machine in ("emulator", "pytorch"):
            assert (hfn.run(GRAPH, x, on=machine) == outputs).all()
        assert (hfn.emulate(GRAPH, x) == outputs).all()
        assert hfn.verify(GRAPH, x[:9], on=("pytorch",)).mismatches == 0
    assert evaluate(NET, X, Y.tolist()) == evaluate(NET, X, Y.astype(np.uint8)) == usual


@pytest.mark.parametrize("scale", [float("nan"), 0.0, -1.0, float("inf"), 1e-310, 1e308, 10**400, "1", None, 1j])
@pytest.mark.parametrize("tensor", ["stem", "mean", "input"])
def test_scales_that_no_calibration_gives_are_refused(scale: Any, tensor: str) -> None:
    with pytest.raises(GraphError, match=f"tensor {tensor}: its scale is .*calibrate the model again"):
        hfn.lower(NET, {**SCALES, tensor: scale})


@pytest.mark.parametrize("scale", [2.0**-100, 1e-20, 1e20, 2.0**100])
def test_scales_at_the_ends_lower_or_are_refused(scale: float) -> None:
    for tensor in SCALES:
        with contextlib.suppress(GraphError):
            assert len(hfn.lower(NET, {**SCALES, tensor: scale}).tensors) == len(GRAPH.tensors)


@pytest.mark.parametrize("text", ["1e-320", "1e308", "NaN", "-Infinity", "1" + "0" * 400, "0", "true", '"1"', "[]"])
def test_a_calibration_file_with_an_odd_scale_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "a.cal.json"
    calibrate.calibrate(NET, [X]).save(path)
    content = json.loads(path.read_text())
    content["tensors"]["mean"]["scale"] = "@"
    path.write_text(json.dumps(content).replace('"@"', text))
    with pytest.raises(InputError, match="damaged at scale"):
        calibrate.load(path)


SLIPS: dict[str, Callable[[], Any]] = {
    "an array for batches": lambda: calibrate.calibrate(NET, X),
    "a tensor for batches": lambda: calibrate.calibrate(NET, torch.from_numpy(X)),
    "a number for batches": lambda: calibrate.calibrate(NET, 3),  # type: ignore[arg-type]
    "single images": lambda: calibrate.calibrate(NET, [X[0]]),
    "floats": lambda: calibrate.calibrate(NET, [X.astype(np.float32)]),
    "other shape": lambda: calibrate.calibrate(NET, [np.zeros((2, 3, 9, 9), np.uint8)]),
    "text": lambda: calibrate.calibrate(NET, ["x"]),  # type: ignore[list-item]
    "no batches": lambda: calibrate.calibrate(NET, []),
    "method": lambda: calibrate.calibrate(NET, [X], "max"),  # type: ignore[arg-type]
    "batches of a flat array": lambda: calibrate.batches(X[:, 0]),
    "batches of none": lambda: calibrate.batches(X, 0),
    "calibrate another module": lambda: calibrate.calibrate(FOREIGN, [X]),  # type: ignore[arg-type]
    "lower another module": lambda: hfn.lower(FOREIGN, SCALES),  # type: ignore[arg-type]
    "lower with a calibration": lambda: hfn.lower(NET, calibrate.calibrate(NET, [X])),  # type: ignore[arg-type]
    "train another module": lambda: train(FOREIGN, TOY, epochs=1),  # type: ignore[arg-type]
    "save another module": lambda: hfn.save(FOREIGN, "/nowhere/a.hfn"),  # type: ignore[arg-type]
    "save odd notes": lambda: hfn.save(NET, "/nowhere/a.hfn", {"x": object()}),
    "evaluate another module": lambda: evaluate(FOREIGN, X, Y),  # type: ignore[arg-type]
    "evaluate fewer labels": lambda: evaluate(NET, X, Y[:-1]),
    "evaluate no images": lambda: evaluate(NET, X[:0], Y[:0]),
    "evaluate one-hot": lambda: evaluate(NET, X, np.eye(3)[Y]),  # type: ignore[arg-type]
    "train on arrays": lambda: train(small(), (X, Y), epochs=1),  # type: ignore[arg-type]
    "train on graphs": lambda: train(small(), random(), epochs=1),  # type: ignore[arg-type]
    "train half an epoch": lambda: train(small(), TOY, epochs=0.5),  # type: ignore[arg-type]
    "train with text": lambda: train(small(), TOY, epochs=1, lr="0.1"),  # type: ignore[arg-type]
    "train with a wrong seed": lambda: train(small(), TOY, epochs=1, seed=-1),
    "train graphs on images": lambda: train_graph(small(), TOY),  # type: ignore[arg-type]
    "run a float net": lambda: hfn.run(NET, X),  # type: ignore[arg-type]
    "run one image": lambda: hfn.run(GRAPH, X[0]),
    "run ragged lists": lambda: hfn.run(GRAPH, [[1], [2, 3]]),  # type: ignore[arg-type]
    "run floats": lambda: hfn.emulate(GRAPH, X / 255),  # type: ignore[arg-type]
    "measure arrays": lambda: hfn.accuracy(GRAPH, (X, Y)),  # type: ignore[arg-type]
    "measure nothing": lambda: hfn.accuracy(GRAPH, TOY, limit=0),
    "no y_train": lambda: hfn.data.from_arrays("a", {"x_train": X}),
    "no mapping": lambda: hfn.data.from_arrays("a", [X, Y]),  # type: ignore[arg-type]
    "load a number": lambda: hfn.data.load(3),  # type: ignore[arg-type]
    "load a path with a zero": lambda: hfn.data.load("a\0b"),
    "load a long name": lambda: hfn.data.load("a" * 100_000),
    "load a long path": lambda: hfn.data.load("/" + "a" * 100_000 + ".npz"),
    "a side for a shape": lambda: hfn.nn.preset("tiny", 28),  # type: ignore[arg-type]
    "halves in a shape": lambda: hfn.nn.preset("tiny", (1, 8.5, 8)),  # type: ignore[arg-type]
    "an unknown preset": lambda: hfn.nn.preset("p" * 2500),
    "call with graphs": lambda: NET(random()),
}


@pytest.mark.parametrize("slip", SLIPS, ids=str)
def test_a_slip_gets_one_line_of_ours(slip: str) -> None:
    with pytest.raises(EdgeHFNError) as error:
        SLIPS[slip]()
    assert 10 < len(str(error.value)) <= 300
    assert "\n" not in str(error.value)


def test_lists_and_numpy_numbers_work() -> None:
    lists = {f"x_{part}": x[:60, 0] for part, x in (("train", TOY.x_train), ("test", X))}
    made = hfn.data.from_arrays("a", {**lists, "y_train": TOY.y_train[:60].tolist(), "y_test": Y[:60].tolist()})
    train(small(), made, epochs=np.int64(1), batch=np.int32(20), lr=np.float32(0.1), device="cpu")  # type: ignore[arg-type]
    assert hfn.nn.preset("tiny", tuple(np.array([1, 8, 8])), 3).input.shape == (1, 8, 8)


@pytest.mark.parametrize("text", ["x" * 2500, "y" * 100_000, "a\nb\n" * 400, "ß" * 301])
def test_messages_are_cut_and_keep_their_ends(text: str) -> None:
    line = one_line(f"file.npz: {text}; give another")
    assert len(line) + len("edgehfn: error: ") <= 300
    assert (line.startswith("file.npz: "), line.endswith("; give another")) == (True, True)
    done = CliRunner().invoke(cli, ["train", "--data", f"/nowhere/{text}.npz", "--arch", "tiny", "-o", "a.hfn"])
    assert done.exit_code == 2
    assert len(done.stderr.rstrip("\n")) <= 300
    assert done.stderr.count("\n") == 1


def idx(content: bytes, *sizes: int) -> bytes:
    return b"\0\0\x08" + bytes([len(sizes)]) + b"".join(struct.pack(">I", size) for size in sizes) + content


@pytest.mark.parametrize(
    "content",
    [
        idx(b"x", *[1] * 70),
        idx(b"x", *[1] * 32),
        idx(b"", 0, 2**32 - 1, 2**32 - 1),
        idx(b"", *[2**32 - 1] * 3),
        idx(b"", *[2**32 - 1] * 255),
        idx(b"abc", 3),
        idx(b"", 0, 0, 0),
        b"\0\0\x08\x03\0\0",
        b"\0\0\x08",
    ],
)
def test_idx_headers_that_lie_are_refused(tmp_path: Path, content: bytes) -> None:
    for stem, count in (("train", 6), ("t10k", 3)):
        (tmp_path / f"{stem}-images-idx3-ubyte").write_bytes(idx(bytes(count * 16), count, 4, 4))
        (tmp_path / f"{stem}-labels-idx1-ubyte").write_bytes(idx(bytes(range(count)), count))
    (tmp_path / "train-images-idx3-ubyte").write_bytes(content)
    with pytest.raises(InputError, match=r"train-images-idx3-ubyte: .*; fetch"):
        hfn.data.load(tmp_path)


@pytest.mark.parametrize(("lr", "epochs", "batch"), [(1e38, 1, 500), (1e30, 1, 250), (1e25, 2, 500), (3e38, 1, 100)])
def test_a_net_that_left_the_finite_range_is_not_given_out(tmp_path: Path, lr: float, epochs: int, batch: int) -> None:
    path = tmp_path / "a.ckpt"
    with pytest.raises(InputError, match="lower lr"):
        train(small(), TOY, epochs=epochs, batch=batch, lr=lr, device="cpu", precision="fp32", checkpoint=path)


@pytest.mark.parametrize("name", ["trained", "running_var", "scores"])
def test_what_the_last_step_made_infinite_is_seen(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, name: str) -> None:
    """No loss has seen what the last step of all does; a mask would not show scores that are not finite."""
    net, stop = small(), 10
    usual, path = torch.optim.SGD.step, tmp_path / "a.ckpt"
    taken = 0

    def step(self: torch.optim.SGD) -> None:
        nonlocal taken
        usual(self)
        taken += 1
        if taken == stop:
            next(value for key, value in net.state_dict().items() if name in key).fill_(float("inf"))

    monkeypatch.setattr(torch.optim.SGD, "step", step)
    with pytest.raises(Diverged, match=f"{name} is not finite; use a lower lr"):
        train(net, TOY, epochs=1, batch=50, device="cpu", precision="fp32", checkpoint=path)
    assert not path.exists()


def test_the_default_type_of_torch_changes_no_bit() -> None:
    def learned() -> bytes:
        net = small()
        train(net, TOY, epochs=1, batch=50, device="cpu", precision="fp32")
        calibrate.calibrate(net, [X])
        return bits(net)

    usual = learned()
    torch.set_default_dtype(torch.float64)
    try:
        assert learned() == usual
    finally:
        torch.set_default_dtype(torch.float32)


def test_a_damaged_checkpoint_is_refused_or_whole(tmp_path: Path) -> None:
    """One bit flipped, all over the file: it is refused, or it lies where nothing is read."""
    path = tmp_path / "a.ckpt"
    state = {"net": {"a": torch.arange(40.0), "b": torch.ones(3, 4)}, "step": 3, "epochs": [(0.5, 1.0)]}
    checkpoint.save(path, {"lr": 0.5}, state)
    whole = path.read_bytes()
    with zipfile.ZipFile(path) as file:
        member = max(file.infolist(), key=lambda info: info.file_size if "/data/" in info.filename else 0)
        at = whole.find(file.read(member))
    refused = 0
    for place in (*range(at, at + 160, 7), *range(0, len(whole), len(whole) // 150)):
        broken = bytearray(whole)
        broken[place] ^= 0x40
        path.write_bytes(broken)
        try:
            found = checkpoint.load(path, {"lr": 0.5})
        except InputError:
            refused += 1
            continue
        assert found is not None
        assert torch.equal(found["net"]["a"], state["net"]["a"])  # type: ignore[index]
        assert found["step"] == 3
        assert not at <= place < at + 160
    assert refused > 40


def test_checkpoints_of_the_first_format_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.ckpt"
    torch.save({"format": "edgehfn-checkpoint 1", "settings": {"lr": 0.5}, "state": {"step": 3}}, path)
    with pytest.raises(InputError, match="not a checkpoint of this version"):
        checkpoint.load(path, {"lr": 0.5})


class Evil:
    def __init__(self, mark: str) -> None:
        self.mark = mark

    def __reduce__(self) -> tuple[Any, ...]:
        return os.mkdir, (self.mark,)


@pytest.mark.parametrize("old", [False, True])
def test_numbers_of_numpy_are_read_and_nothing_is_run(tmp_path: Path, old: bool) -> None:
    path = tmp_path / "a.pth"
    torch.save({"best": np.float64(3.5), "epoch": np.int64(2), "flag": np.bool_(True), "state_dict": {}}, path)
    if old:  # as NumPy 1 names them
        with zipfile.ZipFile(path) as file:
            members = {info.filename: file.read(info) for info in file.infolist()}
        written = io.BytesIO()
        with zipfile.ZipFile(written, "w") as file:
            for name, content in members.items():
                file.writestr(name, content.replace(b"numpy._core.multiarray", b"numpy.core.multiarray"))
        path.write_bytes(written.getvalue())
    with pytest.raises(InputError, match="has no conv1"):  # it was read, and holds no tensors
        hfn.load_checkpoint(path, "hfn-resnet50")
    for odd in ({"state_dict": {}, "x": Evil(str(tmp_path / "run"))}, Evil(str(tmp_path / "run"))):
        torch.save(odd, path)
        with pytest.raises(InputError, match="not a checkpoint, or it holds more than tensors"):
            hfn.load_checkpoint(path, "hfn-resnet50")
    assert not (tmp_path / "run").exists()
