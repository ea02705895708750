"""The data of generated C: members of one struct of constants, and each of its bytes.

The struct has no pointers and no hidden padding, so it is the same bytes on the host and on every core.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple

import numpy as np
import numpy.typing as npt

from edgehfn.errors import GraphError

Origin = Literal["masks", "norms", "dense", "graph", "tables"]
Array = (
    npt.NDArray[np.uint32]
    | npt.NDArray[np.uint16]
    | npt.NDArray[np.int16]
    | npt.NDArray[np.int8]
    | npt.NDArray[np.uint8]
)

ALIGNMENT = {"uint32_t": 4, "uint16_t": 2, "int16_t": 2, "int8_t": 1, "uint8_t": 1}  # and 4 for records
ARRAYS = {"uint32_t": "<u4", "uint16_t": "<u2", "int16_t": "<i2", "int8_t": "i1", "uint8_t": "u1"}


class Ref(NamedTuple):
    """The offset of another member in the struct, plus some bytes."""

    member: str
    plus: int = 0


class Field(NamedTuple):
    """``code`` is the type in the letters of ``struct``."""

    name: str
    code: Literal["I", "H", "h", "B", "b"]
    value: int | Ref


Record = tuple[Field, ...]


@dataclass(frozen=True)
class Member:
    """An array of ``ctype``, or a record of fields. ``origin``: what its bytes are spent on."""

    name: str
    origin: Origin
    ctype: str
    content: Array | Record

    @property
    def alignment(self) -> int:
        """Bytes that its offset is a multiple of."""
        return ALIGNMENT.get(self.ctype, 4)

    @property
    def size(self) -> int:
        """Bytes."""
        if isinstance(self.content, tuple):
            return struct.calcsize("<" + "".join(field.code for field in self.content))
        return self.content.nbytes


def encode(members: Sequence[Member]) -> list[bytes]:
    """The bytes of each member, little endian."""
    ends = np.cumsum([m.size for m in members]).tolist()
    offsets = {m.name: end - m.size for m, end in zip(members, ends, strict=True)}
    return [_bytes(member, offsets) for member in members]


def identifiers(names: Iterable[str]) -> list[str]:
    """Names as distinct parts of C identifiers."""
    made: dict[str, None] = {}
    for name in names:
        plain = re.sub("[^A-Za-z0-9]", "_", name)
        number = 1
        while (tried := plain if number == 1 else f"{plain}_{number}") in made:
            number += 1
        made[tried] = None
    return list(made)


def _bytes(member: Member, offsets: dict[str, int]) -> bytes:
    if not isinstance(member.content, tuple):
        return member.content.astype(ARRAYS[member.ctype]).tobytes()
    values = []
    for field in member.content:
        value = offsets[field.value.member] + field.value.plus if isinstance(field.value, Ref) else field.value
        try:
            values.append(struct.pack("<" + field.code, value))
        except struct.error:
            raise GraphError(
                f"{member.name}: {field.name} = {value} exceeds the runtime's field; use a smaller net"
            ) from None
    return b"".join(values)
