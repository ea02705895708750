"""Exports built by the tools that are at hand; where a kit is not, by stubs of what its build files call."""

from __future__ import annotations

import re
import shutil
from collections.abc import Mapping
from pathlib import Path

import pytest
from support import exports, kits
from support.exports import call

from edgehfn.spec.ecosystem import Ecosystem
from edgehfn.target.toolchain import ARM_GCC

pytestmark = pytest.mark.gcc
CMAKE = pytest.mark.skipif(shutil.which("cmake") is None, reason="not installed: cmake")
WARNINGS = "-Wall -Wextra -Wpedantic -Wconversion -Werror"
CRATES = Path("/usr/share/cargo/registry")  # of Debian's librust-cc-dev


def cmake(place: Path, source: Path, *flags: str) -> None:
    call(["cmake", "-S", source, "-B", "build", *flags], place)
    call(["cmake", "--build", "build"], place)


def runs(program: Path, found: exports.Models) -> None:
    piped, said = exports.inputs(found)
    assert call([program], program.parent, piped) == said


@CMAKE
def test_cmake(tmp_path: Path) -> None:
    place = tmp_path / "out"
    found = exports.write(place, "cmake")
    cmake(place, place, f"-DCMAKE_C_FLAGS={WARNINGS}")
    runs(place / "build" / "kws_classify", found)


@CMAKE
@pytest.mark.qemu
def test_two_lines_add_it_to_a_project_of_c_alone(tmp_path: Path) -> None:
    """Assembly is in the library though the user's project enables no such language."""
    exports.write(tmp_path / "kws", "cmake")
    (tmp_path / "app.c").write_text(
        '#include "kws.h"\nKWS_ARENA(arena);\nint app(void) { kws_run(arena); return 0; }\n'
    )
    (tmp_path / "CMakeLists.txt").write_text(
        "cmake_minimum_required(VERSION 3.16)\nset(CMAKE_TRY_COMPILE_TARGET_TYPE STATIC_LIBRARY)\n"
        "project(app LANGUAGES C)\nadd_library(app app.c)\n"
        "add_subdirectory(kws)\ntarget_link_libraries(app PRIVATE kws)\n"
    )
    core = "-mthumb -mcpu=cortex-m4"
    flags = (f"-DCMAKE_C_COMPILER={ARM_GCC}", f"-DCMAKE_C_FLAGS={core}", f"-DCMAKE_ASM_FLAGS={core}")
    cmake(tmp_path, tmp_path, "-DCMAKE_SYSTEM_NAME=Generic", *flags)
    said = call(["arm-none-eabi-nm", tmp_path / "build" / "kws" / "libkws.a"], tmp_path)
    assert re.search(
        r"hfn_channel_narrow_dsp\.S\.obj:\n.*\n[0-9a-f]* T hfn_channel_narrow\n|T hfn_channel_narrow\n", said
    )


def test_makefile(tmp_path: Path) -> None:
    place = tmp_path / "out"
    found = exports.write(place, "makefile")
    call(["make", f"CFLAGS={WARNINGS}"], place)
    runs(place / "build" / "kws_classify", found)


def test_a_makefile_includes_its_part(tmp_path: Path) -> None:
    found = exports.write(tmp_path / "kws", "makefile")
    shutil.copy(tmp_path / "kws" / "main.c", tmp_path / "app.c")
    (tmp_path / "Makefile").write_text(
        "all: app\ninclude kws/kws.mk\napp: app.c $(KWS_OBJECTS)\n\t$(CC) $(KWS_INCLUDES) $^ -o $@\n"
    )
    call(["make"], tmp_path)
    runs(tmp_path / "app", found)


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("cargo") is None, reason="not installed: cargo")
def test_rust(tmp_path: Path) -> None:
    place = tmp_path / "out"
    found = exports.write(place, "rust")
    crates = sorted(CRATES.glob("cc-*"))
    if not crates:
        pytest.skip("not installed: librust-cc-dev")
    patch = ["--offline", "--config", f'patch.crates-io.cc.path="{crates[-1]}"']
    call(["cargo", "build", "--example", "classify", *patch], place)
    runs(place / "target" / "debug" / "examples" / "classify", found)


