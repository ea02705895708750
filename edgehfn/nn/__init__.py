"""Float nets of supermasked, foldable layers, each a list of steps over shared modules."""

import edgehfn.spec.jit  # noqa: F401 (first: it says why Numba cannot be imported)

# isort: split
from edgehfn.nn.adjacency import Nodes
from edgehfn.nn.blocks import BasicBlock, Block, Bottleneck, ConvNorm, Fold
from edgehfn.nn.builder import Builder, Sharing
from edgehfn.nn.frozen import Frozen, Over, freeze
from edgehfn.nn.gnn_input import GraphSpec, StoredGraph, graph_input
from edgehfn.nn.gnn_layers import Aggregate, Attention, NodePool
from edgehfn.nn.image_input import normalised
from edgehfn.nn.net import InputSpec, Net, Op, Step, Weighted
from edgehfn.nn.paper_size import dense_bytes, folded_channels, mask_bits, paper_bytes, unique_weights
from edgehfn.nn.pool import AvgPool, Concat, GlobalAvgPool, MaxPool
from edgehfn.nn.presets.gnn import GRAPH_PRESETS, GraphOptions, gnn, graph_preset
from edgehfn.nn.presets.image import (
    BLOCKS,
    PAPERS,
    PRESETS,
    Options,
    demo,
    plain_convs,
    preset,
    published,
    resnet8,
    resnet8_mlperf,
    resnet20,
    tiny,
)
from edgehfn.nn.presets.residual import resnet
from edgehfn.nn.presets.sensor import SENSOR_PRESETS
from edgehfn.nn.presets.vgg import conv_net
from edgehfn.nn.quantised import QuantisedConv2d, QuantisedLinear
from edgehfn.nn.sampled_input import sampled
from edgehfn.nn.sparsity import Search, Thresholds
from edgehfn.nn.supermask import Source, SupermaskConv2d, SupermaskLinear

__all__ = [
    "BLOCKS",
    "GRAPH_PRESETS",
    "PAPERS",
    "PRESETS",
    "SENSOR_PRESETS",
    "Aggregate",
    "Attention",
    "AvgPool",
    "BasicBlock",
    "Block",
    "Bottleneck",
    "Builder",
    "Concat",
    "ConvNorm",
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
    "QuantisedConv2d",
    "QuantisedLinear",
    "Search",
    "Sharing",
    "Source",
    "Step",
    "StoredGraph",
    "SupermaskConv2d",
    "SupermaskLinear",
    "Thresholds",
    "Weighted",
    "conv_net",
    "demo",
    "dense_bytes",
    "folded_channels",
    "freeze",
    "gnn",
    "graph_input",
    "graph_preset",
    "mask_bits",
    "normalised",
    "paper_bytes",
    "plain_convs",
    "preset",
    "published",
    "resnet",
    "resnet8",
    "resnet8_mlperf",
    "resnet20",
    "sampled",
    "tiny",
    "unique_weights",
]
