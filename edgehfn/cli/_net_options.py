"""The options that choose a net: a preset and what may be changed in it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click
from click.core import ParameterSource

from edgehfn.cli import _gnn
from edgehfn.errors import InputError

if TYPE_CHECKING:
    from edgehfn.data.gnn_sets import GraphSet
    from edgehfn.data.sets import Dataset
    from edgehfn.nn import Net

F = TypeVar("F", bound=Callable[..., Any])


def options(without: Sequence[str] = ()) -> Callable[[F], F]:
    """The options of any preset and the seed, but for those named in ``without``."""

    def decorate(command: F) -> F:
        for name, option in _options().items():
            if name not in without:
                command = option(command)
        return command

    return decorate


def _options() -> dict[str, Callable[[F], F]]:
    """Each option by its name in Python, in the reverse order of the help."""
    kinds = click.Choice(["supermask", "int8", "int4", "ternary", "binary", "float"])
    initial = click.Choice(["torch", "he-uniform", "he-normal", "xavier-uniform", "xavier-normal"])
    made = (
        click.option(
            "--seed",
            type=click.IntRange(0, 2**32 - 1),
            default=0,
            show_default=True,
            help="Seed of the signs and of training.",
        ),
        click.option(
            "--weight-init",
            type=initial,
            help="What trained weights begin with.  [default: torch; conv2 to conv8: he-normal]",
        ),
        click.option(
            "--score-init",
            type=initial,
            help="What scores begin with: as PyTorch's layers, uniform within 1/sqrt(inputs); or another.  "
            "[default: torch]",
        ),
        click.option(
            "--affine/--no-affine",
            default=None,
            help="Learn factors and offsets in norms, at no cost on the device.  [default: the preset's]",
        ),
        click.option(
            "--norms",
            type=click.Choice(["shared", "unshared", "none"]),
            help="Norms of a fold's iterations: one, one each, or (GNNs) none.  [default: unshared; GNNs: none]",
        ),
        click.option(
            "--masks",
            type=click.Choice(["shared", "unshared"]),
            help="Masks of a fold's iterations: one for all, or one each.  [default: shared]",
        ),
        click.option(
            "--freeze-over",
            type=click.Choice(["uniform", "erk", "epl"]),
            help="Rule that spreads --frozen over the layers.  [default: uniform]",
        ),
        click.option(
            "--frozen",
            metavar="F|P,L",
            help="Fraction of masked weights frozen by the seed, without mask bits; or pruned, locked.  [default: 0]",
        ),
        click.option(
            "--classifier", type=kinds, help="Kind of the last layer's weights.  [default: the preset's, mostly int8]"
        ),
        click.option(
            "--stem", type=kinds, help="Kind of the first layer's weights.  [default: the preset's, mostly int8]"
        ),
        click.option(
            "--weights",
            type=kinds,
            help="Masks over signs, or trained weights of 8, 4, 2 or 1 bits; or float32, to measure others by, "
            "not for a device.  [default: the preset's]",
        ),
        click.option(
            "--blocks",
            metavar="N[,N…]",
            help="Blocks with weights of their own, for all stages or for each.  [default: the preset's]",
        ),
        click.option(
            "--fold",
            metavar="N[,N…]",
            help="Iterations of a block, for the stages that fold or for each stage.  [default: the preset's]",
        ),
        click.option(
            "--coats",
            metavar="N|D,D…",
            help="Coats of a mask: how many, evenly below --density; or their densities.  [default: the preset's]",
        ),
        click.option(
            "--density",
            type=float,
            metavar="D",
            help="Fraction of weights that a mask keeps, in (0, 1].  [default: the preset's]",
        ),
        click.option(
            "--width",
            metavar="C[,C…]",
            help="Channels of the first stage, with the others in proportion; or of each.  [default: the preset's]",
        ),
    )
    names = (
        *("seed", "weight_init", "score_init", "affine", "norms", "masks", "freeze_over", "frozen", "classifier"),
        *("stem", "weights", "blocks", "fold", "coats", "density", "width"),
    )
    return dict(zip(names, made, strict=True))


def untrained(command: F, data: str = "") -> F:
    """The option ``--arch`` in place of a model file, with the input's shape and the number of classes, or with data
    that have both; ``data`` is what else those are for."""
    command = _gnn.options(options()(command))
    for decorate in (
        click.option(
            "--data",
            metavar="NAME|PATH[:nchw|:SIZE]",
            help=f"{data}Data set with the input's shape and the classes, in place of --input and --classes.",
        ),
        click.option(
            "--classes", type=click.IntRange(2, 65536), help="Number of classes of an --arch net.  [default: 10]"
        ),
        click.option(
            "--input",
            "shape",
            metavar="C,H,W|N",
            help="Channels, height, width of an --arch net's images; N is 3,N,N.  [default: 1,28,28 or 3,32,32]",
        ),
        click.option(
            "--arch",
            metavar="PRESET",
            help="Use an untrained preset instead of a model file; the options below change it.",
        ),
    ):
        command = decorate(command)
    return command


def check(model: Path | None, arch: str | None, options: Iterable[str]) -> None:
    """Raises UsageError unless one of both is given, and for options of ``untrained`` typed beside a model."""
    if (model is None) == (arch is None):
        raise click.UsageError("give either a model file or --arch PRESET")
    context = click.get_current_context()
    for option in context.command.params if model else ():
        if option.name in options and context.get_parameter_source(option.name) is ParameterSource.COMMANDLINE:
            raise click.UsageError(f"{option.opts[0]} is for --arch; {model} has what it was trained with")


def check_data_alone() -> None:
    """Raises UsageError if options of nets were typed beside a data set without --arch."""
    context = click.get_current_context()
    for option in context.command.params:
        typed = context.get_parameter_source(option.name or "") is ParameterSource.COMMANDLINE
        if typed and option.name not in ("data", "strict", "as_json"):
            raise click.UsageError(f"{option.opts[0]} is for --arch; give both, or --data alone")


def preset(
    arch: str, *, data: str | None, shape: str | None, classes: int | None, max_graph: str | None, **given: Any
) -> Net:
    """The net that the options of ``untrained`` describe. Raises InputError, or UsageError for too many of them."""
    if data is None:
        if max_graph is not None:
            raise click.UsageError("--max-graph is for small graphs; give them with --data, too")
        return build(arch, image_shape(shape), 10 if classes is None else classes, **given)
    if shape is not None or classes is not None:
        raise click.UsageError("--data has the input and the classes; leave out --input and --classes")
    from edgehfn import data as sets

    loaded = read_by(arch, sets.load(data))
    return build(arch, input_of(loaded, max_graph), loaded.classes, **given)


def read_by(arch: str, data: Dataset | GraphSet) -> Dataset | GraphSet:
    """The set as a preset reads it."""
    from edgehfn.data.gnn_sets import GraphSet
    from edgehfn.data.series import as_series

    return as_series(data) if arch == "tcn" and not isinstance(data, GraphSet) else data


def input_of(data: Dataset | GraphSet, max_graph: str | None, normalise: bool = False) -> Any:
    """What a net for this set reads; ``max_graph`` are limits of small graphs. Raises InputError."""
    from edgehfn import nn
    from edgehfn.data.gnn_sets import GraphSet

    if isinstance(data, GraphSet):
        return nn.graph_input(data, None if max_graph is None else _limits(max_graph))
    if max_graph is not None:
        raise InputError("--max-graph is for small graphs; leave it out")
    if data.sound is not None:
        if normalise:
            raise InputError("rows of sound have a scale of their own; leave out --normalise")
        return nn.InputSpec(data.shape, sound=data.sound)
    if normalise and data.sampled:
        raise InputError(f"--normalise is for bytes; {data.x_train.dtype} has a map for each channel anyway")
    return nn.normalised(data.x_train) if normalise else nn.sampled(data.x_train) if data.sampled else data.shape


def _limits(text: str) -> tuple[int, int, int]:
    try:
        nodes, edges, degree = (int(part) for part in text.split(","))
    except ValueError:
        raise InputError(f"--max-graph {text}: give nodes, edges, neighbours of a node, such as 32,64,12") from None
    return nodes, edges, degree


def build(arch: str, input: Any, classes: int | tuple[str, ...], **given: Any) -> Net:
    """The preset ``arch`` for images of a shape (C, H, W), or for graphs, with the options that were given.

    Raises InputError.
    """
    from edgehfn import nn

    chosen = parsed(given)
    if isinstance(input, nn.StoredGraph | nn.GraphSpec):
        return nn.graph_preset(arch, input, classes, **chosen)
    if arch in nn.GRAPH_PRESETS:
        raise InputError(f"preset {arch} is for graphs; give --data a set of graphs, such as cora")
    return nn.preset(arch, input, classes, **chosen)


def parsed(given: Mapping[str, Any]) -> dict[str, Any]:
    """The options that were given, as presets take them. Raises InputError."""
    chosen = {name: value for name, value in given.items() if value is not None}
    if "coats" in chosen:
        chosen["coats"] = _coats(chosen["coats"])
    if isinstance(chosen.get("width"), str):
        chosen["width"] = width(chosen["width"])
    for name in ("blocks", "fold"):
        if name in chosen:
            chosen[name] = _per_stage(name, chosen[name])
    if "frozen" in chosen:
        chosen["frozen"] = _frozen(chosen["frozen"])
    return chosen


def image_shape(text: str | None) -> tuple[int, int, int] | None:
    """``C,H,W`` as numbers, or ``3,N,N`` from ``N``. Raises InputError."""
    if text is None:
        return None
    if text.isdecimal():
        return 3, int(text), int(text)
    try:
        channels, height, width = (int(part) for part in text.split(","))
    except ValueError:
        raise InputError(f"--input {text}: give channels, height, width, such as 1,28,28") from None
    return channels, height, width


def _coats(text: str) -> int | tuple[float, ...]:
    """How many coats, or their densities. Raises InputError."""
    try:
        return int(text) if text.isdecimal() and int(text) > 0 else tuple(float(part) for part in text.split(","))
    except ValueError:
        raise InputError(
            f"--coats {text}: give a number of coats such as 2, or their densities such as 0.6,0.25"
        ) from None


def width(text: str) -> float | tuple[float, ...]:
    """Channels of the first stage, or of each. Raises InputError."""
    try:
        channels = tuple(float(part) for part in text.split(","))
    except ValueError:
        raise InputError(f"--width {text}: give channels such as 16, or those of each stage as 16,32,64") from None
    return channels[0] if len(channels) == 1 else channels


def _frozen(text: str) -> float | tuple[float, ...]:
    try:
        fractions = tuple(float(part) for part in text.split(","))
    except ValueError:
        raise InputError(f"--frozen {text}: give a fraction such as 0.5, or pruned and locked as 0.3,0.2") from None
    return fractions[0] if len(fractions) == 1 else fractions


def _per_stage(name: str, text: str) -> int | tuple[int, ...]:
    try:
        numbers = tuple(int(part) for part in text.split(","))
    except ValueError:
        raise InputError(f"--{name} {text}: give a number such as 2, or one a stage such as 1,2,2") from None
    return numbers[0] if len(numbers) == 1 else numbers
