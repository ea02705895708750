"""What a user installs: the wheel, the public names, the make targets and the set-up script."""

from __future__ import annotations

import importlib.metadata
import os
import pickle
import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import click
import numpy as np
import pytest

import edgehfn
from edgehfn import data, nn
from edgehfn.model import modelfile

ROOT = Path(__file__).resolve().parents[2]


def python(code: str, **environment: str) -> str:
    """What a fresh interpreter prints, started outside the source tree."""
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=environment.pop("cwd", "/"),
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


# The wheel.


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    into = tmp_path_factory.mktemp("wheel")
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(into)],
        cwd=ROOT,
        check=True,
        stdout=subprocess.DEVNULL,
    )
    (built,) = into.glob("*.whl")
    return built


@pytest.fixture(scope="module")
def site(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel as an installer leaves it."""
    into = tmp_path_factory.mktemp("site")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(into)
    return into


@pytest.mark.slow
def test_the_wheel_holds_both_packages_and_the_runtime(wheel: Path) -> None:
    names = set(zipfile.ZipFile(wheel).namelist())
    for path in (path for part in ("firmware", "edgehfn", "calibrate") for path in (ROOT / part).rglob("*")):
        if path.is_file() and path.suffix in (
            ".py",
            ".csv",
            ".toml",
            ".c",
            ".h",
            ".S",
            ".ld",
            ".typed",
            ".hfn",
            ".json",
        ):
            name = str(path.relative_to(ROOT))
            assert (f"edgehfn/{name}" if name.startswith("firmware/") else name) in names
    assert {"edgehfn/firmware/include/edgehfn.h", "edgehfn/py.typed", "calibrate/py.typed"} <= names
    assert not [name for name in names if not re.match(r"(edgehfn|calibrate|edgehfn-[\d.]+\.dist-info)/", name)]
    assert not [name for name in names if name.endswith((".pyc", ".so", ".o", ".tmp"))]


@pytest.mark.slow
def test_the_wheel_names_its_command_version_and_licence(site: Path) -> None:
    (info,) = site.glob("*.dist-info")
    assert "edgehfn = edgehfn.__main__:main" in (info / "entry_points.txt").read_text()
    metadata = (info / "METADATA").read_text()
    assert f"Version: {edgehfn.__version__}\n" in metadata
    assert "Requires-Python: >=3.11" in metadata
    assert (info / "licenses" / "LICENSE").read_text() == (ROOT / "LICENSE").read_text()


@pytest.mark.slow
def test_an_installed_wheel_compiles_outside_the_tree(site: Path, tmp_path: Path) -> None:
    import numpy as np

    import calibrate

    model = tmp_path / "kws.hfn"
    net = nn.preset("tiny", (1, 8, 8), 10).eval()
    modelfile.save(net, model)
    images = np.random.default_rng(0).integers(0, 256, (8, 1, 8, 8), np.uint8)
    calibrate.calibrate(modelfile.load(model), [images], model=modelfile.digest(model)).save(tmp_path / "kws.cal.json")
    code = (
        "import sys, edgehfn, edgehfn.__main__ as m; from edgehfn.backends.c import firmware; "
        "print(edgehfn.__file__, firmware.directory()); "
        "sys.argv[1:] = ['compile', 'kws.hfn', '-o', 'c']; m.main()"
    )
    said = python(code, PYTHONPATH=str(site), cwd=str(tmp_path)).splitlines()
    assert said[0] == f"{site}/edgehfn/__init__.py {site}/edgehfn/firmware"
    if shutil.which("gcc"):
        sources = [str(path) for path in (tmp_path / "c").rglob("*.c")]
        flags = ["-std=c99", "-Wall", "-Wextra", "-Wpedantic", "-Wconversion", "-Werror", f"-I{tmp_path}/c/edgehfn"]
        subprocess.run(["gcc", *flags, "-c", *sources], cwd=tmp_path, check=True)


def test_the_version_is_one() -> None:
    assert importlib.metadata.version("edgehfn") == edgehfn.__version__


# The public names.


def test_every_public_name_is_there_and_documented() -> None:
    for name in edgehfn.__all__:
        value = getattr(edgehfn, name)
        assert isinstance(value, tuple) or value.__doc__, name
    assert set(edgehfn.__all__) <= set(dir(edgehfn))
    with pytest.raises(AttributeError, match="no attribute 'bogus'"):
        _ = edgehfn.bogus


def test_importing_and_the_integer_side_need_no_torch(tmp_path: Path) -> None:
    heavy = "print(sorted({'torch', 'numba', 'matplotlib', 'rich'} & set(sys.modules)))"
    assert python(f"import sys, edgehfn, edgehfn.cli; {heavy}") in ("['rich']", "[]")
    blocked = "import sys; sys.modules['torch'] = None; import edgehfn as hfn; "
    used = "hfn.run, hfn.emulate, hfn.plan, hfn.bench, hfn.footprint, hfn.write_c; print(hfn.MACHINES[0])"
    assert python(blocked + used) == "pytorch"
    zoo = f"from edgehfn import zoo; zoo.cards(); print(zoo.get('digits', {str(tmp_path)!r})[0].name)"
    assert python(blocked + zoo) == "digits.hfn"


def test_verbs_stay_functions_whatever_is_imported() -> None:
    code = (
        "import edgehfn.training.images, edgehfn.lowering.lower, edgehfn as hfn; from edgehfn import train; "
        "print(callable(hfn.train), callable(hfn.lower), train is hfn.train, edgehfn.train.__module__)"
    )
    assert python(code) == "True True True edgehfn.training.images"


def test_python_m_edgehfn_is_the_command() -> None:
    done = subprocess.run([sys.executable, "-m", "edgehfn", "--version"], capture_output=True, text=True, check=True)
    assert done.stdout == f"edgehfn {edgehfn.__version__}\n"


# README, Makefile and set-up.


@pytest.mark.slow
@pytest.mark.qemu
def test_the_python_example_of_the_readme_runs(tmp_path: Path) -> None:
    example, _ = re.findall(r"```python\n(.*?)```", (ROOT / "README.md").read_text(), re.DOTALL)
    small = example.replace("fashion-mnist", "digits").replace("epochs=8", "epochs=1")
    assert "total" in python(small, cwd=str(tmp_path))
    assert (tmp_path / "build" / "kws.c").exists()


def test_the_readme_turns_the_archive_of_cifar10_into_a_set(tmp_path: Path) -> None:
    _, conversion = re.findall(r"```python\n(.*?)```", (ROOT / "README.md").read_text(), re.DOTALL)
    pixels = np.arange(2 * 3072, dtype=np.uint8).reshape(2, 3072)
    (tmp_path / "cifar-10-batches-py").mkdir()
    for name in (*(f"data_batch_{n}" for n in range(1, 6)), "test_batch"):
        batch = {b"data": pixels, b"labels": [0, 1]}
        (tmp_path / "cifar-10-batches-py" / name).write_bytes(pickle.dumps(batch))
    python(conversion, cwd=str(tmp_path))
    made = data.images(tmp_path / "cifar10.npz")
    assert (len(made.y_train), made.y_test.tolist()) == (10, [0, 1])
    assert np.array_equal(made.x_test, pixels.reshape(2, 3, 32, 32))  # red, green, blue, as in the archive


def test_the_c_example_of_the_readme_is_the_one_that_is_compiled() -> None:
    (example,) = re.findall(r"```c\n(.*?)```", (ROOT / "README.md").read_text(), re.DOTALL)
    code = (ROOT / "firmware" / "example" / "main.c").read_text()
    for line in example.splitlines():
        assert re.sub(r"\s*/\*.*?\*/", "", line).strip() in code


def test_the_commands_of_the_readme_exist() -> None:
    from edgehfn.cli import cli

    commands = re.findall(r"^ *(?:\$ )?edgehfn (\w+)(.*?)(?:#.*)?$", (ROOT / "README.md").read_text(), re.MULTILINE)
    assert {"train", "calibrate", "compile", "verify", "size"} <= {name for name, _ in commands}
    for name, rest in commands:
        command = cli.commands[name]
        if isinstance(command, click.Group):
            command = command.commands[rest.split()[0]]
        known = {option for parameter in command.params for option in parameter.opts}
        assert set(re.findall(r"(?<!\S)--?[a-z][\w-]*", rest)) <= known, name


def test_every_option_has_a_sentence_of_help() -> None:
    from edgehfn.cli import cli

    groups = [command for command in cli.commands.values() if isinstance(command, click.Group)]
    commands = [*cli.commands.values(), *(command for group in groups for command in group.commands.values())]
    for command in commands:
        assert command.help
        for option in command.params:
            if isinstance(option, click.Option) and not option.hidden:
                assert re.match(r"[A-Z].{10,}[.\]…]$", option.help or ""), (command.name, option.name)


def test_make_help_lists_every_target() -> None:
    text = (ROOT / "Makefile").read_text()
    (phony,) = re.findall(r"^\.PHONY: (.*)$", text, re.MULTILINE)
    done = subprocess.run(["make", "-s", "help"], cwd=ROOT, capture_output=True, text=True, check=True)
    assert [line.split()[1] for line in done.stdout.splitlines()] == phony.split()


def test_tested_versions_are_pinned_and_cover_the_dependencies() -> None:
    import tomllib

    pins = dict(line.split("==") for line in (ROOT / "requirements-tested.txt").read_text().splitlines())
    normal = {re.sub(r"[-_.]+", "-", name).lower() for name in pins}
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    for dependency in [*project["dependencies"], *project["optional-dependencies"]["test"]]:
        assert re.match(r"[\w-]+", dependency)[0].lower() in normal  # type: ignore[index]
    assert not [version for version in pins.values() if "+" in version]


def test_set_up_without_root_says_what_to_install(tmp_path: Path) -> None:
    """On a machine with nothing but a shell, and neither apt nor sudo."""
    (tmp_path / "scripts").mkdir()
    (tmp_path / "bin").mkdir()
    shutil.copy(ROOT / "scripts" / "setup.sh", tmp_path / "scripts")
    for tool in ("bash", "dirname", "id", "sed", "touch"):
        (tmp_path / "bin" / tool).symlink_to(shutil.which(tool) or "/nowhere")
    done = subprocess.run(
        ["bash", "scripts/setup.sh"],
        cwd=tmp_path,
        env={"PATH": str(tmp_path / "bin")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    (line,) = done.stderr.splitlines()
    assert "apt-get install --no-install-recommends gcc libc6-dev make python3 python3-venv gcc-arm-none-eabi" in line
    assert not (tmp_path / ".venv").exists()
