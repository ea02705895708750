"""The zoo's entries, made and checked: ``python -m benchmarks.zoo add RUN.hfn NAME`` and ``python -m benchmarks.zoo``.

A card is computed from the run: the model, its calibration and its log beside it, and the data set they name.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import sys
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path

import numpy as np

import calibrate
from edgehfn import data, machines, modelfile, trainlog, zoo
from edgehfn.agreement import verify
from edgehfn.backends import footprint
from edgehfn.data import Dataset, Images
from edgehfn.errors import EdgeHFNError, InputError
from edgehfn.graph import Graph, plan
from edgehfn.lower import lower
from edgehfn.target import BOARDS
from edgehfn.target.build import HOST
from edgehfn.target.execute import Int8
from edgehfn.train import evaluate
from edgehfn.zoo import Card

FOLDER = Path(zoo.__file__).parent
SUBSET = 64  # test images, and random ones
HOST_IMAGES, CORE_IMAGES = 1000, 20  # whose every byte is compared
START_UP = 2048  # bytes of a board's RAM that are not the arena's: stack and harness


def open_entry(model: Path) -> Graph:
    """The graph of a model file with its calibration beside it. Raises InputError."""
    calibration = calibrate.load_for(model.with_suffix(zoo.CALIBRATION), model, modelfile.digest(model))
    return lower(modelfile.load(model), calibration.scales)


def card(model: Path, name: str, log: trainlog.TrainLog) -> Card:
    """What a trained model does, by running it on its test set. Raises InputError if the data are others than then."""
    graph, noted = open_entry(model), modelfile.info(model)
    calibration = calibrate.load(model.with_suffix(zoo.CALIBRATION))
    loaded = data.images(noted["data"])
    if loaded.digest() != log.data:
        raise InputError(f"{model}: was trained on other data than {noted['data']} is here; train it again")
    outputs = run(graph, loaded.x_test)
    return Card(
        name=name,
        data=loaded.name,
        images=len(outputs),
        accuracy=accuracy(outputs, loaded),
        float_accuracy=evaluate(modelfile.load(model), loaded.x_test, loaded.y_test),
        weights_flash=footprint.predict(graph, plan(graph), "cortex-m4")[0].weights_flash,
        mac=sum(graph.macs.values()),
        seed=graph.seed,
        epochs=len(log.epochs),
        cpu_minutes=round(log.cpu_minutes, 2),
        command=log.command,
        calibration=f"{calibration.method}, {calibration.images} images",
        digest=log.model,
        data_digest=log.data,
        subset=SUBSET,
        subset_accuracy=accuracy(outputs[:SUBSET], loaded),
        subset_digest=digest(outputs[:SUBSET]),
        random_digest=digest(run(graph, random_images(graph))),
        log=tuple(f"loss {epoch.loss:.4f}, accuracy {100 * epoch.accuracy:.2f} %" for epoch in log.epochs),
    )


def run(graph: Graph, images: Images) -> Int8:
    """Outputs ``(N, classes)`` of images ``(N, C, H, W)``, from the emulator."""
    return machines.run(graph, machines.raw(graph, images)).reshape(len(images), -1)


def random_images(graph: Graph) -> Images:
    """Images that a machine without the data set can make, too."""
    assert graph.input is not None
    draw = np.random.default_rng(graph.seed)
    return draw.integers(0, 256, (SUBSET, *graph.input.shape), np.uint8)


def accuracy(outputs: Int8, loaded: Dataset) -> float:
    """Of outputs of the first test images, 0..1."""
    return float((machines.classes(outputs) == loaded.y_test[: len(outputs)]).mean())


def digest(outputs: Int8) -> str:
    return hashlib.sha256(outputs.tobytes()).hexdigest()


def add(model: Path, name: str) -> Card:
    """Make or replace an entry. Raises InputError if the run is not whole."""
    made = card(model, name, trainlog.load(model, modelfile.digest(model)))
    for suffix in (zoo.MODEL, zoo.CALIBRATION):
        shutil.copyfile(model.with_suffix(suffix), FOLDER / f"{name}{suffix}")
    (FOLDER / f"{name}{zoo.CARD}").write_text(json.dumps(asdict(made), indent=1) + "\n", encoding="utf-8")
    return made


def check(entry: Card) -> Iterator[str]:
    """What is wrong with an entry: facts of its card that a run does not show, and bytes on which machines differ."""
    model = FOLDER / f"{entry.name}{zoo.MODEL}"
    graph, loaded = open_entry(model), data.images(entry.data)
    if modelfile.digest(model) != entry.digest:
        yield "the model is not the card's"
    if loaded.digest() != entry.data_digest:
        yield f"the data set {entry.data} is not the card's"
    outputs = run(graph, loaded.x_test)
    if accuracy(outputs, loaded) != entry.accuracy:
        yield f"accuracy {accuracy(outputs, loaded):.4f}, the card says {entry.accuracy:.4f}"
    planned = plan(graph)
    sizes, _ = footprint.predict(graph, planned, "cortex-m4")
    flash = sizes.weights_flash + sizes.code_flash
    boards = [b.name for b in BOARDS if planned.size + START_UP <= b.ram.size and flash + START_UP <= b.flash.size]
    limits = dict.fromkeys(boards, CORE_IMAGES)
    names = (machines.PYTORCH, machines.EMULATOR, HOST, *boards)
    agreed = verify(graph, machines.raw(graph, loaded.x_test[:HOST_IMAGES]), names, limits)
    print(
        f"{entry.name}: {100 * entry.accuracy:.2f} % of {entry.images:,} images, {agreed.mismatches} mismatching bytes "
        f"on {', '.join(agreed.machines)}",
        flush=True,
    )
    if agreed.first is not None:
        yield str(agreed.first)


def main(words: list[str]) -> int:
    """The exit status."""
    if words[:1] == ["add"] and len(words) == 3:
        print(json.dumps(asdict(add(Path(words[1]), words[2])), indent=1))
        return 0
    wrong = [f"{entry.name}: {fault}" for entry in zoo.cards() for fault in check(entry)]
    print("\n".join(wrong), file=sys.stderr)
    return len(wrong) > 0


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except EdgeHFNError as error:
        sys.exit(f"zoo: {error}")
