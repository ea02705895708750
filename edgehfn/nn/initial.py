"""What a search begins with: the values that scores and trained weights have before the first step, from a seed."""

from __future__ import annotations

from math import sqrt
from typing import Literal, assert_never, get_args

import torch
from torch import Tensor
from torch.nn import init

from edgehfn.errors import InputError

Initial = Literal["torch", "he-uniform", "he-normal", "xavier-uniform", "xavier-normal"]


def draw(values: Tensor, initial: Initial, seed: int) -> Tensor:
    """Fill a weight ``(O, I, …)`` in place and return it.

    ``torch``: as PyTorch's own layers begin, and the scores of Ramanujan et al., uniform within ±1/sqrt(fan_in). ``he``
    has the variance 2/fan_in, which layers with a ReLU and no norm need; ``xavier`` 2/(fan_in + fan_out).
    """
    given = torch.Generator().manual_seed(seed)
    match initial:
        case "torch":
            init.kaiming_uniform_(values, a=sqrt(5), generator=given)
        case "he-uniform":
            init.kaiming_uniform_(values, nonlinearity="relu", generator=given)
        case "he-normal":
            init.kaiming_normal_(values, nonlinearity="relu", generator=given)
        case "xavier-uniform":
            init.xavier_uniform_(values, generator=given)
        case "xavier-normal":
            init.xavier_normal_(values, generator=given)
        case _:
            assert_never(initial)
    return values


def check_initial(name: str, initial: str) -> None:
    """Raise InputError for a word that ``draw`` does not know."""
    if initial not in get_args(Initial):
        raise InputError(f"{name} {initial!r:.60} is unknown; use {', '.join(get_args(Initial))}")
