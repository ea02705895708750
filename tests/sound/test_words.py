"""Decisions over the outputs of runs: Python's and the runtime's, on the host under sanitizers."""

from __future__ import annotations

import subprocess
from pathlib import Path

import numpy as np
import pytest

from edgehfn.backends.c import firmware
from edgehfn.errors import InputError
from edgehfn.sound import decide

RUNS, CLASSES = 200, 5

MAIN = """
#include <stdio.h>
#include "edgehfn.h"
int main(void) {{
    static uint32_t state[HFN_SOUND_STATE(128, 1, 1, {average}, {classes}) / 4];
    const struct hfn_sound sound = {{.points = 128, .rows = 1, .bands = 1, .average = {average}, .classes = {classes}}};
    static const uint8_t thresholds[{classes}] = {{{thresholds}}};
    int8_t outputs[{classes}];
    hfn_sound_start(&sound, state);
    while (fread(outputs, 1, sizeof outputs, stdin) == sizeof outputs) {{
        printf("%d\\n", hfn_sound_decide(&sound, state, outputs, thresholds));
    }}
    return 0;
}}
"""


@pytest.mark.gcc
@pytest.mark.parametrize(("average", "classes"), [(1, 5), (3, 5), (16, 2), (4, 1)])
def test_the_device_hears_the_same(average: int, classes: int, tmp_path: Path) -> None:
    rng = np.random.default_rng(average)
    runs = rng.integers(-127, 128, (RUNS, classes)).astype(np.int8)
    runs[:: average + 1] = runs[0]  # ties, and stretches of one class
    runs[50:90] = np.roll(np.arange(classes) * 40 - 60, 1).clip(-127, 127)
    thresholds = [0, 30, 10, 255, 60][:classes]
    main = tmp_path / "main.c"
    main.write_text(MAIN.format(average=average, classes=classes, thresholds=", ".join(map(str, thresholds))))
    sources = [firmware.directory() / "src" / name for name in ("sound/sound_decide.c", "sound/sound_feed.c")]
    sources += [firmware.directory() / "src" / name for name in ("sound/sound_transform.c", "sound/sound_bands.c")]
    sources += [firmware.directory() / "src" / "core" / "fill.c"]
    flags = ["-std=c99", "-O1", "-fsanitize=address,undefined", "-fno-sanitize-recover=all", *firmware.includes()]
    command = ["gcc", *flags, str(main), *map(str, sources), "-o", str(tmp_path / "decide")]
    subprocess.run(command, check=True, cwd=tmp_path)
    done = subprocess.run([tmp_path / "decide"], input=runs.tobytes(), capture_output=True, check=True)
    found = [int(line) for line in done.stdout.split()]
    assert found == decide(runs, thresholds, average)
    assert {-1, *found} > {-1}
    assert average == 1 or -1 in found


def test_a_class_is_heard_once_until_as_many_runs_are_new() -> None:
    outputs = np.array([[0, 50, 0]] * 8, np.int8)
    assert decide(outputs, [10, 50, 10], 3) == [-1, -1, 1, -1, -1, 1, -1, -1]
    assert decide(outputs, [10, 51, 10], 3) == [-1] * 8


def test_thresholds_are_one_a_class() -> None:
    with pytest.raises(InputError, match="2 thresholds: give one for each of 3 classes"):
        decide(np.zeros((4, 3)), [1, 2], 2)
