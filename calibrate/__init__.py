"""Post-training calibration: real images in, one scale a tensor out (docs/SPEC.md sections 3 and 7.2)."""

from calibrate.calibration import Calibration, TensorReport, load, load_for
from calibrate.net import batches, calibrate
from calibrate.report import table

__all__ = ["Calibration", "TensorReport", "batches", "calibrate", "load", "load_for", "table"]
