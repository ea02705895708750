"""Plain convolutional nets without norms: Conv-2 to Conv-8, on which hidden networks were first shown."""

from __future__ import annotations

from collections.abc import Sequence

from edgehfn.errors import InputError
from edgehfn.nn.builder import Builder, Weights
from edgehfn.nn.frozen import Frozen, Over, freeze
from edgehfn.nn.initial import Initial
from edgehfn.nn.net import InputSpec, Net
from edgehfn.nn.presets.residual import WEIGHTS, choose, class_names

CONVS = {"conv2": (64,), "conv4": (64, 128), "conv6": (64, 128, 256), "conv8": (64, 128, 256, 512)}
PAIR = 2  # convolutions before each pool
HIDDEN = 4  # times the first stage's channels, that the two hidden linear layers have: 256


def conv_net(
    input: tuple[int, int, int] | InputSpec,
    classes: int | Sequence[str],
    *,
    widths: Sequence[int],
    coats: Sequence[float] = (0.5,),
    weights: Weights = "supermask",
    stem: Weights | None = None,
    classifier: Weights | None = None,
    frozen: Frozen = 0.0,
    freeze_over: Over = "uniform",
    score_init: Initial = "torch",
    weight_init: Initial = "he-normal",
    seed: int = 0,
) -> Net:
    """Build a net for raw images of shape (C, H, W): for each width two 3x3 convolutions and a max pool over 2x2, then
    linear layers of four times the first width, twice, and of the classes.

    Every layer but the last has a ReLU and none a norm, so a mask's magnitude, which keeps the variance, decides how
    the net learns. Trained weights have biases, and begin with that variance by ``weight_init``. ``weights`` are of one
    kind, unless the first and the last layer, ``stem`` and ``classifier``, have their own. Raises InputError for an
    option out of range, GraphError for an input too small.
    """
    for name, kind in (("weights", weights), ("stem", stem), ("classifier", classifier)):
        if kind is not None or name == "weights":
            choose(name, str(kind), WEIGHTS)
    if not widths or min(widths) < 1:
        raise InputError(f"widths {tuple(widths)}: give at least one, each 1 or more")
    names = class_names(classes)
    spec = input if isinstance(input, InputSpec) else InputSpec(input)
    builder = Builder(
        spec, seed, tuple(coats), norms="none", weights=weights, score_init=score_init, weight_init=weight_init
    )
    for stage, width in enumerate(widths, start=1):
        for number in range(PAIR):
            first = stage == 1 and number == 0
            builder.conv("stem" if first else f"stage{stage}.{number}", width, 3, kind=stem if first else None)
        builder.max_pool(f"pool{stage}", 2, 2)
    for number in range(2):
        builder.linear(f"hidden{number}", HIDDEN * widths[0], relu=True)
    builder.linear("classifier", len(names), kind=classifier)
    net = builder.net(names)
    freeze(net, frozen, freeze_over)
    return net