@pytest.mark.parametrize(
    ("ecosystem", "sketch"),
    [("arduino", "examples/Classify/Classify.ino"), ("platformio", "examples/classify/src/main.cpp")],
)
def test_arduino_takes_a_flat_folder(ecosystem: Ecosystem, sketch: str, tmp_path: Path) -> None:
    """By its rules: each file of src is compiled with src on the path, C as C, and the sketch as C++."""
    place = tmp_path / "out"
    found = exports.write(place, ecosystem)
    (tmp_path / "Arduino.h").write_text(kits.ARDUINO)
    (tmp_path / "sketch.cpp").write_text((place / sketch).read_text() + "\nint main() { setup(); for (;;) loop(); }\n")
    sources = sorted(path for path in (place / "src").iterdir() if path.suffix in (".c", ".S"))
    assert not [path for path in (place / "src").iterdir() if path.is_dir()]
    call(["gcc", "-Os", f"-I{place / 'src'}", "-c", *sources], tmp_path)
    call(["g++", "-Wall", "-Wextra", "-Werror", f"-I{place / 'src'}", "-I.", "-c", "sketch.cpp"], tmp_path)
    call(["g++", *sorted(tmp_path.glob("*.o")), "-o", "app"], tmp_path)
    runs(tmp_path / "app", found)


def stubs(folder: Path, headers: Mapping[str, str]) -> None:
    for name, text in headers.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)


@CMAKE
def test_zephyr_by_stubs(tmp_path: Path) -> None:
    place, kit = tmp_path / "out", tmp_path / "kit"
    found = exports.write(place, "zephyr")
    stubs(kit, {**kits.ZEPHYR_HEADERS, "stubs.cmake": kits.ZEPHYR, "ZephyrConfig.cmake": kits.ZEPHYR_PACKAGE})
    cmake(tmp_path, place / "samples" / "classify", f"-DZephyr_DIR={kit}")
    runs(tmp_path / "build" / "app", found)


@CMAKE
def test_esp_idf_by_stubs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    place, kit = tmp_path / "out", tmp_path / "kit"
    found = exports.write(place, "esp-idf")
    stubs(kit, kits.IDF_FILES)
    monkeypatch.setenv("IDF_PATH", str(kit))
    cmake(tmp_path, place / "examples" / "classify")
    runs(tmp_path / "build" / "app", found)


@CMAKE
def test_pico_by_stubs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    place, kit = tmp_path / "out", tmp_path / "kit"
    found = exports.write(place, "pico")
    header = (
        "#include <stdint.h>\n#include <stdio.h>\n#include <stdlib.h>\nstatic inline void stdio_init_all(void) {}\n"
    )
    header += "static inline int getc_(void) { int c = (getchar)(); if (c == EOF) { exit(0); } return c; }\n"
    stubs(
        kit, {"external/pico_sdk_import.cmake": kits.PICO, "include/pico/stdlib.h": f"{header}#define getchar getc_\n"}
    )
    monkeypatch.setenv("PICO_SDK_PATH", str(kit))
    cmake(place, place)
    runs(place / "build" / "kws_classify", found)


@pytest.mark.parametrize("by", ["make", pytest.param("cmake", marks=CMAKE)])
def test_stm32cube_by_stubs(by: str, tmp_path: Path) -> None:
    """As CubeMX lays out its projects: objects of all files in one folder, among them that of FreeRTOS's list.c."""
    found = exports.write(tmp_path / "Middlewares" / "kws", "stm32cube")
    stubs(tmp_path, {"main.h": kits.HAL, "main.c": kits.CUBE_MAIN, "list.c": "int list(void) { return 3; }\n"})
    stubs(tmp_path, {"Makefile": kits.CUBE_MAKEFILE, "CMakeLists.txt": kits.CUBE_CMAKE})
    if by == "make":
        call(["make"], tmp_path)
    else:
        cmake(tmp_path, tmp_path)
    runs(tmp_path / "build" / "app", found)
