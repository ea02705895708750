"""The graph run on this machine, bit-exact and fast."""

import edgehfn.spec.jit  # noqa: F401 (first: it says why Numba cannot be imported)

# isort: split
from edgehfn.backends.emulator.images import Observe, emulate, golden_checksum

__all__ = ["Observe", "emulate", "golden_checksum"]
