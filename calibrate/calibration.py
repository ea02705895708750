"""The result of a calibration and its file, ``.cal.json`` (docs/SPEC.md section 7.2)."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

from edgehfn import files
from edgehfn.errors import InputError
from edgehfn.spec.limits import CALIBRATION_VERSION, LARGEST_SCALE, SMALLEST_SCALE, WORD

FORMAT = "edgehfn-calibration"


@dataclass(frozen=True)
class TensorReport:
    """One tensor: its scale, and what that scale does to the values observed."""

    scale: float  # real value of one integer step
    low: float  # smallest and largest value seen
    high: float
    clipped: float  # fraction of the values beyond 127 steps, 0..1
    snr_db: float | None  # signal to quantisation noise; None where there is no noise, or no signal


@dataclass(frozen=True)
class Calibration:
    """A scale for every tensor of one net, by name.

    ``model`` is its model file's digest, empty for a net never saved.
    """

    model: str
    method: str
    images: int
    report: Mapping[str, TensorReport]
    threshold: int | None = None  # of a score of anomaly; one over it is odd

    @property
    def scales(self) -> dict[str, float]:
        """Tensor name → real value of one integer step."""
        return {name: tensor.scale for name, tensor in self.report.items()}

    def save(self, path: str | Path) -> None:
        """Write sorted JSON, whole or not at all. Raises InputError if the place cannot be written."""
        content = {
            "format": FORMAT,
            "version": CALIBRATION_VERSION,
            "model": self.model,
            "method": self.method,
            "images": self.images,
            "tensors": {name: asdict(tensor) for name, tensor in self.report.items()},
            **({} if self.threshold is None else {"threshold": self.threshold}),
        }
        text = json.dumps(content, indent=1, sort_keys=True, allow_nan=False) + "\n"
        files.write(Path(path), text, remedy="choose another place")


def load(path: str | Path) -> Calibration:
    """Read a calibration. Raises InputError if the file is missing, is no calibration, or is damaged."""
    path = Path(path)
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror}); calibrate the model first") from error
    except (ValueError, RecursionError) as error:
        raise InputError(f"{path}: not JSON, so no calibration; calibrate the model again") from error
    if not isinstance(content, dict) or content.get("format") != FORMAT:
        raise InputError(f"{path}: not a calibration file; calibrate the model to get one")
    if content.get("version") != CALIBRATION_VERSION:
        raise InputError(
            f"{path}: is version {content.get('version')}, this reads {CALIBRATION_VERSION}; calibrate the model again"
        )
    try:
        report = {str(name): _tensor(entry) for name, entry in content["tensors"].items()}
        model, method, images = content["model"], content["method"], content["images"]
        threshold = content.get("threshold")
        if threshold is not None and not (type(threshold) is int and 0 <= threshold < WORD):
            raise ValueError(f"threshold = {threshold!r:.60}")
        if not (isinstance(model, str) and isinstance(method, str) and type(images) is int and images >= 0):
            raise ValueError("model, method or images")
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise InputError(f"{path}: damaged at {error}; calibrate the model again") from error
    return Calibration(model, method, images, report, threshold)


def load_for(path: str | Path, model_path: str | Path, digest: str) -> Calibration:
    """Read the calibration of the model file with this digest. Raises InputError also if it belongs to another one."""
    calibration = load(path)
    if calibration.model != digest:
        raise InputError(f"{path}: belongs to another model than {model_path}; calibrate {model_path} again")
    return calibration


def _tensor(entry: Any) -> TensorReport:
    """One tensor's entry; what is not a number of the right kind raises ValueError, TypeError or KeyError."""
    values = {field.name: entry[field.name] for field in fields(TensorReport)}
    for name, value in values.items():
        if value is None and name == "snr_db":
            continue
        if type(value) not in (int, float) or not abs(value) <= sys.float_info.max:
            raise ValueError(f"{name} = {value!r:.60}")
    tensor = TensorReport(**values)
    if not SMALLEST_SCALE <= tensor.scale <= LARGEST_SCALE:
        raise ValueError(f"scale = {tensor.scale!r:.60}")
    return tensor
