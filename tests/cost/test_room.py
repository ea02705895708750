"""Boards by name: their figures, what a model leaves of them, and files that describe one."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from support.commands import call
from support.nets import random_graph

from edgehfn import plan, zoo
from edgehfn.cost.footprint import predict
from edgehfn.cost.room import Room, estimated
from edgehfn.errors import InputError
from edgehfn.target import BOARDS, CORES
from edgehfn.target.kits import aim, kits, read

KB, MB = 1024, 1024 * 1024
DATASHEETS = {  # flash, RAM, MHz: by hand
    "pico": (2 * MB, 264 * KB, 133),
    "pico-2": (4 * MB, 520 * KB, 150),
    "microbit-v1": (256 * KB, 16 * KB, 16),
    "microbit-v2": (512 * KB, 128 * KB, 64),
    "nrf52840-dk": (1 * MB, 256 * KB, 64),
    "nucleo-f401re": (512 * KB, 96 * KB, 84),
    "nucleo-l476rg": (1 * MB, 96 * KB, 80),
    "ch32v003": (16 * KB, 2 * KB, 48),
    "gd32vf103": (128 * KB, 32 * KB, 108),
}
OWN = 'core = "cortex-m0"\nflash = "16K"\nram = 4096\nclock = 16000000\n'


@pytest.fixture
def digits(tmp_path: Path) -> Path:
    return zoo.get("digits", tmp_path)[0]


def test_the_figures_are_those_of_the_datasheets() -> None:
    found = kits()
    for name, (flash, ram, clock) in DATASHEETS.items():
        kit = found[name]
        assert (kit.flash.size, kit.ram.size, kit.clock) == (flash, ram, clock * 1_000_000), name
    for kit in found.values():
        assert kit.source
        assert kit.core in CORES or kit.core.startswith("rv32")
        of_flash, of_ram = ((region.origin, region.origin + region.size) for region in (kit.flash, kit.ram))
        assert of_flash[1] <= of_ram[0] or of_ram[1] <= of_flash[0]
        assert max(of_flash[1], of_ram[1]) <= 1 << 32
    assert not {*found} & {board.name for board in BOARDS}


@pytest.mark.parametrize("name", ["pico", "ch32v003"])
def test_what_is_left_is_what_is_not_taken(name: str, digits: Path) -> None:
    done = call("size", str(digits), "--board", name, "--json")
    said = json.loads(done.stdout)
    left = {
        "flash": said["board_flash"] - said["total_flash"],
        "ram": said["board_ram"] - said["total_ram"] - said["stack"],
    }
    assert (said["flash_left"], said["ram_left"]) == (left["flash"], left["ram"])
    assert said["fits"] == (min(left.values()) >= 0)
    assert done.exit_code == (0 if said["fits"] else 2)
    assert said["fits"] == (name == "pico")
    assert said["is_estimate"] == (name not in kits() or kits()[name].core not in CORES)


def test_a_board_is_its_core(digits: Path) -> None:
    of_board, of_core = (
        json.loads(call("size", str(digits), "--target", name, "--json").stdout) for name in ("pico", "cortex-m0plus")
    )
    assert of_core.items() <= of_board.items()
    assert aim("pico").counted == aim("cortex-m0plus").counted == "cortex-m0plus"


def test_an_estimate_is_the_most_of_all_cores() -> None:
    graph = random_graph(7)
    planned = plan(graph)
    sizes = estimated(graph, planned)
    each = [predict(graph, planned, core)[0] for core in CORES]
    assert sizes.code_flash == max(one.code_flash for one in each) > min(one.code_flash for one in each)
    assert all(one.weights_flash == sizes.weights_flash and one.total_ram == sizes.total_ram for one in each)
    kit = kits()["esp32-c3"]
    assert Room(kit, sizes, is_estimate=True).fits


def test_a_core_without_a_machine_is_told(digits: Path) -> None:
    uncounted = [kit.name for kit in kits().values() if kit.core not in CORES]
    for name in uncounted[:1]:
        for words in (("bench", str(digits), "--target", name), ("size", str(digits), "--target", name, "--curve")):
            done = call(*words)
            assert done.exit_code == 2
            assert "instructions cannot be counted" in done.stderr


def test_a_file_describes_a_board(digits: Path, tmp_path: Path) -> None:
    place = tmp_path / "mine.toml"
    place.write_text(OWN)
    kit = read(place)
    assert (kit.core, kit.flash.size, kit.ram.size, kit.clock) == ("cortex-m0", 16 * KB, 4 * KB, 16_000_000)
    assert "left" in call("size", str(digits), "--target", str(place)).stdout
    place.write_text(OWN.replace('"16K"', '"8K"'))
    done = call("size", str(digits), "--target", str(place))
    assert done.exit_code == 2
    assert "mine has" in done.stderr
    refused = call("compile", str(digits), "--target", str(place), "-o", str(tmp_path / "c"))
    assert refused.exit_code == 2
    assert not (tmp_path / "c").exists()


@pytest.mark.parametrize(
    "text",
    [
        "",
        "core",
        "\x00",
        OWN.replace("core", "cores"),
        OWN + "flush = 3\n",
        OWN.replace('"cortex-m0"', "3"),
        OWN.replace('"cortex-m0"', '""'),
        *(
            OWN.replace("4096", bad)
            for bad in ("-1", "0", '"x"', "1.5", "true", "[1]", '"1T"', "99999999999", '"9999999999M"')
        ),
        *(OWN.replace("16000000", bad) for bad in ('""', "0", "-16000000", "16", "16.0", "true", "16000000000")),
        *(OWN.replace('"16K"', bad) for bad in ("0", "-16384", "255", '"-16K"', '"4097M"', "inf", '"16 K"')),
        OWN + "flash_origin = -4\n",
        OWN + "ram_origin = 0x100000000\n",
        OWN + "ram_origin = 0xFFFFF800\n",
        OWN + "flash_origin = 0x20000000\nram_origin = 0x20001000\n",
        OWN + 'ram_origin = "here"\n',
    ],
)
def test_a_file_that_is_no_board_is_refused_in_a_line(text: str, tmp_path: Path) -> None:
    place = tmp_path / "mine.toml"
    place.write_text(text)
    with pytest.raises(InputError, match=r"mine\.toml: .*cortex") as failed:
        aim(str(place))
    assert "\n" not in str(failed.value)


def test_other_places_are_refused(tmp_path: Path) -> None:
    (tmp_path / "folder.toml").mkdir()
    (tmp_path / "latin.toml").write_bytes(b'core = "\xe9"\n')
    for name in ("absent.toml", "folder.toml", "latin.toml"):
        with pytest.raises(InputError, match=name):
            aim(str(tmp_path / name))


def test_boards_are_listed() -> None:
    listed = json.loads(call("boards", "--json").stdout)
    assert [row["name"] for row in listed] == [*kits()]
    said = call("boards").stdout
    assert all(name in said for name in DATASHEETS)
