"""Clips of sound that strain a front end, and a net to go behind one."""

from __future__ import annotations

import numpy as np

from edgehfn import nn
from edgehfn.ir import Graph
from edgehfn.lowering.untrained import untrained
from edgehfn.sound import FrontEnd, mel
from edgehfn.sound.rows import Clips

BANDS = {128: 8, 256: 10, 512: 24, 1024: 48}  # of frames, at 16 kHz from 300 Hz
SHORT = mel(8000, 12, points=128, hop=96, average=3)


def graph(front: FrontEnd = SHORT, rows: int = 9, classes: int = 4) -> Graph:
    """A small net over so many rows, untrained."""
    spec = nn.InputSpec((1, rows, front.bands), sound=front)
    return untrained(nn.tiny(spec, classes, width=4))


def clips(count: int, samples: int, seed: int = 0) -> Clips:
    """Silence, full scale of either sign, saturated square waves, impulses, steps, noise of all levels, chirps."""
    rng, t = np.random.default_rng(seed), np.arange(samples)
    fixed = [np.zeros(samples), np.full(samples, -32768), np.full(samples, 32767), np.where(t % 2, 32767, -32768)]
    fixed += [np.where(t // period % 2, 32767, -32768) for period in (2, 7, 20, 64)]
    fixed += [np.where(t == at, level, 0) for at in (0, samples // 2, samples - 1) for level in (-32768, 32767, 1)]
    fixed += [rng.integers(-32768, 32768, samples) for _ in range(4)]
    while len(fixed) < count:
        level = 2.0 ** rng.uniform(-2, 16)
        noise = rng.normal(0, level, samples)
        chirp = level * np.sin(np.cumsum(rng.uniform(0, 3) * t / samples))
        fixed.append((noise, chirp, noise / 64 + chirp)[len(fixed) % 3])
    return np.stack(fixed[:count]).clip(-32768, 32767).round().astype(np.int16)
