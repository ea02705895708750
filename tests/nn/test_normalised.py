"""Nets that read normalised bytes: the formula, its table, and the model file."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from support.pictures import pictures

import calibrate
from edgehfn import lower, nn
from edgehfn.errors import InputError
from edgehfn.model import modelfile

MEAN, DEVIATION = (0.491, 0.482, 0.447), (0.247, 0.243, 0.262)


def test_what_a_net_reads_is_what_the_formula_says() -> None:
    spec = nn.InputSpec((3, 4, 4), mean=MEAN, deviation=DEVIATION)
    raw = pictures(2, (3, 4, 4))
    for c in range(3):
        wanted = (raw[:, c] / 255 - MEAN[c]) / DEVIATION[c]
        np.testing.assert_allclose(spec.real(torch.from_numpy(raw))[:, c].numpy(), wanted, rtol=0, atol=1e-6)
        assert spec.table is not None
        row = np.array(spec.table[c])
        assert abs(row[raw[:, c]] * spec.step - wanted).max() <= spec.step / 2 + 1e-9
        assert row[round(255 * MEAN[c])] == 0
    assert spec.table is not None
    assert max(abs(entry) for row in spec.table for entry in row) == 127


@pytest.mark.parametrize(
    ("mean", "deviation"),
    [((0.5,), (0.2,)), (MEAN, ()), ((), DEVIATION), (MEAN, (0.2, 0.0, 0.2)), ((float("nan"),) * 3, DEVIATION)],
)
def test_what_is_no_normalisation_is_refused(mean: tuple[float, ...], deviation: tuple[float, ...]) -> None:
    with pytest.raises(InputError, match="each of 3 input channels"):
        nn.InputSpec((3, 4, 4), mean=mean, deviation=deviation)


def test_signed_bytes_are_not_normalised() -> None:
    with pytest.raises(InputError, match="give u8"):
        nn.InputSpec((3, 4, 4), dtype="s8", mean=MEAN, deviation=DEVIATION)


def test_a_file_keeps_it_and_integers_agree(tmp_path: Path) -> None:
    net = nn.tiny(nn.InputSpec((3, 16, 16), mean=MEAN, deviation=DEVIATION), 5)
    images = torch.from_numpy(pictures(64, (3, 16, 16)))
    net.train()(images)
    modelfile.save(net.eval(), tmp_path / "x.hfn")
    loaded = modelfile.load(tmp_path / "x.hfn")
    assert loaded.input == net.input
    assert torch.equal(loaded(images), net(images))
    graph = lower(loaded, calibrate.calibrate(loaded, [images]).scales)
    assert graph.input is not None
    assert graph.input.table == net.input.table  # type: ignore[union-attr]
