"""``info``: what a model is made of, and what is in a set."""

from __future__ import annotations

from math import prod
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from edgehfn.cli import _net_options
from edgehfn.cli._common import Result, as_json, emit, example, note, show, table

CHANNELS = 8  # of a series, whose ranges are shown

if TYPE_CHECKING:
    from edgehfn.nn import Net, Weighted


@click.command(
    short_help="What a model or a data set is made of.",
    epilog=example(
        "edgehfn info kws.hfn\nedgehfn info --data mine.npz\n"
        "edgehfn info --arch hfn-resnet50 --input 224 --classes 1000\n"
        "edgehfn info --arch gcn --data cora --hidden 128 --layers 2"
    ),
)
@click.argument("model", required=False, type=click.Path(path_type=Path))
@_net_options.untrained
@click.option("--strict", is_flag=True, help="With --data alone: refuse a data set that a warning is about.")
@as_json
def info(model: Path | None, arch: str | None, strict: bool, as_json: bool, **net_options: Any) -> Result:
    """Show what MODEL, or a preset, is made of.

    Every step has its shape, weight, density and multiply-accumulates (MAC). Steps that name the same weight share it.
    A model also says how it was trained.

    With --data alone: the shape, range and classes of a data set, and what is doubtful about it, on standard error.
    """
    if model is None and arch is None and net_options["data"] is not None:
        _net_options.check_data_alone()
        return _set(net_options["data"], strict, as_json)
    if strict:
        raise click.UsageError("--strict is for --data alone; leave it out")
    from edgehfn.model import modelfile

    _net_options.check(model, arch, net_options)
    if model is not None:
        net, noted = modelfile.load(model), {**modelfile.info(model), "digest": modelfile.digest(model)}
    else:
        net, noted = _net_options.preset(str(arch), **net_options), {}
    result = {"name": str(model or arch), **_facts(net), "noted": noted}
    if as_json:
        emit(result)
    else:
        _show(result)
    return result


def _set(name: str, strict: bool, as_json: bool) -> Result:
    """Of a data set: images or graphs."""
    from edgehfn import data

    loaded = data.load(name)
    if strict:
        data.refuse(loaded)
    result = data.describe(loaded)
    if as_json:
        emit(result)
    else:
        parts = result["counts"]
        rows = table(
            {"labels": "label", "regression": "number"}.get(result.get("task", ""), "class"),
            *parts,
            title=result["name"],
        )
        for number, label in enumerate(result["classes"]):
            rows.add_row(label, *(f"{counts[number]:,}" for counts in parts.values()))
        show(rows)
        shared = result.get("shared")
        if result["kind"] == "images":
            if result["task"] != "class":
                show(f"task {result['task']}")
            show(
                f"images of {_times(result['shape'])} (C x H x W, layout {result['layout']}), values "
                f"{result['smallest']} to {result['largest']}"
                + ("" if shared is None else f"; test images that are training images, too: {shared:,}")
            )
        elif result["kind"] == "series":
            channels, _, length = result["shape"]
            ends = ", ".join(f"{low:g} to {high:g}" for low, high in result["channels"][:CHANNELS])
            more = f" and {channels - CHANNELS} more" if channels > CHANNELS else ""
            show(f"time series of {length} places of {channels} channels, {result['type']}: {ends}{more}")
        else:
            show(
                f"labels of {result['kind']}; {result['graphs']:,} graphs, {result['nodes']:,} nodes, "
                f"{result['edges']:,} edges, {result['features']:,} features"
            )
        show(f"sha256 {result['sha256']}")
    for doubt in result["warnings"]:
        note(f"edgehfn: warning: {doubt}")
    return result


