"""Members of a description, read from JSON that anybody may have written."""

from __future__ import annotations

from typing import Any, TypeVar

from edgehfn.errors import InputError

T = TypeVar("T")

Json = dict[str, Any]


def field(entry: Json, name: str, kind: type[T]) -> T:
    """A member of exactly this type. Raises InputError if it is another, KeyError if it is missing."""
    value = entry[name]
    if type(value) is not kind:
        raise InputError(f"{name} must be {kind.__name__}, not {value!r:.40}")
    return value


def choice(entry: Json, name: str, choices: tuple[Any, ...]) -> Any:
    """A member that is one of some words. Raises InputError."""
    value = field(entry, name, str)
    if value not in choices:
        raise InputError(f"{name} {value!r:.40} is none of {', '.join(choices)}")
    return value


def floats(entry: Json, name: str, count: int) -> tuple[float, ...]:
    """A list of this many numbers. Raises InputError."""
    values = field(entry, name, list)
    if len(values) != count or not all(type(value) is float for value in values):
        raise InputError(f"{name} must be {count} numbers with a point, not {values!r:.40}")
    return tuple(values)


def integers(entry: Json, name: str, count: int, least: int = 1) -> tuple[int, ...]:
    """A list of this many integers, none below ``least``. Raises InputError."""
    values = field(entry, name, list)
    if len(values) != count or not all(type(value) is int and value >= least for value in values):
        kind = "positive whole numbers" if least == 1 else f"whole numbers from {least}"
        raise InputError(f"{name} must be {count} {kind}, not {values!r:.40}")
    return tuple(values)
