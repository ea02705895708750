"""The tensors of other people's checkpoints, by the names that their nets gave them."""

from __future__ import annotations

from pathlib import Path

import torch
from torch import Tensor

from edgehfn.errors import InputError
from edgehfn.model import torchfile

WRAPPERS = (  # what torch.compile, DataParallel, Lightning and FSDP put into the names of a net they hold
    *("_orig_mod", "module", "model"),
    *("_fsdp_wrapped_module", "_checkpoint_wrapped_module"),
)
HOLDERS = ("state_dict", "model_state_dict", "model")  # names under which trainers save it


class Tensors:
    """A checkpoint's tensors by their names there, each handed out once."""

    def __init__(self, path: Path) -> None:
        self.path, state = path, _state(path)
        self.left: dict[str, Tensor] = {}
        for wrapped, value in state.items():
            name = ".".join(part for part in wrapped.split(".") if part not in WRAPPERS)
            if name in self.left:
                raise InputError(f"{path}: holds {name} twice, once as {wrapped}; save the state_dict of one net")
            self.left[name] = value

    def place(self, *names: str) -> str:
        """Return the first of these modules that the checkpoint has. Raises InputError."""
        for name in names:
            if any(key.startswith(name + ".") for key in self.left):
                return name
        raise InputError(f"{self.path}: has no {' or '.join(names)}; give the --arch that was trained")

    def take(self, name: str) -> Tensor | None:
        """Hand out a tensor; None if the checkpoint has none of this name."""
        value = self.left.pop(name, None)
        if value is None:
            return None
        if not _plain(value) or not value.numel():
            kind = f"{value.dtype} of shape {tuple(value.shape)}, {value.layout}"
            raise InputError(f"{self.path}: {name} is no plain tensor of numbers ({kind}); save it as dense float32")
        found = value.detach().float()
        if not bool(torch.isfinite(found).all()):
            raise InputError(f"{self.path}: {name} is not finite; give a checkpoint of a training that did not diverge")
        return found

    def need(self, name: str) -> Tensor:
        """Hand out a tensor. Raises InputError if it is missing."""
        value = self.take(name)
        if value is None:
            raise InputError(f"{self.path}: has no {name}; give the --arch that was trained")
        return value

    def scored(self) -> list[Tensor]:
        """All weights that scores mask, with no mask beside them."""
        places = {name.rpartition(".")[0] for name in self.left if name.endswith((".scores", ".score"))}
        found = [self.left.get(f"{place}.weight") for place in places if f"{place}.mask" not in self.left]
        return [value for value in found if value is not None and _plain(value) and value.dim() > 1]

    def close(self) -> None:
        """Raise InputError if anything that matters is left over."""
        for name in self.left:
            if not name.endswith("num_batches_tracked"):
                raise InputError(f"{self.path}: {name} has no place in this net; give the --arch that was trained")


def _plain(value: Tensor) -> bool:
    return value.layout == torch.strided and not (value.is_quantized or value.is_complex() or value.is_meta)


def _state(path: Path) -> dict[str, Tensor]:
    try:
        content = torchfile.read(path, torchfile.NUMBERS)
    except FileNotFoundError:
        raise InputError(f"{path}: no such file; give a checkpoint that torch.save wrote") from None
    except torchfile.Unreadable as error:
        raise InputError(
            f"{path}: not a checkpoint, or it holds more than tensors and numbers, which are never run; "
            "save its state_dict alone with torch.save"
        ) from error
    state = content
    for name in HOLDERS if isinstance(content, dict) else ():
        if isinstance(content.get(name), dict):
            state = content[name]
            break
    if not isinstance(state, dict) or not all(isinstance(n, str) and isinstance(v, Tensor) for n, v in state.items()):
        raise InputError(f"{path}: holds no state_dict; save that of the net with torch.save")
    return state
