"""The graph run on this machine, bit-exact and fast."""

from edgehfn.backends.emulator.emulate import Observe, emulate, golden_checksum

__all__ = ["Observe", "emulate", "golden_checksum"]
