"""A calibration as a table for the terminal."""

from __future__ import annotations

from rich.table import Table

from calibrate.calibration import Calibration


def table(calibration: Calibration) -> Table:
    """Return a table of a row for each tensor: range seen, scale, percentage clipped, signal-to-noise ratio in dB."""
    title = f"{calibration.method}, {calibration.images} images"
    rows = Table("tensor", title=title, title_justify="left")
    for column in ("min", "max", "scale", "clipped %", "SNR dB"):
        rows.add_column(column, justify="right")
    for name, tensor in calibration.report.items():
        snr = "-" if tensor.snr_db is None else f"{tensor.snr_db:.1f}"
        numbers = (f"{tensor.low:.3f}", f"{tensor.high:.3f}", f"{tensor.scale:.3g}", f"{100 * tensor.clipped:.3f}", snr)
        rows.add_row(name, *numbers)
    return rows
