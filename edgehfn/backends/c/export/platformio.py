"""A library of PlatformIO with an example, which is a project of it."""

from __future__ import annotations

import json

from edgehfn.backends.c.export import arduino
from edgehfn.backends.c.export.program import program
from edgehfn.backends.c.export.project import SRC, Files, Project

EXAMPLE = "examples/classify"


def files(project: Project) -> Files:
    """For a user's project: one line of ``lib_deps``."""
    about = "Classes of inputs that come over the serial line, as raw bytes"
    main = program(
        project, about=about, includes=("<Arduino.h>",), read=arduino.READ, show=arduino.SHOW, entry=arduino.ENTRY
    )
    manifest = {
        "$schema": "https://raw.githubusercontent.com/platformio/platformio-core/develop/platformio/assets/schema/library.json",
        "name": project.name,
        "version": project.version,
        "description": f"{project.about}.",
        "keywords": ["neural network", "supermask", "microcontroller"],
        "license": "Apache-2.0",
        "frameworks": "*",
        "platforms": "*",
        "headers": [f"{model.name}.h" for model in project.models],
        "examples": [{"name": "classify", "base": EXAMPLE, "files": ["platformio.ini", "src/main.cpp"]}],
        "build": {"srcDir": SRC, "includeDir": SRC, "flags": [project.level]},
    }
    return {
        "library.json": json.dumps(manifest, indent=2) + "\n",
        f"{EXAMPLE}/platformio.ini": _example(project),
        f"{EXAMPLE}/src/main.cpp": main,
    }


def _example(project: Project) -> str:
    return """\
; In a project of yours: lib_deps = symlink://PATH/OF/THE/LIBRARY
[env:nano33ble]
platform = nordicnrf52
board = nano33ble
framework = arduino
lib_deps = symlink://../..
"""
