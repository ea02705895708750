"""``python wasm.py PROGRAM``: runs a WebAssembly program in the present folder, and exits as it does.

A script of its own, which imports nothing of the package: it starts in a tenth of a second.
"""

from __future__ import annotations

import sys
from pathlib import Path


def main(program: Path) -> int:
    """Run a program with the present folder's files, and return its status."""
    from wasmtime import Engine, ExitTrap, Linker, Module, Store, WasiConfig

    engine, wasi = Engine(), WasiConfig()
    wasi.inherit_stdout()
    wasi.inherit_stderr()
    wasi.preopen_dir(".", ".")
    store, linker = Store(engine), Linker(engine)
    store.set_wasi(wasi)
    linker.define_wasi()
    start = linker.instantiate(store, Module.from_file(engine, str(program))).exports(store)["_start"]
    try:
        start(store)  # type: ignore[operator]
    except ExitTrap as ended:
        return int(ended.code)
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
