"""What can go wrong, in three classes with one base. The command line prints the message and exits with status 2."""

from __future__ import annotations


class EdgeHFNError(Exception):
    """Base of every error this package raises on purpose; the message names the place and the remedy."""


class InputError(EdgeHFNError):
    """A file, an array or an option from the user is not what it must be."""


class GraphError(EdgeHFNError):
    """A net cannot be expressed in, or a graph breaks a rule of, docs/SPEC.md."""


class ToolError(EdgeHFNError):
    """A compiler or an emulator is missing, or failed."""
