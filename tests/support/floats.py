"""Parts of a net in floats, by the types that a test knows them to have."""

from __future__ import annotations

from torch import nn

from edgehfn.nn import Net, SupermaskConv2d, SupermaskLinear
from support.narrow import only


def masked_weight(net: Net, name: str) -> SupermaskConv2d | SupermaskLinear:
    op = net.weights[name]
    assert isinstance(op, SupermaskConv2d | SupermaskLinear)
    return op


def norms(net: Net) -> list[nn.BatchNorm2d]:
    return [only(norm, nn.BatchNorm2d) for norm in net.norms]
