"""A module of plain PyTorch in a user's own Python file, which is run because the user names it."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from edgehfn.cli._common import command
from edgehfn.errors import EdgeHFNError, InputError

if TYPE_CHECKING:
    from torch import nn

    from edgehfn.nn import InputSpec, Net
    from edgehfn.nn.builder import Weights

MARK = ".py:"  # between a file and what it defines


def named(checkpoint: Path) -> tuple[Path, str] | None:
    """The file and the name of ``FILE.py:NAME``; None of anything else."""
    file, mark, name = str(checkpoint).rpartition(MARK)
    return (Path(f"{file}.py"), name) if mark and name.isidentifier() else None


def loaded(file: Path, name: str, weights_file: Path | None) -> nn.Module:
    """The module that a class or a function of a file makes, with the weights of a state_dict.

    Raises InputError for a file that cannot be run, has no such name, or makes no module, and for other weights.
    """
    from torch import nn

    spec = importlib.util.spec_from_file_location(file.stem, file)
    if spec is None or spec.loader is None or not file.is_file():
        raise InputError(f"{file}: there is no such file; give the one that defines {name}")
    python = importlib.util.module_from_spec(spec)
    sys.path.insert(0, str(file.parent))  # it may import what lies beside it
    try:
        spec.loader.exec_module(python)
        made = getattr(python, name)
        module = made if isinstance(made, nn.Module) else made()
    except Exception as error:  # whatever a user's own code raises
        raise InputError(
            f"{file}:{name}: {type(error).__name__}: {error!s:.160}; mend it, or give another name"
        ) from error
    finally:
        sys.path.remove(str(file.parent))
    if not isinstance(module, nn.Module):
        raise InputError(
            f"{file}:{name} makes {type(module).__name__}; give a class or function that makes an nn.Module"
        )
    if weights_file is not None:
        _fill(module, weights_file)
    return module


def taken(module: nn.Module, spec: InputSpec, weights: Weights, classes: tuple[str, ...] | None) -> Net:
    """The net of a module that reads images ``(N, C, H, W)``, or of one row also series ``(N, C, L)`` or vectors.

    Raises what ``from_torch`` raises for the first of these.
    """
    import torch

    from edgehfn import from_torch

    channels, height, width = spec.shape
    shapes = [(1, *spec.shape), *[(1, channels, width)] * (height == 1), *[(1, width)] * (channels == height == 1)]
    refused: EdgeHFNError | None = None
    for shape in shapes:
        try:
            return from_torch(module, torch.zeros(shape), weights=weights, input=spec, classes=classes)
        except EdgeHFNError as error:
            refused = refused or error
    assert refused is not None
    raise refused


def _fill(module: nn.Module, place: Path) -> None:
    from edgehfn.model import torchfile

    try:
        state = torchfile.read(place)
    except FileNotFoundError:
        raise InputError(f"{place}: there is no such file; give the state_dict that torch.save wrote") from None
    except torchfile.Unreadable as error:
        raise InputError(f"{place}: cannot be read ({error!s:.120}); save module.state_dict()") from None
    inner = state.get("state_dict", state) if isinstance(state, Mapping) else None
    if not isinstance(inner, Mapping):
        raise InputError(f"{place}: holds no state_dict; save module.state_dict()")
    try:
        module.load_state_dict(inner)
    except (RuntimeError, TypeError, AttributeError) as error:
        told = " ".join(str(error).split())
        raise InputError(
            f"{command('--weights-file', place)}: {told:.160}; give the weights of this very module"
        ) from None