def _facts(net: Net) -> Result:
    """Bytes are those of masks and trained weights on the device, norms and tables apart.

    ``stored_megabytes`` (of 10^6 bytes) has two bytes for each channel and iteration besides. ``paper_megabytes`` and
    ``dense_megabytes`` count as the papers do, the latter the same net in float32, trained and not folded. ``folded``
    is what the iterations of blocks but the first take, and what masks and weights of their own would take.
    """
    from edgehfn import nn

    weights = {name: _weight(op) for name, op in net.weights.items()}
    macs = net.macs
    steps = [
        {"name": s.name, "shape": net.shapes[s.name], "weight": s.weight, "mac": macs.get(s.name, 0)} for s in net.steps
    ]
    masks = sum(w["bytes"] for w in weights.values() if w["density"] is not None)
    dense = sum(w["bytes"] for w in weights.values() if w["density"] is None)
    channels = sum(net.weights[s.weight].shape[0] for s in net.steps if s.weight)
    paper, whole = nn.paper_bytes(net), nn.dense_bytes(net)
    first = {s.weight: s.name for s in reversed(net.steps)}
    again = [s for s in net.steps if s.weight and first[s.weight] != s.name]
    return {
        "input": net.input.shape,
        "graph": None if isinstance(net.input, nn.InputSpec) else str(net.input),
        "classes": net.classes,
        "seed": net.seed,
        "mac": sum(macs.values()),
        "mask_bytes": masks,
        "dense_bytes": dense,
        "stored_megabytes": (masks + dense + 2 * channels) / 1e6,
        "paper_megabytes": round(paper / 1e6, 3),
        "dense_megabytes": round(whole / 1e6, 2),
        "ratio": round(whole / paper, 2),
        "folded": {
            "mac": sum(macs[s.name] for s in again),
            "saved_bytes": sum(weights[s.weight]["bytes"] for s in again),
        },
        "unique_weights": nn.unique_weights(net),
        "weights": weights,
        "steps": steps,
    }


def _weight(op: Weighted) -> Result:
    from edgehfn.nn import SupermaskConv2d, SupermaskLinear, mask_bits
    from edgehfn.spec import masks

    if isinstance(op, SupermaskConv2d | SupermaskLinear):
        counts, free = op.counts().cpu().numpy(), None if op.frozen is None else op.frozen.cpu().numpy()
        kept = [int((counts > coat).sum()) for coat in range(op.coats)]
        return {
            "shape": op.shape,
            "count": counts.size,
            "density": kept[0] / counts.size,
            "coats": op.coats,
            "kept": kept,
            "frozen": 0.0 if free is None else 1 - float(free.mean()),
            "bits": mask_bits(op),
            "bytes": masks.pack(counts, op.coats, free).nbytes + (0 if op.signs is None else op.signs.nbytes),
        }
    count = prod(op.shape)
    bits = op.bits * count
    planes = -(-count // 32) * 4  # bytes: of 2 bits mask and sign words, of 1 bit sign words (SPEC section 2)
    stored = op.bits * planes if op.bits < 4 else -(-bits // 8)
    return {"shape": op.shape, "count": count, "density": None, "coats": 0, "bits": bits, "bytes": stored}


def _show(result: Result) -> None:
    rows = table(
        "step", "shape", "MAC", "weight", "weights", "kept by each coat", "frozen", "bytes", title=result["name"]
    )
    seen = set()
    for step in result["steps"]:
        cells = [step["name"], _times(step["shape"]), f"{step['mac']:,}" if step["mac"] else "", step["weight"]]
        if step["weight"] and step["weight"] not in seen:
            weight = result["weights"][step["weight"]]
            kind = [f"{weight['bits'] // weight['count']}-bit", ""]
            if weight["density"] is not None:
                each = " ".join(f"{kept / weight['count']:.3f}" for kept in weight["kept"])
                kind = [each, f"{weight['frozen']:.3f}" if weight["frozen"] else ""]
            cells += [f"{weight['count']:,}", *kind, f"{weight['bytes']:,}"]
        elif step["weight"]:
            cells.append("shared")
        seen.add(step["weight"])
        rows.add_row(*cells)
    show(rows)
    count = sum(weight["count"] for weight in result["weights"].values())
    show(
        f"input {result['graph'] or _times(result['input'])}, {len(result['classes'])} classes, seed {result['seed']}, "
        f"{count:,} weights, "
        f"{result['mac']:,} MAC; masks {result['mask_bytes']:,} bytes, trained weights {result['dense_bytes']:,} bytes"
    )
    show(
        f"by the papers' count {result['paper_megabytes']:.3f} MB; in float32 and not folded "
        f"{result['dense_megabytes']:.2f} MB, {result['ratio']:.2f} times as much"
    )
    folded = result["folded"]
    if folded["mac"]:
        show(
            f"folding: {folded['mac']:,} MAC are further iterations, whose own weights would take "
            f"{folded['saved_bytes']:,} bytes; small image nets were as accurate, and faster, with own weights "
            "in as many bytes as the folded ones took (docs/ABLATION.md)"
        )
    for name, value in result["noted"].items():
        if name != "classes":
            show(f"{name}: {value}")


def _times(shape: tuple[int, ...]) -> str:
    return "x".join(map(str, shape))
