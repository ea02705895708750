"""Every command with everything that can be wrong: one line that names it, status 2, and no file touched or left."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
import numpy as np
import pytest
from support import bad_inputs
from support.bad_inputs import Sound
from support.commands import call, dataset
from support.modes import obeyed

# Words with which each command would run, by parameter: the one that is driven is replaced or added. A new command
# needs a line here.
SOUND: dict[str, dict[str, str]] = {
    "train": {"data": "digits", "arch": "tiny", "epochs": "1", "output": "out.hfn"},
    "calibrate": {"model": "MODEL", "data": "digits"},
    "run": {"model": "MODEL", "data": "digits", "limit": "2"},
    "predict": {"model": "MODEL", "files": "IMAGE.npy"},
    "verify": {"model": "MODEL", "data": "digits", "on": "emulator", "limit": "2"},
    "size": {"model": "MODEL"},
    "bench": {"arch": "tiny"},
    "boards": {},
    "compile": {"model": "MODEL", "output": "out"},
    "export": {"model": "MODEL", "tflite": "out.tflite"},
    "import": {"checkpoint": "CHECKPOINT", "arch": "hfn-resnet18", "output": "out.hfn"},
    "info": {"arch": "tiny"},
    "search": {"data": "digits", "flash": "16K", "trials": "1", "rung": "1", "epochs": "1", "output": "out"},
    "zoo list": {},
    "zoo get": {"name": "digits", "output": "out.hfn"},
    "demo": {"data": "digits", "arch": "tiny", "epochs": "1", "output": "out"},
    "compare": {"data": "digits", "budgets": "4K", "kinds": "supermask", "epochs": "1", "output": "out"},
}
FOLDERS = {"compile", "search", "demo", "compare"}  # whose --output is a folder, made where it is not there
ALONE = {
    "model": ("arch",),
    "arch": ("model",),
    "weights_file": ("arch",),
}  # what must be left out where the other is given
WITH: dict[str, dict[str, str]] = {  # what an option needs beside it
    "percentile": {"method": "percentile"},
    "crop_padding": {"augment": "flip+crop"},
    "freeze_over": {"frozen": "0.5"},
    "mean": {"std": "1,1,1"},
    "std": {"mean": "1,1,1"},
    "masks": {"fold": "2"},
    **{name: {"arch": "gin", "data": "motifs"} for name in ("dropout", "weight_decay", "max_graph", "pool", "layers")},
    "hidden": {"arch": "gin", "data": "motifs"},
    "residual_scale": {"arch": "gin", "data": "motifs"},
    "heads": {"arch": "gat", "data": "motifs"},
}
ALSO = {
    "coats": ("density",),
    "arch": ("preset",),
    "on": ("machine",),
    "ram": ("bytes",),
}  # what a complaint may name instead
TAKEN = {  # values that are bad elsewhere and good here
    ("zoo get", "output", "a folder"),
    *(("compile", "name", name) for name in ("bogus", "x" * 1000)),
    *((verb, "output", "in a missing folder") for verb in ("train", "zoo get")),
    *((verb, "output", "in a folder that is not UTF-8 and missing") for verb in ("train", "zoo get")),
    *(("export", "tflite", f"in a {what}") for what in ("missing folder", "folder that is not UTF-8 and missing")),
    ("import", "mean", "-1"),
    ("import", "std", "-1"),  # told behind the checkpoint
    *((verb, "residual_scale", "-1") for verb in ("train", "bench", "info", "size")),
    ("search", "storage", ""),
    ("import", "output", "in a read-only folder"),  # told before the checkpoint is read, but root is not asked
}

VERBS = bad_inputs.verbs()


def parameters(verb: str) -> list[click.Parameter]:
    return [one for one in VERBS[verb].params if not getattr(one, "is_flag", False)]


def driven(*kinds: str) -> list[Any]:
    """All parameters of all commands that have one of these names; without names, those of numbers and choices. Those
    of one command are quick, to stand for the others."""
    return [
        pytest.param(verb, str(one.name), marks=(pytest.mark.slow,) * (verb != "size"))
        for verb in VERBS
        for one in parameters(verb)
        if (one.name in kinds if kinds else bad_inputs.words(one) is not None)
    ]


def typed(verb: str, given: dict[str, str]) -> list[str]:
    """The words of a command with these parameters in place of the sound ones."""
    beside = next((WITH[name] for name in given if name in WITH), {})
    sound = {**SOUND[verb], **beside, **given}
    for name in (*beside, *given):
        for other in ALONE.get(name, ()):
            sound.pop(other, None)
    made = verb.split()
    for one in parameters(verb):
        if one.name in sound:
            value = sound[one.name]
            made += [f"{one.opts[-1]}={value}"] if isinstance(one, click.Option) else ["--", value]
    return made


def options_first(line: list[str]) -> list[str]:
    """Arguments behind all options, which ``--`` ends."""
    at = [i for i, word in enumerate(line) if word == "--"]
    arguments = [line[i + 1] for i in at]
    rest = [word for i, word in enumerate(line) if i not in at and i - 1 not in at]
    return [*rest, "--", *arguments] if at else rest


def refused(verb: str, place: Path, given: dict[str, str]) -> str:
    """The one line of a command that must fail and leave everything as it was."""
    before = bad_inputs.state(place)
    with obeyed():
        done = call(*options_first(typed(verb, given)))
    what = f"{verb} {given}: {done.output[-1000:]!r} {done.exception!r}"
    assert done.exit_code == 2, what
    assert done.stdout == "", what
    assert done.stderr.count("\n") == 1, what
    assert len(done.stderr.rstrip("\n").replace("\\udce9", "?")) <= 300, what  # a byte, where nothing escapes it
    assert done.stderr.startswith("edgehfn: error: "), what
    assert "Traceback" not in done.stderr, what
    assert bad_inputs.state(place) == before, what
    return done.stderr


@pytest.fixture
def place(tmp_path: Path, digits: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder of work, in which commands run; whole inputs are beside it."""
    folder = tmp_path / "work"
    folder.mkdir()
    for name in ("digits.hfn", "digits.cal.json"):
        (folder / name.replace("digits", "MODEL")).write_bytes(digits.with_name(name).read_bytes())
    (folder / "MODEL.hfn").rename(folder / "MODEL")
    np.save(folder / "IMAGE.npy", np.zeros((8, 8), np.uint8))
    monkeypatch.chdir(folder)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    yield folder
    for path in folder.rglob("*"):
        if path.is_dir() and not path.is_symlink():
            path.chmod(0o755)  # so that it can be taken away


