"""The build systems and vendors' tools that a model can be written for."""

from __future__ import annotations

from typing import Literal, get_args

Ecosystem = Literal[
    "cmake",
    "makefile",
    "arduino",
    "platformio",
    "zephyr",
    "esp-idf",
    "pico",
    "stm32cube",
    "cmsis-pack",
    "rust",
]
ECOSYSTEMS: tuple[Ecosystem, ...] = get_args(Ecosystem)
