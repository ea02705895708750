"""Loops compiled by Numba, and kept: the one place that decides how, and where to."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

from edgehfn import files
from edgehfn.errors import ToolError

try:
    import numba
except ValueError as error:  # of its variables, such as NUMBA_NUM_THREADS=0
    _wrong = ", ".join(f"{name}={value}" for name, value in os.environ.items() if name.startswith("NUMBA_"))
    raise ToolError(f"Numba cannot be imported with {_wrong} ({error}); unset it") from error


DISABLED = bool(numba.config.DISABLE_JIT)  # type: ignore[attr-defined]
THREADS: int = numba.config.NUMBA_NUM_THREADS  # type: ignore[attr-defined]

if not numba.config.CACHE_DIR:  # type: ignore[attr-defined]
    numba.config.CACHE_DIR = str(files.cache_folder() / "numba")  # type: ignore[attr-defined]


def compiled(**options: Any) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Compile a function on first use, to run without the interpreter's lock; kept on disk if a folder allows."""

    def decorate(function: Callable[..., Any]) -> Callable[..., Any]:
        try:
            return numba.njit(function, nogil=True, cache=True, **options)  # type: ignore[no-any-return]
        except RuntimeError:  # no folder to keep it in
            return numba.njit(function, nogil=True, **options)  # type: ignore[no-any-return]

    return decorate
