"""The lists of three channels that share sums, counted tap by tap."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest

from edgehfn.ir import ops, shared


@pytest.mark.parametrize("channels", [1, 2, 3, 4, 8])
@pytest.mark.parametrize("density", [0.0, 0.1, 0.5, 1.0])
def test_lengths_are_those_of_the_taps(channels: int, density: float) -> None:
    draw = np.random.default_rng(channels)
    counts = (draw.random(channels * 45) < density).astype(np.uint8)
    weight = ops.Supermask("w", 1, (channels, 5, 3, 3), 1, counts, seed=channels)
    found, values = shared.lengths(weight), weight.values.reshape(channels, 45)
    assert found.shape == (-(-channels // 3), 13, 2)
    for trio, each in enumerate(found):
        rows = [values[3 * trio + i] if 3 * trio + i < channels else np.zeros(45, int) for i in range(3)]
        taps = Counter(zip(*(row.tolist() for row in rows), strict=True))
        for signs, (plus, minus) in zip(shared.SIGNS, each.tolist(), strict=True):
            a, b, c = signs
            assert (plus, minus) == (taps[a, b, c], taps[-a, -b, -c])
        assert each.sum() == 45 - taps[0, 0, 0]
    one, two, three = shared.rooms(weight)
    room = {1: one, 2: two, 3: three}
    longest = [max(int(found[:, i].max()), 0) for i in range(13)]
    assert all(most <= room[sum(map(abs, signs))] for most, signs in zip(longest, shared.SIGNS, strict=True))
    assert shared.entries(weight) == sum(2 * room[sum(map(abs, signs))] for signs in shared.SIGNS)
