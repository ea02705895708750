"""Who hears whom in a graph network, and what is known of its nodes from the start (docs/SPEC.md section 5.1)."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from edgehfn.spec.limits import COLUMNS

Ints = npt.NDArray[np.int64]


OK, NODES, EDGES, RANGE, LOOP, DEGREE, DUPLICATE = range(7)  # what checking a graph says, SPEC section 5.2


def rows(nodes: int) -> int:
    """The height of a map over so many nodes."""
    return -(-nodes // COLUMNS)


@dataclass(frozen=True, eq=False)
class StoredTopology:
    """A graph known when the model is compiled. ``sources[starts[v] : starts[v + 1]]`` are node v's neighbours, the
    nodes that it hears, in ascending order and without itself. Nodes that share it name the same object."""

    name: str
    nodes: int
    starts: Ints  # (nodes + 1,)
    sources: Ints

    @cached_property
    def degrees(self) -> Ints:
        """Neighbours of each node, ``(4·rows,)``; those behind the last node have none."""
        found = np.zeros(COLUMNS * rows(self.nodes), np.int64)
        found[: self.nodes] = np.diff(self.starts)
        return found

    @property
    def degree(self) -> int:
        """The largest."""
        return int(self.degrees.max(initial=0))


@dataclass(frozen=True, eq=False)
class InputTopology:
    """A graph that comes with the raw input: at most ``nodes``, joined by at most ``edges``, each of which counts for
    both its ends, and no node of more than ``degree`` neighbours."""

    name: str
    nodes: int
    edges: int
    degree: int


Topology = StoredTopology | InputTopology


@dataclass(frozen=True, eq=False)
class Features:
    """Sparse features of stored nodes, by feature: ``members[starts[f] : starts[f + 1]]`` are the nodes that have
    feature f, ascending, with the ``values`` there, -127..127, or 1 each if there are none."""

    name: str
    nodes: int
    starts: Ints  # (features + 1,)
    members: Ints
    values: npt.NDArray[np.int8] | None = None

    @property
    def count(self) -> int:
        """Features."""
        return len(self.starts) - 1
