"""C code from the graph: one struct of constants and a chain of calls into firmware/."""

from edgehfn.backends.c.emit import Part, emit, function, functions, layout

__all__ = ["Part", "emit", "function", "functions", "layout"]
