"""Files of ``torch.save``: NumPy's numbers beside tensors are passed over, and no file runs anything."""

from __future__ import annotations

import builtins
import os
import pickle
import runpy
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from numpy.lib import format as npy

from edgehfn import load_checkpoint
from edgehfn.errors import InputError
from edgehfn.model import torchfile

SCALAR: Any = np.float64().__reduce__()[0]
RECONSTRUCT: Any = np.zeros(1).__reduce__()[0]


class Calls:
    """Pickles as a call, and sets a state behind it if one is given."""

    def __init__(self, function: Callable[..., Any], *arguments: Any, state: Any = None) -> None:
        self.made = (function, arguments) if state is None else (function, arguments, state)

    def __reduce__(self) -> Any:
        return self.made


def hostile(mark: Path) -> dict[str, object]:
    """What would leave a mark, or build what NumPy would take for a pointer."""
    script = mark.with_suffix(".py")
    script.write_text(f"open({str(mark)!r}, 'w')", encoding="utf-8")
    pickled = mark.with_suffix(".npy")
    with pickled.open("wb") as file:
        npy.write_array(file, np.array([Calls(os.system, f"touch {mark}")], object))
    writes = f"open({str(mark)!r}, 'w')"
    return {
        "system": Calls(os.system, f"touch {mark}"),
        "popen": Calls(subprocess.Popen, ["touch", str(mark)]),
        "eval": Calls(builtins.eval, writes),
        "exec": Calls(builtins.exec, writes),
        "open": Calls(builtins.open, str(mark), "w"),
        "getattr": Calls(builtins.getattr, Calls(__import__, "os"), "system"),
        "run_path": Calls(runpy.run_path, str(script)),
        "tofile": Calls(np.ndarray.tofile, np.ones(1), str(mark)),
        "load": Calls(np.load, str(pickled), None, True),
        "reconstruct": Calls(RECONSTRUCT, np.ndarray, (0,), b"b"),
        "unpickled": Calls(pickle.loads, pickle.dumps(Calls(os.system, f"touch {mark}"))),
        "in a number": Calls(SCALAR, Calls(os.system, f"touch {mark}"), b"12345678"),
        "in a type's state": Calls(np.dtype, "O", False, True, state=(Calls(builtins.eval, writes),)),
    }


NAMES = (
    *("system", "popen", "eval", "exec", "open", "getattr", "run_path", "tofile", "load", "reconstruct"),
    *("unpickled", "in a number", "in a type's state"),
)


@pytest.mark.parametrize("old", [False, True], ids=["zip", "old format"])
@pytest.mark.parametrize("name", NAMES)
def test_nothing_that_a_file_names_is_run(name: str, old: bool, tmp_path: Path) -> None:
    mark, path = tmp_path / "mark", tmp_path / "x.pth"
    content = {"state_dict": {}, "optimizer": hostile(mark)[name]}
    torch.save(content, path, _use_new_zipfile_serialization=not old)
    with pytest.raises(torchfile.Unreadable):
        torchfile.read(path, torchfile.NUMBERS)
    with pytest.raises(InputError, match="holds more than tensors"):
        load_checkpoint(path, "hfn-resnet50")
    assert not mark.exists()


def test_a_plain_pickle_is_refused(tmp_path: Path) -> None:
    mark, path = tmp_path / "mark", tmp_path / "x.pth"
    path.write_bytes(pickle.dumps(Calls(os.system, f"touch {mark}"), 2))
    with pytest.raises(torchfile.Unreadable):
        torchfile.read(path, torchfile.NUMBERS)
    assert not mark.exists()


def test_a_forged_type_makes_no_object_of_its_bytes(tmp_path: Path) -> None:
    """With flags that deny it, NumPy would take the bytes of an object's number for a pointer."""
    forged = Calls(np.dtype, "O", False, True, state=(3, "|", None, None, None, 8, 1, 0))
    torch.save({"lr": Calls(SCALAR, forged, b"\x41" * 8)}, tmp_path / "x.pth")
    assert repr(torchfile.read(tmp_path / "x.pth", torchfile.NUMBERS)["lr"]).startswith("<edgehfn.model.torchfile.")


@pytest.mark.parametrize("core", ["core", "_core"])
def test_numbers_of_every_numpy_are_passed_over(core: str, tmp_path: Path) -> None:
    path = tmp_path / "x.pth"
    numbers = [np.float64(0.1), np.float32(2), np.int64(3), np.bool_(True), np.complex64(1)]
    torch.save({"numbers": numbers, "w": torch.ones(2)}, path, _use_new_zipfile_serialization=False)
    written, other = path.read_bytes(), {"core": b"cnumpy._core.", "_core": b"cnumpy.core."}[core]
    path.write_bytes(written.replace(other, f"cnumpy.{core}.".encode()))
    assert f"cnumpy.{core}.multiarray\nscalar".encode() in path.read_bytes()
    read = torchfile.read(path, torchfile.NUMBERS)
    assert torch.equal(read["w"], torch.ones(2))
    assert len(read["numbers"]) == 5
    with pytest.raises(torchfile.Unreadable):
        torchfile.read(path)
