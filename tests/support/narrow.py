"""What a test knows of a value and its type does not say: asserted, so that it fails here if it is wrong."""

from __future__ import annotations

from typing import TypeVar

from edgehfn.ir import Graph, ops

T = TypeVar("T")


def only(value: object, kind: type[T]) -> T:
    """The value, which is of this kind."""
    assert isinstance(value, kind)
    return value


def there(value: T | None) -> T:
    """The value, which is not None."""
    assert value is not None
    return value


def entry(graph: Graph) -> ops.Input:
    """The input of a graph that has one."""
    return there(graph.input)
