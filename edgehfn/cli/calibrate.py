"""``calibrate``: the scales of a model, beside it."""

from __future__ import annotations

from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from edgehfn import files
from edgehfn.cli._common import Real, Result, as_json, emit, example, force, note, show
from edgehfn.errors import InputError

if TYPE_CHECKING:
    from calibrate import Calibration
    from edgehfn.nn import Net


@click.command(
    short_help="Choose the scale of every tensor.",
    epilog=example(
        "edgehfn calibrate kws.hfn --data fashion-mnist\nedgehfn calibrate kws.hfn --data mine.npz --method mse"
    ),
)
@click.argument("model", type=click.Path(path_type=Path))
@click.option(
    "--data",
    required=True,
    metavar="NAME|PATH[:nchw|:SIZE]",
    help="Data set whose training part, or one graph, is observed; as for train, :nchw where its images are N,C,H,W.",
)
@click.option(
    "--method",
    type=click.Choice(["minmax", "percentile", "mse"]),
    default="minmax",
    show_default=True,
    help="Rule for the range of a tensor: all values, a percentile, or the least squared error.",
)
@click.option(
    "--percentile",
    type=Real(50, 100),
    help="Percent of magnitudes that --method percentile does not clip.  [default: 99.99]",
)
@click.option(
    "--images",
    type=click.IntRange(1),
    default=1024,
    show_default=True,
    help="Training images, small graphs or samples, to observe; images evenly spread over the set.",
)
@click.option(
    "--false-alarms",
    type=Real(0, 1, max_open=True),
    default=0.02,
    show_default=True,
    help="Of a model for anomalies: part of the normal inputs held back that may be over the threshold.",
)
@force
@as_json
def calibrate(
    model: Path,
    data: str,
    method: Any,
    percentile: float | None,
    images: int,
    false_alarms: float,
    as_json: bool,
) -> Result:
    """Choose the scale of every tensor of MODEL from real data.

    X.hfn gets X.cal.json beside it, where every later command finds it.
    """
    import calibrate as calibration
    from edgehfn import data as sets
    from edgehfn.data.gnn_sets import GraphSet
    from edgehfn.data.series import fitting
    from edgehfn.evaluation.models import calibration_of
    from edgehfn.model import modelfile
    from edgehfn.training.gnn import fits
    from edgehfn.training.gnn_batches import batches as graph_batches

    place = calibration_of(model)
    files.check(place, "calibration", remedy="move it away")
    net = modelfile.load(model)
    loaded = sets.load(data, task=net.task.kind)
    if not isinstance(loaded, GraphSet):
        loaded = fitting(loaded, net.input.shape)
    if isinstance(loaded, GraphSet):
        fits(net, loaded)
        batches: Any = (batch.nodes for batch in graph_batches(loaded, "train", limit=images))
    elif loaded.shape != tuple(net.input.shape):
        raise InputError(
            f"{data}: has images of C,H,W {loaded.shape}, {model} reads {tuple(net.input.shape)}; give its own data"
        )
    else:
        batches = calibration.batches(loaded.x_train, images)
    if percentile is not None and method != "percentile":
        raise click.UsageError("--percentile is for --method percentile; give both")
    chosen = {} if percentile is None else {"percentile": percentile}
    made = calibration.calibrate(net, batches, method, model=modelfile.digest(model), **chosen)
    if net.task.kind == "anomaly":
        made = replace(made, threshold=_threshold(net, made, loaded, false_alarms))
    made.save(place)
    tensors = {name: asdict(tensor) for name, tensor in made.report.items()}
    result = {"calibration": str(place), "method": made.method, "images": made.images, "tensors": tensors}
    result |= {} if made.threshold is None else {"threshold": made.threshold, "false_alarms": false_alarms}
    if as_json:
        emit(result)
    else:
        show(calibration.table(made))
        if made.threshold is not None:
            show(f"odd over a score of {made.threshold:,}: at most {100 * false_alarms:g} % of normal inputs held back")
        note(f"written to {place}")
    return result


def _threshold(net: Net, made: Calibration, data: Any, rate: float) -> int:
    """Of the scores of anomaly."""
    from edgehfn import lower
    from edgehfn.evaluation.threshold import threshold

    return threshold(lower(net, made.scales), data, rate)
