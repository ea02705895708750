"""What can go wrong, in three classes with one base. The command line prints the message and exits with status 2."""

from __future__ import annotations

LONGEST = 284  # characters of a message; "edgehfn: error: " and it are a line of at most 300
TAIL = 120  # of them, what is kept of the end, where the remedy stands


class EdgeHFNError(Exception):
    """Base of every error this package raises on purpose; the message names the place and the remedy."""


class InputError(EdgeHFNError):
    """A file, an array or an option from the user is not what it must be."""

    def __str__(self) -> str:
        return one_line(super().__str__())


class GraphError(EdgeHFNError):
    """A net cannot be expressed in, or a graph breaks a rule of, docs/SPEC.md."""

    def __str__(self) -> str:
        return one_line(super().__str__())


class ToolError(EdgeHFNError):
    """A compiler or an emulator is missing, or failed."""


def one_line(message: str) -> str:
    """Return a message on one line, without the middle of one that is too long: names may be of any length."""
    line = " ".join(message.split())
    return line if len(line) <= LONGEST else f"{line[: LONGEST - TAIL - 3]} … {line[-TAIL:]}"
