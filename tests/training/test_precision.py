"""Which numbers ``--precision auto`` trains in."""

from __future__ import annotations

import pytest
import torch

from edgehfn.training import place


@pytest.mark.parametrize(
    ("matrices", "vectors", "held", "fast"),
    [
        (True, True, None, "bf16"),
        (True, False, None, "bf16"),
        (False, True, None, "bf16"),
        (False, False, None, "fp32"),
        (False, True, "default", "bf16"),
        (False, True, "AVX512_CORE_BF16", "bf16"),
        (True, True, "AVX512_CORE_VNNI", "fp32"),
        (True, True, "AVX2", "fp32"),
        (True, True, "sse41", "fp32"),
    ],
)
def test_auto_is_bf16_where_it_is_multiplied(
    monkeypatch: pytest.MonkeyPatch, matrices: bool, vectors: bool, held: str | None, fast: str
) -> None:
    monkeypatch.setattr(torch.cpu, "_is_amx_tile_supported", lambda: matrices, raising=False)
    monkeypatch.setattr(torch.cpu, "_is_avx512_bf16_supported", lambda: vectors, raising=False)
    if held is None:
        monkeypatch.delenv("ONEDNN_MAX_CPU_ISA", raising=False)
    else:
        monkeypatch.setenv("ONEDNN_MAX_CPU_ISA", held)
    assert place.precision(torch.device("cpu")) == fast


def test_auto_is_fp32_where_an_old_pytorch_does_not_know(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("_is_amx_tile_supported", "_is_avx512_bf16_supported"):
        monkeypatch.delattr(torch.cpu, name, raising=False)
    assert place.precision(torch.device("cpu")) == "fp32"
