"""The runtime in a folder of the user's: what an earlier one has left goes, and what the user has changed stays."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from edgehfn import files
from edgehfn.backends.c import firmware
from edgehfn.backends.c.write import FORMER, MANIFEST, write_runtime
from edgehfn.errors import InputError

OWN = b"/* two days of work */\nint main(void) { return 0; }\n"


def stale_by_name(folder: Path) -> Path:
    place = folder / "runs_dsp.S"
    place.write_text('#include "isa.h"\n function hfn_run_copy\n')
    return place


def stale_by_manifest(folder: Path) -> Path:
    place, manifest = folder / "old_kernel.c", folder / MANIFEST
    place.write_text("int old;\n")
    digest = subprocess.run(
        ["sha256sum", "old_kernel.c"], cwd=folder, capture_output=True, text=True, check=True
    ).stdout
    manifest.write_text(manifest.read_text() + digest)
    return place


@pytest.mark.parametrize("leave", [stale_by_name, stale_by_manifest])
def test_files_of_an_earlier_runtime_go(leave: Callable[[Path], Path], tmp_path: Path) -> None:
    written = write_runtime(tmp_path)
    subprocess.run(["sha256sum", "--quiet", "-c", MANIFEST], cwd=tmp_path, check=True)
    mine = tmp_path / "main.c"
    mine.write_bytes(OWN)
    stale = leave(tmp_path)
    write_runtime(tmp_path, "flash")
    assert not stale.exists()
    assert {*tmp_path.iterdir()} == {*written, mine}


def test_a_runtime_without_a_manifest_is_known(tmp_path: Path) -> None:
    written = write_runtime(tmp_path)
    (tmp_path / MANIFEST).unlink()
    for path in written[1:]:
        path.write_bytes(path.read_bytes() + b"\n")
    write_runtime(tmp_path)
    subprocess.run(["sha256sum", "--quiet", "-c", MANIFEST], cwd=tmp_path, check=True)


@pytest.mark.parametrize("manifest", [True, False])
def test_a_runtime_whose_files_had_names_of_every_day_goes(manifest: bool, tmp_path: Path) -> None:
    plain = [*firmware.headers(), *firmware.runtime(assembly=True)]
    for path in plain:
        (tmp_path / path.name).write_bytes(path.read_bytes())
    if manifest:
        with (tmp_path / MANIFEST).open("w") as said:
            subprocess.run(["sha256sum", *(path.name for path in plain)], cwd=tmp_path, stdout=said, check=True)
    (tmp_path / "camera.h").write_bytes(OWN)  # the user's
    written = write_runtime(tmp_path)
    assert {*tmp_path.iterdir()} == {*written, tmp_path / "camera.h"}


@pytest.mark.parametrize("name", ["hfn_config.h", "hfn_list.c", "old_kernel.c"])
def test_a_changed_runtime_is_kept(name: str, tmp_path: Path) -> None:
    write_runtime(tmp_path)
    stale_by_manifest(tmp_path)
    (tmp_path / name).write_text("/* mine */ hfn_\n")
    before = {path: path.read_bytes() for path in tmp_path.iterdir()}
    with pytest.raises(InputError, match=f"{name}.*--force"):
        write_runtime(tmp_path, "flash")
    assert before == {path: path.read_bytes() for path in tmp_path.iterdir()}
    with files.forced():
        write_runtime(tmp_path, "flash")
    assert "mine" not in "".join(path.read_text() for path in tmp_path.iterdir())


def test_sources_are_no_place_for_a_runtime(tmp_path: Path) -> None:
    (tmp_path / "hfn_list.c").write_bytes(OWN)
    with pytest.raises(InputError, match=r"hfn_list\.c"):
        write_runtime(tmp_path)
    for place in (Path(files.__file__).parent, firmware.directory() / "src" / "core", firmware.directory() / "include"):
        with pytest.raises(InputError, match="folder of sources"):
            write_runtime(place)
    assert not {name for name in firmware.exported() if not name.endswith(".h")} & FORMER
