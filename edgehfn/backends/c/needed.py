"""Which files of the runtime a model calls for: what each defines and uses is read from its text.

The house's layout makes that reliable: definitions begin in the first column, and every name that files share begins
with ``hfn_``. tests/c/test_needed.py holds it against the compilers' symbols.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path
from typing import NamedTuple

from edgehfn.backends.c import firmware
from edgehfn.ir import Graph

PUBLIC = "edgehfn.h"  # what generated code includes
UNNAMED = ("multiply_riscv.S",)  # what compilers call without a name in the text: on a core of its kind, else empty

_COMMENT = re.compile(r"/\*.*?\*/", re.DOTALL)
_PROTOTYPE = re.compile(r"^[A-Za-z_][^;{}#=]*\([^;{}]*\);\n", re.MULTILINE)
_DEFINED = re.compile(
    r"^(?!.*\bstatic\b)(?:[\w*]+[ *]+)+?(hfn_\w+)\([^;{}]*\) \{|^HFN_\w+\((hfn_\w+)[,)]", re.MULTILINE
)
_ENTRY = re.compile(r"^\s*(?:entry|function) (hfn_\w+)", re.MULTILINE)
_USED = re.compile(r"(?<!struct )\bhfn_\w+")
_SMALL = re.compile(r"#if HFN_ISA_SMALL .*|\bHFN_(?:CORE|ISA_SMALL)\b")
_INCLUDE = re.compile(r'^#include "([^"]+)"', re.MULTILINE)


class Source(NamedTuple):
    """A file's names: functions that it defines for others, and all that it mentions with its private headers."""

    defines: frozenset[str]
    uses: frozenset[str]


def sources(called: Iterable[str], *, small: bool) -> list[Path]:
    """The files that define these functions and all that they call in turn, in the order of ``firmware.runtime``.

    ``small``: for a runtime with ``HFN_SMALL`` 1, which has little assembly.
    """
    every = firmware.runtime(assembly=True)
    files = [path for path in every if _concerns(path, small)]
    wanted, found = {*called}, {path for path in every if path.name in UNNAMED}
    while more := [path for path in files if path not in found and source(path).defines & wanted]:
        found.update(more)
        wanted.update(*(source(path).uses for path in more))
    return [path for path in every if path in found]


def selftest(graph: Graph) -> list[str]:
    """What a model's self-test calls besides its nodes."""
    over_graphs = graph.input is not None and graph.input.topology is not None
    return ["hfn_crc32", *(["hfn_golden_input"] * (graph.input is not None)), *(["hfn_golden_graph"] * over_graphs)]


def headers(of: Iterable[Path]) -> list[Path]:
    """The headers that these files include, and their headers, in the order of ``firmware.headers``."""
    known = {path.name: path for path in firmware.headers()}
    left, found = [*of, known[PUBLIC]], set[Path]()
    while left:
        path = left.pop()
        found.add(path)
        left += [known[name] for name in included(path) if known[name] not in found]
    return [path for path in known.values() if path in found]


@cache
def included(path: Path) -> tuple[str, ...]:
    """The names of the headers of ours that a file includes itself."""
    return tuple(_INCLUDE.findall(path.read_text(encoding="utf-8")))


@cache
def source(path: Path) -> Source:
    """What a file defines and uses."""
    text = _code(path)
    defined = _ENTRY.findall(text) if path.suffix == ".S" else [a or b for a, b in _DEFINED.findall(text)]
    private = (header for header in headers([path]) if header.parent.name != "include")
    uses = {name for part in (text, *map(_code, private)) for name in _USED.findall(_PROTOTYPE.sub("", part))}
    return Source(frozenset(defined), frozenset(uses))


def _code(path: Path) -> str:
    return _COMMENT.sub("", path.read_text(encoding="utf-8"))


@cache
def _concerns(path: Path, small: bool) -> bool:
    """Whether anything of a file is left in such a runtime, or all of it stands under ``#if`` of the other one."""
    code = _code(path)
    lines = [line for line in code.splitlines() if line.strip() and not line.startswith("#include")]
    if (
        path.suffix == ".S"
    ):  # of the large one, unless it names what there is in the small one; alone, if that comes first
        return bool(_SMALL.search(code)) if small else not _SMALL.fullmatch(lines[0])
    return not lines or lines[0] != f"#if {'!' * small}HFN_SMALL" or any(depth == 0 for depth in _depths(lines[:-1]))


def _depths(lines: Iterable[str]) -> Iterator[int]:
    """How many ``#if`` are open behind each line; ``#else`` of the outermost one counts as none."""
    depth = 0
    for line in lines:
        depth += line.startswith("#if") - line.startswith("#endif")
        yield 0 if depth == 1 and line.startswith("#e") and not line.startswith("#endif") else depth
