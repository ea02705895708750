"""The state of an interrupted training, written whole or not at all, with a digest over all it says."""

from __future__ import annotations

import hashlib
import io
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from edgehfn import files
from edgehfn.errors import InputError
from edgehfn.model import torchfile

FORMAT = "edgehfn-checkpoint 3"

Settings = Mapping[str, str | int | float]  # what must be equal for a run to be the same run


def save(path: Path, settings: Settings, state: Mapping[str, Any]) -> None:
    """Write the checkpoint in place of the one before.

    A crash at any moment leaves the old one or the new one. Raises InputError if it cannot be written.
    """
    buffer = io.BytesIO()
    content = {"settings": dict(settings), "state": dict(state)}
    torch.save({"format": FORMAT, "digest": _digest(content), **content}, buffer)
    files.write(path, buffer.getbuffer(), durable=True, remedy="choose another checkpoint file")


def load(path: Path, settings: Settings) -> dict[str, Any] | None:
    """Return the state saved by a run with these very settings; None if there is no file.

    Raises InputError if the file is no checkpoint, is damaged, or is of a run with other settings (the first difference
    is named).
    """
    if not path.exists():
        return None
    try:
        # torch.save writes a zip; torch.load would take other files for its formats of old
        content = torchfile.read(path) if zipfile.is_zipfile(path) else None
    except (OSError, torchfile.Unreadable) as error:
        raise InputError(f"{path}: not a readable checkpoint; delete it or give another file") from error
    if not isinstance(content, dict) or content.get("format") != FORMAT:
        raise InputError(f"{path}: not a checkpoint of this version; delete it or give another file")
    saved, state = content.get("settings"), content.get("state")
    if not (isinstance(saved, dict) and isinstance(state, dict)):
        raise InputError(f"{path}: not a checkpoint of this version; delete it or give another file")
    if content.get("digest") != _digest({"settings": saved, "state": state}):
        raise InputError(f"{path}: damaged checkpoint (its digest does not match); delete it or give another file")
    for name in {**saved, **settings}:
        if saved.get(name) != settings.get(name):
            raise InputError(
                f"{path}: is of a run with {name} {saved.get(name)}, this one has {settings.get(name)}; "
                "use the same settings to resume, or give another checkpoint file"
            )
    return dict(state)


def _digest(content: object) -> str:
    digest = hashlib.sha256()

    def add(value: object) -> None:
        match value:
            case Tensor():
                whole = value.detach().cpu().contiguous().flatten()
                digest.update(f"tensor {value.dtype} {tuple(value.shape)}\n".encode())
                digest.update(whole.view(torch.uint8).numpy().data)
            case Mapping():
                digest.update(f"mapping {len(value)}\n".encode())
                for name, part in value.items():
                    add(name)
                    add(part)
            case list() | tuple():
                digest.update(f"list {len(value)}\n".encode())
                for part in value:
                    add(part)
            case _:
                digest.update(f"{value!r}\n".encode(errors="backslashreplace"))

    add(content)
    return digest.hexdigest()
