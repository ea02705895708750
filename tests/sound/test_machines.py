"""Sound on the host and on cores: every byte of rows and outputs, and the same instructions whatever is heard."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from support import c_batch, sounds

from edgehfn import emulate, selftest
from edgehfn.backends import c
from edgehfn.errors import GraphError, InputError
from edgehfn.ir import Graph, plan
from edgehfn.sound import features, mel
from edgehfn.sound.front_end import POINTS
from edgehfn.spec.objective import Objective
from edgehfn.target import sound
from edgehfn.target.timing import Memory

CORES = ("cortex-m0", "cortex-m3", "cortex-m4", "cortex-m55", "rv32imc", "rv32ec")


def check(graph: Graph, on: str, count: int, objective: Objective = "speed") -> None:
    assert graph.sound is not None
    clips = sounds.clips(count, sound.clip(graph))
    rows = features(graph.sound, clips)
    heard = sound.hear(graph, clips, on, plan(graph, objective))
    np.testing.assert_array_equal(heard.rows, rows)
    np.testing.assert_array_equal(heard.outputs, emulate(graph, rows[:, None]).reshape(count, -1))


@pytest.mark.gcc
@pytest.mark.parametrize(("points", "objective"), [(256, "flash"), *((points, "speed") for points in POINTS)])
def test_sanitized_on_the_host(points: int, objective: Objective) -> None:
    front = mel(16000, sounds.BANDS[points], points=points, hop=points - points // 3, low=300)
    check(sounds.graph(front, rows=5), "host-sanitized", 100, objective)


@pytest.mark.qemu
@pytest.mark.parametrize("on", CORES)
def test_on_cores(on: str) -> None:
    check(sounds.graph(), on, 100 if on != "rv32ec" else 25)


@pytest.mark.qemu
@pytest.mark.parametrize("on", ["cortex-m0", "cortex-m4"])
def test_small_code_on_cores(on: str) -> None:
    check(sounds.graph(), on, 30, "flash")


@pytest.mark.qemu
@pytest.mark.parametrize("objective", ["speed", "flash"])
@pytest.mark.parametrize("on", ["cortex-m0", "cortex-m4", "rv32imc"])
def test_every_row_takes_the_same_instructions(on: str, objective: Objective) -> None:
    """Of silence and of noise at full scale."""
    graph = sounds.graph()
    how = plan(graph, objective)
    clips = sounds.clips(20, sound.clip(graph))[::4]
    quiet, *others = (sound.count_row(graph, on, how, clip[None]) for clip in clips)
    assert {*others} == {quiet}


@pytest.mark.qemu
def test_a_row_is_estimated_in_cycles_too() -> None:
    graph = sounds.graph()
    counted = sound.count_row(graph, "cortex-m0")
    estimate = sound.count_row(graph, "cortex-m0", memory=Memory())
    assert counted < estimate < sound.count_row(graph, "cortex-m0", memory=Memory(3, 8, 16))


@pytest.mark.gcc
def test_the_self_test_finds_a_front_end_that_was_changed() -> None:
    assert selftest(sounds.graph())


def test_sound_is_not_fed_by_rows() -> None:
    with pytest.raises(GraphError, match="leave out --rows"):
        plan(sounds.graph(), rows=True)


def test_other_clips_are_refused() -> None:
    graph = sounds.graph()
    with pytest.raises(InputError, match=f"takes int16 of \\(N, {sound.clip(graph)}\\)"):
        sound.fitting(graph, np.zeros((2, 10), np.int16))


@pytest.mark.gcc
def test_the_example_compiles_and_is_that_of_the_page(tmp_path: Path) -> None:
    graph = sounds.graph(classes=10)
    for name, text in c.emit(graph, plan(graph), "words").items():
        (tmp_path / name).write_text(text)
    example = c_batch.FIRMWARE / "example" / "sound.c"
    include = [f"-I{c_batch.FIRMWARE / 'include'}", "-I."]
    c_batch.call(["gcc", *c_batch.WARNINGS, *include, "-c", str(example), "words.c"], tmp_path)
    page = (c_batch.FIRMWARE.parent / "docs" / "SOUND.md").read_text(encoding="utf-8")
    assert f"```c\n{example.read_text(encoding='utf-8')}```\n" in page
