"""A short training on images."""

from __future__ import annotations

from typing import Any

from edgehfn.nn import Net
from edgehfn.training.images import History, train
from support.toys import small, toy


def trained(**options: Any) -> tuple[Net, History]:
    net = small()
    return net, train(net, toy(), **{"epochs": 3, "batch": 50, "device": "cpu", **options})
