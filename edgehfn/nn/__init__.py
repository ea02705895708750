"""Float nets of supermasked, foldable layers, each a list of steps over shared modules."""

from edgehfn.nn.aggregate import Aggregate, Attention, NodePool
from edgehfn.nn.cost import dense_bytes, folded_channels, mask_bits, paper_bytes, unique_weights
from edgehfn.nn.dense import DenseConv2d, DenseLinear
from edgehfn.nn.draft import Draft, Sharing
from edgehfn.nn.fold import BasicBlock, Block, Bottleneck, ConvNorm, Fold
from edgehfn.nn.frozen import Frozen, Over, freeze
from edgehfn.nn.gnn import GRAPH_PRESETS, GraphOptions, gnn, graph_preset
from edgehfn.nn.graphinput import GraphSpec, StoredGraph, graph_input
from edgehfn.nn.links import Nodes
from edgehfn.nn.net import InputSpec, Net, Op, Step, Weighted
from edgehfn.nn.pool import GlobalAvgPool, MaxPool
from edgehfn.nn.presets import (
    BLOCKS,
    PAPERS,
    PRESETS,
    Options,
    demo,
    preset,
    published,
    resnet8,
    resnet8_mlperf,
    resnet20,
    tiny,
)
from edgehfn.nn.resnet import resnet
from edgehfn.nn.search import Search, Thresholds
from edgehfn.nn.supermask import Source, SupermaskConv2d, SupermaskLinear

__all__ = [
    "BLOCKS",
    "GRAPH_PRESETS",
    "PAPERS",
    "PRESETS",
    "Aggregate",
    "Attention",
    "BasicBlock",
    "Block",
    "Bottleneck",
    "ConvNorm",
    "DenseConv2d",
    "DenseLinear",
    "Draft",
    "Fold",
    "Frozen",
    "GlobalAvgPool",
    "GraphOptions",
    "GraphSpec",
    "InputSpec",
    "MaxPool",
    "Net",
    "NodePool",
    "Nodes",
    "Op",
    "Options",
    "Over",
    "Search",
    "Sharing",
    "Source",
    "Step",
    "StoredGraph",
    "SupermaskConv2d",
    "SupermaskLinear",
    "Thresholds",
    "Weighted",
    "demo",
    "dense_bytes",
    "folded_channels",
    "freeze",
    "gnn",
    "graph_input",
    "graph_preset",
    "mask_bits",
    "paper_bytes",
    "preset",
    "published",
    "resnet",
    "resnet8",
    "resnet8_mlperf",
    "resnet20",
    "tiny",
    "unique_weights",
]
