"""Folders that build systems and vendors' tools take as they are: models, the runtime that they call, and a program."""

from __future__ import annotations

from typing import assert_never

from edgehfn.backends.c.export import (
    arduino,
    cmake,
    cmsis_pack,
    esp_idf,
    makefile,
    pico,
    platformio,
    rust,
    stm32cube,
    zephyr,
)
from edgehfn.backends.c.export.project import SRC, Files, Project
from edgehfn.spec.ecosystem import Ecosystem

__all__ = ["Project", "export"]


def export(project: Project, ecosystem: Ecosystem) -> dict[str, bytes]:
    """All files of a folder for an ecosystem, by their paths in it."""
    texts, folder = _texts(project, ecosystem), rust.CSRC if ecosystem == "rust" else SRC
    sources = {f"{folder}/{name}": text for name, text in project.sources.items()}
    return {**sources, **{path: text.encode() for path, text in texts.items()}}


def _texts(project: Project, ecosystem: Ecosystem) -> Files:
    match ecosystem:
        case "cmake":
            return cmake.files(project)
        case "makefile":
            return makefile.files(project)
        case "arduino":
            return arduino.files(project)
        case "platformio":
            return platformio.files(project)
        case "zephyr":
            return zephyr.files(project)
        case "esp-idf":
            return esp_idf.files(project)
        case "pico":
            return pico.files(project)
        case "stm32cube":
            return stm32cube.files(project)
        case "cmsis-pack":
            return cmsis_pack.files(project)
        case "rust":
            return rust.files(project)
        case _:
            assert_never(ecosystem)
