"""C code from the graph: one struct of constants and a chain of calls into firmware/."""

from edgehfn.backends.c.emit import Part, emit, layout
from edgehfn.backends.c.functions import Function, function, functions
from edgehfn.backends.c.sound import state as sound_state

__all__ = ["Function", "Part", "emit", "function", "functions", "layout", "sound_state"]
