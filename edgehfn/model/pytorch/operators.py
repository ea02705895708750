"""What each operator of PyTorch's becomes; one that is not in ``TRANSLATIONS`` is refused."""

from __future__ import annotations

from edgehfn.model.pytorch import pooling, shaping, weighted
from edgehfn.model.pytorch.outline import Layer, Outline, Source, Translation, Value, as_map
from edgehfn.model.pytorch.program import Program, arguments, operator_of, refuse, shape_of

TRANSLATIONS: dict[str, Translation] = {
    **dict.fromkeys(shaping.CONVOLUTIONS, weighted.convolution),
    "linear": weighted.linear,
    "batch_norm": weighted.norm,
    **dict.fromkeys(("relu", "relu6", "hardtanh", "clamp", "clamp_min"), weighted.relu),
    "add": weighted.add,
    **dict.fromkeys(("cat", "concat", "concatenate"), pooling.cat),
    "max_pool1d": pooling.max_pool,
    "max_pool2d": pooling.max_pool,
    **dict.fromkeys(("avg_pool1d", "avg_pool2d"), pooling.avg_pool),
    **dict.fromkeys(("adaptive_avg_pool1d", "adaptive_avg_pool2d"), pooling.adaptive),
    "mean": pooling.mean,
    **dict.fromkeys(shaping.RESHAPES, shaping.reshape),
    **dict.fromkeys(("dropout", "feature_dropout", "contiguous", "clone", "alias", "detach"), shaping.same),
    **dict.fromkeys(("permute", "transpose"), shaping.swapped),
    **dict.fromkeys(("pad", "constant_pad_nd"), shaping.pad),
    "slice": shaping.cut,
    **dict.fromkeys(("softmax", "log_softmax"), shaping.softmax),
}


ARITHMETIC = ("sub", "rsub", "mul", "div")


def outline(program: Program) -> Outline:
    """The layers of a program. Raises GraphError for an operator that no layer computes, by its name and line."""
    for node in program.calls:
        if operator_of(node) not in TRANSLATIONS:
            scales = operator_of(node) in ARITHMETIC
            refuse(node, "no layer computes it" + "; what scales the input belongs into input=InputSpec" * scales)
    example = shape_of(program.x)[1:]
    source = Source(Layer("input", as_map(example)), example)
    made = Outline(program, source, {program.x: Value(source.layer, example)}, {})
    for node in program.calls:
        if shape_of(node)[:1] != shape_of(program.x)[:1]:
            refuse(node, f"makes {shape_of(node)}, whose first dimension is not the batch")
        made.values[node] = TRANSLATIONS[operator_of(node)](made, node, arguments(node))
    return made
