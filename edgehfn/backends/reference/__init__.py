"""The graph run in PyTorch integers, an implementation of docs/SPEC.md beside the emulator and C."""

from edgehfn.backends.reference.images import run

__all__ = ["run"]
