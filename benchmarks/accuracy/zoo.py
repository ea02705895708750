"""The zoo's entries, made and checked.

``python -m benchmarks.accuracy.zoo add RUN.hfn NAME`` makes one, ``python -m benchmarks.accuracy.zoo`` checks all.

A card is computed from the run: the model, its calibration and its log beside it, and the data set they name.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path

import numpy as np

from edgehfn import zoo
from edgehfn.cost import footprint
from edgehfn.errors import EdgeHFNError, InputError
from edgehfn.evaluation import machines
from edgehfn.evaluation.accuracy import Examples
from edgehfn.evaluation.agreement import verify
from edgehfn.evaluation.models import load_examples, open_model
from edgehfn.ir import Graph, gnn_bytes, plan
from edgehfn.ir.inputs import Raw
from edgehfn.model import gnn_graph, modelfile
from edgehfn.spec.objective import OBJECTIVES
from edgehfn.target import BOARDS
from edgehfn.target.build import HOST
from edgehfn.target.execute import Int8
from edgehfn.training import trainlog
from edgehfn.zoo import Card

FOLDER = Path(zoo.__file__).parent
SUBSET = 64  # test inputs, and random ones
ATTRIBUTIONS = {
    "fsdd": "Trained on the Free Spoken Digit Dataset (Z. Jackson, C. Souza, J. Flaks, Y. Pan, H. Nicolas, A. Thite), "
    "CC BY-SA 4.0, github.com/Jakobovski/free-spoken-digit-dataset"
}
CORE = "cortex-m4"  # whose bytes are told
HOST_INPUTS, CORE_INPUTS = 1000, 20  # whose every byte is compared


def card(path: Path, name: str, log: trainlog.TrainLog) -> Card:
    """What a trained model does, by running it on its test part. Raises InputError if the data are others than then."""
    model, noted = open_model(path), modelfile.info(path)
    graph, calibration = model.graph, model.calibration
    tests = load_examples(model, noted["data"], None)
    if tests.data.digest() != log.data:
        raise InputError(f"{path}: was trained on other data than {noted['data']} is here; train it again")
    outputs = machines.run(graph, tests.raw)
    seen = "its graph" if tests.nodes is not None else f"{calibration.images} {tests.unit}"
    return Card(
        name=name,
        data=tests.data.name,
        unit=tests.unit,
        tested=len(tests.labels),
        accuracy=accuracy(outputs, tests),
        float_accuracy=tests.float_figures(model.net, len(tests.raw)).value,
        weights_flash=footprint.predict(graph, plan(graph), CORE)[0].weights_flash,
        mac=sum(graph.macs.values()),
        seed=graph.seed,
        epochs=len(log.epochs),
        cpu_minutes=round(log.cpu_minutes, 2),
        command=log.command,
        calibration=f"{calibration.method}, {seen}",
        digest=log.model,
        data_digest=log.data,
        subset=min(SUBSET, len(tests.raw)),
        subset_accuracy=accuracy(outputs[:SUBSET], tests),
        subset_digest=digest(outputs[:SUBSET]),
        random_digest=digest(machines.run(graph, random_inputs(graph))),
        log=tuple(f"loss {epoch.loss:.4f}, accuracy {100 * epoch.accuracy:.2f} %" for epoch in log.epochs),
        attribution=ATTRIBUTIONS.get(tests.data.name, ""),
    )


def random_inputs(graph: Graph) -> Raw:
    """Inputs that a machine without the data set can make, too: of a stored graph one of no bytes, which is whole."""
    source, draw = graph.input, np.random.default_rng(graph.seed)
    if source is None:
        return np.zeros((1, 0), np.uint8)
    drawn = draw.integers(0, 256, (SUBSET, *source.shape), np.uint8)
    if source.topology is None:
        return machines.raw(graph, drawn)
    packed = np.stack([gnn_bytes.golden(source, features.ravel()) for features in drawn])
    return packed if source.dtype == "u8" else packed.view(np.int8)


def accuracy(outputs: Int8, tests: Examples) -> float:
    """Of outputs for the first test inputs, 0..1."""
    return tests.right(outputs) / tests.count(len(outputs))


def digest(outputs: Int8) -> str:
    return hashlib.sha256(outputs.tobytes()).hexdigest()


def add(model: Path, name: str) -> Card:
    """Make or replace an entry. Raises InputError if the run is not whole."""
    made = card(model, name, trainlog.load(model, modelfile.digest(model)))
    shutil.copyfile(model.with_suffix(zoo.CALIBRATION), FOLDER / f"{name}{zoo.CALIBRATION}")
    put = gnn_graph.leave_out if made.unit == "nodes" else shutil.copyfile
    put(model, FOLDER / f"{name}{zoo.MODEL}")
    (FOLDER / f"{name}{zoo.CARD}").write_text(json.dumps(asdict(made), indent=1) + "\n", encoding="utf-8")
    return made


def check(entry: Card) -> Iterator[str]:
    """What is wrong with an entry: facts of its card that a run does not show, and bytes on which machines differ."""
    with tempfile.TemporaryDirectory() as folder:
        path, _ = zoo.get(entry.name, folder)
        model = open_model(path)
        same = modelfile.digest(path) == entry.digest
    graph, tests = model.graph, load_examples(model, entry.data, None)
    if not same:
        yield "the model is not the card's"
    if tests.data.digest() != entry.data_digest:
        yield f"the data set {entry.data} is not the card's"
    outputs = machines.run(graph, tests.raw)
    if accuracy(outputs, tests) != entry.accuracy:
        yield f"accuracy {accuracy(outputs, tests):.4f}, the card says {entry.accuracy:.4f}"
    if footprint.predict(graph, plan(graph), CORE)[0].weights_flash != entry.weights_flash:
        yield f"model data is not the card's {entry.weights_flash:,} bytes"
    print(f"{entry.name}: {100 * entry.accuracy:.2f} % of {entry.tested:,} {entry.unit}", flush=True)
    for objective in OBJECTIVES:
        sizes = footprint.footprint(graph, CORE, objective).sizes
        flash = sizes.weights_flash + sizes.code_flash
        room = {"ram": plan(graph, objective).size, "flash": flash}
        boards = [b.name for b in BOARDS if all(room[kind] <= b.room[kind] for kind in room)]
        limits = dict.fromkeys(boards, CORE_INPUTS)
        names = (machines.PYTORCH, machines.EMULATOR, HOST, *boards)
        agreed = verify(graph, tests.raw[:HOST_INPUTS], names, limits, objective=objective)
        told = f"{agreed.mismatches} mismatching bytes on {', '.join(agreed.machines)}"
        print(f"  compiled for {objective}: {flash:,} bytes of flash on {CORE}; {told}", flush=True)
        if agreed.first is not None:
            yield str(agreed.first)


def faults(entry: Card) -> Iterator[str]:
    """What ``check`` finds, or why it cannot."""
    try:
        yield from check(entry)
    except EdgeHFNError as error:
        yield str(error)


def main(words: list[str]) -> int:
    """The exit status."""
    match words:
        case []:
            wrong = [f"{entry.name}: {fault}" for entry in zoo.cards() for fault in faults(entry)]
            print("\n".join(wrong), file=sys.stderr)
            return len(wrong) > 0
        case ["add", model, name]:
            print(json.dumps(asdict(add(Path(model), name)), indent=1))
            return 0
        case _:
            print("usage: python -m benchmarks.accuracy.zoo [add MODEL.hfn NAME]", file=sys.stderr)
            return 2


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except EdgeHFNError as error:
        sys.exit(f"zoo: {error}")
