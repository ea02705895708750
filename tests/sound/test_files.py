"""From WAV files to words on machines, and what sound costs besides the net."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from support import sounds

from edgehfn import emulate, plan
from edgehfn.cost.footprint import footprint
from edgehfn.data.sounds import placed
from edgehfn.errors import InputError
from edgehfn.evaluation.machines import run
from edgehfn.evaluation.predict import predict
from edgehfn.sound import features
from edgehfn.target import sound

soundfile = pytest.importorskip("soundfile", reason="soundfile is not installed")


@pytest.mark.gcc
def test_words_of_wav_files_are_the_same_on_the_host(tmp_path: Path) -> None:
    graph = sounds.graph()
    assert graph.sound is not None
    paths = [tmp_path / f"{number}.wav" for number in range(6)]
    recordings = [clip[: 500 + 300 * number] for number, clip in enumerate(sounds.clips(30, 3000)[24:])]
    for path, recording in zip(paths, recordings, strict=True):
        soundfile.write(str(path), recording, 8000, subtype="PCM_16")
    clips = np.stack([placed(recording, sound.clip(graph)).astype(np.int16) for recording in recordings])
    wanted = emulate(graph, features(graph.sound, clips)[:, None]).reshape(6, -1)
    for machine in ("emulator", "host"):
        found = predict(graph, paths, machine)
        assert found.names == tuple(map(str, paths))
        np.testing.assert_array_equal(found.outputs, wanted)
    nodes: dict[str, bytes] = {}
    run(graph, clips, "host", lambda name, values: nodes.update({name: values.tobytes()}))
    assert nodes[graph.output.name] == wanted.tobytes()


def test_a_file_of_another_rate_is_refused(tmp_path: Path) -> None:
    soundfile.write(str(tmp_path / "a.wav"), np.zeros(3000, np.int16), 16000, subtype="PCM_16")
    with pytest.raises(InputError, match="the model hears 8000"):
        predict(sounds.graph(), [tmp_path / "a.wav"])


@pytest.mark.qemu
def test_ram_has_the_state_of_sound() -> None:
    graph = sounds.graph()
    assert graph.sound is not None
    found = footprint(graph, "cortex-m0")
    assert found.measured is not None
    state = graph.sound.state(9, 4)
    assert found.predicted.total_ram == found.measured.sizes.total_ram == plan(graph).size + state
    assert found.measured.sizes.stack <= found.measured.stack_bound
