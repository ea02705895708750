"""``--rows`` from the command line: written, run, compared, counted and sized as one and the same plan."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.commands import result_of


@pytest.mark.gcc
@pytest.mark.qemu
def test_images_that_come_in_rows(digits: Path, tmp_path: Path) -> None:
    made = result_of("compile", digits, "--name", "kws", "-o", tmp_path, "--rows")
    header = (tmp_path / "kws.h").read_text()
    assert "int kws_feed(uint32_t *arena, const uint8_t *row);" in header
    assert "kws_run" not in header
    size = result_of("size", digits, "--rows")
    assert made["arena"] == size["total_ram"]
    agreed = result_of("verify", digits, "--data", "digits", "--on", "host,cortex-m0", "--limit", 2, "--rows")
    assert agreed["mismatches"] == 0
    assert result_of("run", digits, "--data", "digits", "--on", "cortex-m4", "--limit", 2, "--rows")["images"] == 2
    counted = result_of("bench", digits, "--rows")["instructions"]
    assert counted == pytest.approx(size["predicted_instructions"], rel=0.05)
    assert counted != result_of("bench", digits)["instructions"]
