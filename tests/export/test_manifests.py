"""What an export says of itself, by the rules that its ecosystem publishes; and that it is all there."""

from __future__ import annotations

import configparser
import json
import re
import shutil
import subprocess
import tarfile
from pathlib import Path
from xml.etree import ElementTree

import pytest
import yaml
from support import exports, gnn_nets, nets

from edgehfn import plan
from edgehfn.backends.c.write import LIST, write_models
from edgehfn.spec.ecosystem import ECOSYSTEMS, Ecosystem

VERSION = re.compile(r"\d+\.\d+\.\d+")


@pytest.mark.parametrize("ecosystem", ECOSYSTEMS)
def test_every_export_is_whole_and_listed(ecosystem: Ecosystem, tmp_path: Path) -> None:
    """Its list holds, every file that a build file names is there, and every C file is named or taken by wildcard."""
    place = tmp_path / "out"
    exports.write(place, ecosystem)
    subprocess.run(["sha256sum", "--quiet", "-c", LIST], cwd=place, check=True)
    there = {path.name for path in place.rglob("*") if path.is_file()}
    said = "".join(
        path.read_text()
        for path in place.rglob("*")
        if path.is_file() and path.suffix not in (".c", ".h", ".S", ".sha256")
    )
    named = set(re.findall(r"\b(?:hfn|edgehfn|kws|wake)\w*\.[chS]\b", said))
    assert named <= there
    if ecosystem not in ("arduino", "platformio"):
        assert {name for name in there if re.fullmatch(r"(hfn|kws|wake)\w*\.[cS]", name)} <= named
    assert {"kws.c", "kws.h", "wake.c", "wake.h", "edgehfn.h", "edgehfn_small.h"} <= there


def test_arduino_has_the_properties_that_the_ide_asks_for(tmp_path: Path) -> None:
    """Of https://arduino.github.io/arduino-cli/latest/library-specification/."""
    exports.write(tmp_path / "out", "arduino")
    text = (tmp_path / "out" / "library.properties").read_text()
    parser = configparser.ConfigParser()
    parser.read_string(f"[library]\n{text}")
    library = dict(parser["library"])
    needed = {"name", "version", "author", "maintainer", "sentence", "paragraph", "category", "url", "architectures"}
    assert needed <= set(library)
    assert VERSION.fullmatch(library["version"])
    assert re.fullmatch(r"[A-Za-z0-9][\w .-]{0,62}", library["name"])
    assert library["category"] in {
        "Display", "Communication", "Signal Input/Output", "Sensors", "Device Control", "Timing", "Data Storage",
        "Data Processing", "Other",
    }  # fmt: skip
    assert library["includes"] == "kws.h,wake.h"


def test_platformio_has_the_fields_of_its_schema(tmp_path: Path) -> None:
    """Of platformio/assets/schema/library.json of platformio-core."""
    place = tmp_path / "out"
    exports.write(place, "platformio")
    library = json.loads((place / "library.json").read_text())
    assert {"name", "version", "description", "keywords"} <= set(library)
    limits = {"name": 50, "version": 20, "description": 255}
    assert all(len(library[key]) <= most for key, most in limits.items())
    assert VERSION.fullmatch(library["version"])
    for example in library["examples"]:
        assert all((place / example["base"] / name).is_file() for name in example["files"])
    assert all((place / library["build"]["includeDir"] / name).is_file() for name in library["headers"])


@pytest.mark.skipif(shutil.which("pio") is None, reason="not installed: platformio")
def test_platformio_packs_it(tmp_path: Path) -> None:
    exports.write(tmp_path / "out", "platformio")
    manifest = tmp_path / "out" / "library.json"
    manifest.write_text(re.sub(r'  "license".*\n', "", manifest.read_text()))  # its list is fetched from the network
    subprocess.run(["pio", "pkg", "pack", "-o", str(tmp_path / "x.tar.gz")], cwd=tmp_path / "out", check=True)
    with tarfile.open(tmp_path / "x.tar.gz") as packed:
        assert {"library.json", "src/kws.c", "src/hfn_small_conv.c"} <= set(packed.getnames())


def test_zephyr_and_esp_idf_have_their_keys(tmp_path: Path) -> None:
    exports.write(tmp_path / "z", "zephyr")
    module = yaml.safe_load((tmp_path / "z" / "zephyr" / "module.yml").read_text())
    assert set(module) == {"name", "build"}
    assert (tmp_path / "z" / module["build"]["cmake"] / "CMakeLists.txt").is_file()
    kconfig = (tmp_path / "z" / module["build"]["kconfig"]).read_text()
    assert kconfig.startswith("config KWS\n    bool ")
    assert "CONFIG_KWS=y" in (tmp_path / "z" / "samples" / "classify" / "prj.conf").read_text()
    exports.write(tmp_path / "e", "esp-idf")
    component = yaml.safe_load((tmp_path / "e" / "idf_component.yml").read_text())
    assert VERSION.fullmatch(component["version"])
    assert component["dependencies"] == {"idf": ">=5.0"}
    main = tmp_path / "e" / "examples" / "classify" / "main"
    path = yaml.safe_load((main / "idf_component.yml").read_text())["dependencies"]["kws"]["override_path"]
    assert (main / path).resolve() == tmp_path / "e"


def test_a_pack_describes_files_of_known_kinds(tmp_path: Path) -> None:
    """Elements, order and enumerations of PACK.xsd, against which it was validated by hand."""
    place = tmp_path / "out"
    exports.write(place, "cmsis-pack")
    root = ElementTree.parse(place / "EdgeHFN.kws.pdsc").getroot()
    order = ["vendor", "name", "description", "url", "releases", "conditions", "components"]
    assert [part.tag for part in root] == order
    component = root.find("components/component")
    assert component is not None
    assert {"Cclass", "Cgroup", "Csub", "Cversion", "condition"} == set(component.attrib)
    kinds = {"include", "header", "source", "sourceAsm", "sourceC"}
    listed = list(component.iter("file"))
    assert {one.get("category") for one in listed} == kinds
    assert all((place / str(one.get("name"))).exists() for one in listed)
    assert {one.get("Tcompiler") for one in root.iter("accept")} == {"GCC", "CLANG", "ARMCC"}


@pytest.mark.gcc
def test_programs_of_every_kind_of_input_compile(tmp_path: Path) -> None:
    """Images by rows, graphs, stored features with a class for each node: without a warning."""
    image, fed = nets.random_graph(exports.SEED), nets.random_graph(exports.SEED)
    over_graphs = gnn_nets.legal(gnn_nets.variable, 1)
    stored = gnn_nets.legal(gnn_nets.stored, 1)
    models = {
        "image": (image, plan(image)),
        "fed": (fed, plan(fed, rows=True)),
        "over": (over_graphs, plan(over_graphs)),
        "stored": (stored, plan(stored)),
    }
    for name, model in models.items():
        place = tmp_path / name
        write_models({name: model}, place, "makefile")
        flags = "-Wall -Wextra -Wpedantic -Wconversion -Werror"
        subprocess.run(["make", "-s", f"CFLAGS={flags}"], cwd=place, check=True)
        subprocess.run([f"build/{name}_classify"], cwd=place, check=True, stdin=subprocess.DEVNULL)
