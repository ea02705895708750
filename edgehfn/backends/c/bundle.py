"""The runtime that some models need, by the names of its files in a user's project, and these models' own C.

Models whose objectives ask for the same runtime share it. The one with ``HFN_SMALL`` 1 differs in masks and code, so
beside the other one its files and functions have a prefix of their own; what is the same in both is there once.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from edgehfn.backends.c import firmware, needed, sound
from edgehfn.backends.c.functions import functions
from edgehfn.ir import Graph, Plan
from edgehfn.spec.objective import Objective, macro, small

HEADER, SOURCE = "hfn.h", "hfn.c"  # the runtime as two files
CONFIG = "hfn_config.h"
_DEPENDS = re.compile(rb"\bHFN_(SMALL|FEW_ROWS|CORE|ISA\w*|THUMB2|PACE)\b")
_LOCAL = re.compile(rb'^#include "([^"]+)"\n', re.MULTILINE)


@dataclass(frozen=True)
class Model:
    """A model of a bundle; ``texts``: its generated files."""

    name: str
    graph: Graph
    plan: Plan
    texts: Mapping[str, str]

    @property
    def called(self) -> set[str]:
        """The functions of the runtime that its C calls."""
        heard = sound.CALLED if self.graph.sound else ()
        return {*functions(self.graph, self.plan), *needed.selftest(self.graph), *heard}


def bundle(models: Sequence[Model], *, single: bool) -> dict[str, bytes]:
    """All C files of these models and their runtime, by name, for one folder; ``single``: the runtime as ``hfn.c``,
    ``hfn.h`` and the assembly that it has."""
    large, little = ([m for m in models if small(m.plan.objective) is is_small] for is_small in (False, True))
    texts: dict[str, bytes] = {}
    is_private = bool(large and little)
    for part in (large, little):
        if not part:
            continue
        prefix = part is little and is_private
        found = {**_generated(part, single), **_runtime(part, set() if prefix else _also(little), single, prefix)}
        texts |= _private(found) if prefix else found
    return dict(sorted(texts.items()))


def configured(text: bytes, objective: Objective) -> bytes:
    """The text of ``hfn_config.h`` for an objective."""
    wanted = macro(objective)
    return text.replace(f"#define {wanted} 0".encode(), f"#define {wanted} 1".encode()) if wanted else text


@cache
def shared() -> frozenset[Path]:
    """The sources that are the same in every runtime, as is all that they call."""
    files = firmware.runtime(assembly=False)
    found = {path for path in files if not _depends(path)}
    while True:
        others = {name for path in files if path not in found for name in needed.source(path).defines}
        kept = {path for path in found if not needed.source(path).uses & others}
        if kept == found:
            return frozenset({*found, *(p for p in firmware.runtime(assembly=True) if p.name in needed.UNNAMED)})
        found = kept


def _depends(path: Path) -> bool:
    private = (
        header for header in needed.headers([path]) if header.parent.name != "include" and header.name != "isa.h"
    )
    return any(_DEPENDS.search(part.read_bytes()) for part in (path, *private))


def _also(models: Sequence[Model]) -> set[str]:
    """The functions of models with another runtime that are in this one."""
    sources = needed.sources({name for m in models for name in m.called}, small=True)
    return {name for path in sources if path in shared() for name in needed.source(path).defines}


def _generated(models: Sequence[Model], single: bool) -> dict[str, bytes]:
    texts = {name: text.encode() for model in models for name, text in model.texts.items()}
    if not single:
        return texts
    return {
        name: text.replace(b'#include "edgehfn.h"', f'#include "{HEADER}"'.encode()) for name, text in texts.items()
    }


def _runtime(models: Sequence[Model], also: set[str], single: bool, private: bool) -> dict[str, bytes]:
    called = {name for model in models for name in model.called} | also
    sources = needed.sources(called, small=small(models[0].plan.objective))
    if private:
        sources = [path for path in sources if path not in shared()]
    objectives = [model.plan.objective for model in models]
    objective = next((one for one in objectives if macro(one)), objectives[0])

    def read(path: Path) -> bytes:
        text = path.read_bytes()
        return configured(text, objective) if path.name == CONFIG else text

    if single:
        return _single(sources, read)
    return firmware.exported([*needed.headers(sources), *sources], read)


def _private(texts: Mapping[str, bytes]) -> dict[str, bytes]:
    """These files with names of their own, in which what the other runtime defines differently has, too."""
    files = {name: re.sub("^(hfn|edgehfn)(?=[_.])", r"\1_small", name) for name in texts}
    ours = {name for path in firmware.runtime(assembly=True) for name in needed.source(path).defines}
    ours -= {name for path in shared() for name in needed.source(path).defines}
    either = "|".join(sorted(name.removeprefix("hfn_") for name in ours))
    names = re.compile(rf"(?<!struct )\bhfn_({either})\b(?!\.h)".encode())

    def included(found: re.Match[bytes]) -> bytes:
        return f'#include "{files[found[1].decode()]}"\n'.encode()

    return {files[name]: _LOCAL.sub(included, names.sub(rb"hfn_small_\1", text)) for name, text in texts.items()}


def _single(sources: Iterable[Path], read: Callable[[Path], bytes]) -> dict[str, bytes]:
    """The public headers as one, the C sources as one, and each assembly file with its parts in it."""
    known = {path.name: path for path in firmware.headers()}
    done: set[str] = set()
    header = _expanded(known[needed.PUBLIC], known, done, read)
    sources = [*sources]
    parts = [_expanded(path, known, done, read) for path in sources if path.suffix == ".c"]
    texts = {HEADER: header, SOURCE: b"\n".join([f'#include "{HEADER}"\n'.encode(), *parts])}
    assembly = [path for path in sources if path.suffix == ".S"]
    return texts | {firmware.exported_name(path): _expanded(path, known, set(), read) for path in assembly}


def _expanded(path: Path, known: Mapping[str, Path], done: set[str], read: Callable[[Path], bytes]) -> bytes:
    """A file with the headers that it includes in their place, each once; those that it includes under a condition are
    expanded there in any case, for what follows may need them without it."""
    lines = []
    base, depth = int(path.suffix == ".h"), 0  # a header's guard is no condition
    for line in read(path).splitlines(keepends=True):
        depth += line.startswith(b"#if") - line.startswith(b"#endif")
        found = _LOCAL.match(line)
        if found is None:
            lines.append(line)
            continue
        name = found[1].decode()
        if name not in done:
            if depth <= base:
                done.add(name)
                lines.append(_expanded(known[name], known, done, read))
            else:
                lines.append(_expanded(known[name], known, {*done}, read))
    return b"".join(lines)