@pytest.fixture(scope="module")
def sound(digits: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Sound]:
    """A whole file for each parameter that reads one."""
    folder = tmp_path_factory.mktemp("sound")
    calibration = {".cal.json": digits.with_suffix(".cal.json").read_bytes()}
    model = Sound(".hfn", digits.read_bytes(), calibration)
    data = Sound(".npz", dataset(folder / "x.npz").read_bytes(), {})
    state: Any = pytest.importorskip("torch")
    state.save({"state_dict": {"conv1.weight": state.zeros(3)}}, folder / "x.pth")
    checkpoint = Sound(".pth", (folder / "x.pth").read_bytes(), {})
    np.save(folder / "x.npy", np.zeros((8, 8), np.uint8))
    array = Sound(".npy", (folder / "x.npy").read_bytes(), {})
    models = {"model": model, "teacher": model, "checkpoint": checkpoint, "weights_file": checkpoint}
    return {"files": array, "data": data, **models}


def test_every_command_and_parameter_is_driven() -> None:
    assert set(SOUND) == set(VERBS)
    for verb in VERBS:
        for one in parameters(verb):
            bad_inputs.words(one)  # asserts that it has a role


@pytest.mark.parametrize(("verb", "name"), driven(*bad_inputs.READ, "data"))
def test_files_that_are_none(verb: str, name: str, place: Path, sound: dict[str, Sound]) -> None:
    others = sound["data" if name != "data" else "model"].content
    beside = {("info", "data"): {"arch": "tiny"}, ("bench", "data"): {"arch": "tiny"}, ("size", "data"): {"html": "x"}}
    given = beside.get((verb, name), {})
    if name == "weights_file":
        (place / "own.py").write_text("import torch\n\n\ndef net():\n    return torch.nn.Conv2d(1, 10, 8)\n")
        given = {"checkpoint": f"{place / 'own.py'}:net", "data": "digits"}
    for what, path in bad_inputs.files(sound[name], others, place).items():
        line = refused(verb, place, {**given, name: str(path)})
        if what != "too long":
            assert path.stem.replace("\udce9", "")[:3] in line, (what, line)


@pytest.mark.parametrize(("verb", "name"), driven(*bad_inputs.WRITTEN))
def test_places_that_cannot_be_written(verb: str, name: str, place: Path) -> None:
    ending = {"html": ".html", "tflite": ".tflite", "save": ".npz"}.get(name, "" if verb in FOLDERS else ".hfn")
    for what, make in bad_inputs.places(ending, verb in FOLDERS and name == "output").items():
        if (verb, name, what) not in TAKEN:
            folder = place / what
            folder.mkdir()
            path = make(folder)
            line = refused(verb, place, {name: str(path)})
            assert what == "a name too long" or str(folder) in line, line


@pytest.mark.parametrize(("verb", "name"), driven())
def test_numbers_and_words_that_are_none(verb: str, name: str, place: Path) -> None:
    (one,) = (one for one in parameters(verb) if one.name == name)
    for value in bad_inputs.words(one) or ():
        if (verb, name, value) not in TAKEN:
            line = refused(verb, place, {name: value})
            told = (*ALSO.get(name, ()), one.opts[-1].strip("-").split("-")[0], " ".join(value.split())[:20])
            assert any(part and part in line for part in (*told, repr(value))), line


def test_the_matrix_sees_what_is_wrong(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A command that succeeds, one that ends in a foreign error, and one that leaves a file all fail here."""
    with pytest.raises(AssertionError):
        refused("size", place, {})
    for spoil in (lambda **_: 1 / 0, lambda **_: (place / "left").touch()):
        monkeypatch.setattr(VERBS["size"], "callback", spoil)
        with pytest.raises(AssertionError):
            refused("size", place, {})
