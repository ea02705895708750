"""Float nets of supermasked, foldable layers, as a list of steps over shared modules."""

from edgehfn.nn.dense import DenseConv2d, DenseLinear
from edgehfn.nn.fold import BasicBlock, Block, Bottleneck, ConvNorm, Draft, Fold
from edgehfn.nn.net import InputSpec, Net, Op, Step, Weighted
from edgehfn.nn.pool import GlobalAvgPool, MaxPool
from edgehfn.nn.supermask import SupermaskConv2d, SupermaskLinear

__all__ = [
    "BasicBlock",
    "Block",
    "Bottleneck",
    "ConvNorm",
    "DenseConv2d",
    "DenseLinear",
    "Draft",
    "Fold",
    "GlobalAvgPool",
    "InputSpec",
    "MaxPool",
    "Net",
    "Op",
    "Step",
    "SupermaskConv2d",
    "SupermaskLinear",
    "Weighted",
]
