"""Every way to run a graph, by name: all give the same bytes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, cast

import numpy as np
import numpy.typing as npt

from edgehfn import target
from edgehfn.data.pictures import Pictures
from edgehfn.errors import InputError, ToolError
from edgehfn.ir import Graph, Plan, plan
from edgehfn.ir.inputs import Raw, checked
from edgehfn.sound import features
from edgehfn.spec.objective import Objective
from edgehfn.spec.raw import raw_type, to_raw
from edgehfn.target import sound as hearing
from edgehfn.target.address import FORM, is_address
from edgehfn.target.address import parse as address
from edgehfn.target.architecture import RISCV
from edgehfn.target.build import HOST
from edgehfn.target.execute import Int8, Observe
from edgehfn.target.hosted import HOSTED
from edgehfn.target.plugged import NAME, is_plugged
from edgehfn.target.plugged import checked as plugged
from edgehfn.target.toolchain import available, install

PYTORCH = "pytorch"
EMULATOR = "emulator"
INTERPRETERS = (PYTORCH, EMULATOR)  # run the graph itself: no C, no plan
MACHINES = (PYTORCH, EMULATOR, HOST, *target.CORES)


def run(
    graph: Graph,
    raw: Raw,
    on: str = EMULATOR,
    observe: Observe | None = None,
    objective: Objective | None = None,
    ram: int | None = None,
    rows: bool = False,
) -> Int8:
    """Run raw images, uint8, int8 or int16 ``(N, *raw_shape)``; returns the outputs, int8 ``(N, *output.shape)``.

    ``on``: ``pytorch`` (integers), ``emulator`` (Numba), ``host`` (C on this computer), ``host-sanitized`` (the same
    under sanitizers), a core, in QEMU, or ``gdb://HOST:PORT``, a board behind a GDB server. ``observe`` receives every
    node's name and int8 bytes ``(N, *shape)``.
    ``objective``, ``ram`` and ``rows``, of the C: as of ``edgehfn.plan``. Raises InputError for other machines or
    images, GraphError if nothing fits ``ram``, ToolError where a compiler or QEMU is missing or fails.
    """
    return run_planned(graph, planned(graph, (on,), objective, ram, rows), raw, on, observe)


def planned(
    graph: Graph,
    on: Sequence[str],
    objective: Objective | None = None,
    ram: int | None = None,
    rows: bool = False,
) -> Plan | None:
    """Return the plan of the C that machines run, as of ``edgehfn.plan``; None if none runs any, and none has to fit
    ``ram``."""
    own(graph)
    return None if ram is None and {*on} <= {*INTERPRETERS} else plan(graph, objective, ram=ram, rows=rows)


def run_planned(graph: Graph, how: Plan | None, raw: Raw, on: str = EMULATOR, observe: Observe | None = None) -> Int8:
    """Do the same by a plan of one's own; those that are no C need none.

    Of a model for sound ``raw`` may be clips, int16 ``(N, samples)``; ToolError if a machine makes other rows of them.
    """
    own(graph)
    raw = as_raw(raw)
    if graph.sound is not None and raw.dtype == np.int16:
        clips = hearing.fitting(graph, raw)
        raw = features(graph.sound, clips)[:, None]
        if on not in INTERPRETERS:
            heard = hearing.hear(graph, clips, on, how)
            if not np.array_equal(heard.rows[:, None], raw):
                raise ToolError(
                    f"{on}: rows of sound differ from the emulator's; report it with the model and the clip"
                )
            if observe is None:
                return heard.outputs.reshape(-1, *graph.output.shape)
    match on:
        case "pytorch":
            from edgehfn.backends import reference  # imports PyTorch, which nothing else here needs

            return reference.run(graph, raw, observe)
        case "emulator":
            from edgehfn.backends.emulator.images import emulate

            return emulate(graph, raw, observe)
        case _:
            return target.run_planned(graph, how or plan(graph), checked(graph, raw), on, observe)


def own(graph: object) -> Graph:
    """Return an integer graph as it is. Raises InputError for what is none, such as a float net."""
    if not isinstance(graph, Graph):
        raise InputError(f"{type(graph).__name__} is no integer graph; give what edgehfn.lower returns")
    return graph


def as_raw(raw: npt.ArrayLike) -> Raw:
    """Return raw inputs in plain memory, whatever its order was. Raises InputError for what is no array."""
    try:
        found: Raw = np.ascontiguousarray(raw)
    except (ValueError, TypeError, RuntimeError) as error:
        raise InputError(f"input: {type(raw).__name__} is no array ({error}); give a NumPy array") from error
    return found


def parse(words: str) -> tuple[str, ...]:
    """Return machines from ``all`` or from a list with commas. Raises InputError naming those that exist."""
    if words == "all":
        return MACHINES
    names = tuple(dict.fromkeys(word.strip() for word in words.split(",") if word.strip()))
    known = (*MACHINES, *(machine.name for machine in (*target.BOARDS, *HOSTED)))
    for name in names:
        if is_plugged(name):
            plugged(name)
        elif is_address(name):
            address(name)
        elif name not in known:
            raise InputError(
                f"no machine is called {name!r}; there are all, {', '.join(dict.fromkeys(known))}, {NAME}, {FORM}"
            )
    if not names:
        raise InputError(f"no machine given; there are all, {', '.join(dict.fromkeys(known))}")
    return names


def at_hand(names: Sequence[str]) -> tuple[tuple[str, ...], str | None]:
    """Return these machines without those of RISC-V, and what to install, where its tools are missing.

    Who has parts by Arm alone needs no other tools; where Arm's are missing, running says so.
    """
    riscv = {board.name for board in target.BOARDS if board.architecture == RISCV}
    missing = [name for name in RISCV.tools if not available(name)]
    if not missing or not riscv & {*names}:
        return tuple(names), None
    return tuple(name for name in names if name not in riscv), install(*missing)


def raw(graph: Graph, images: npt.NDArray[Any] | Pictures) -> Raw:
    """Return images ``(N, C, H, W)`` in the order of the graph's sensor; floats, where it has units for them, as the
    samples that they are. Raises InputError if they do not fit it."""
    source = own(graph).input
    images = images if isinstance(images, Pictures) else np.asarray(images)  # pictures stay unread
    if source is None or source.topology is not None:
        raise InputError("the model reads a graph, these are images; give the data it was trained on")
    if source.units is not None and images.dtype.kind == "f" and images.shape[1:] == source.shape:
        images = to_raw(np.asarray(images), source.units)
    if images.shape[1:] != source.shape or raw_type(images.dtype) != source.dtype:
        raise InputError(
            f"the model reads {source.dtype} images of C,H,W {source.shape}, these are {raw_type(images.dtype)} "
            f"{images.shape[1:]}; give the data it was trained on"
        )
    if isinstance(images, Pictures):
        return cast("npt.NDArray[np.uint8]", replace(images, order=source.order))
    return np.ascontiguousarray(images.transpose(0, 2, 3, 1)) if source.order == "hwc" else images


def classes(outputs: Int8) -> npt.NDArray[np.int64]:
    """Return the class of each output ``(N, classes)``: the smallest index among the largest elements, ``(N,)``."""
    chosen: npt.NDArray[np.int64] = outputs.reshape(len(outputs), -1).argmax(1)
    return chosen
