"""Names of machines, orders of raw images, and what a comparison reports."""

from __future__ import annotations

import numpy as np
import pytest

import calibrate
from edgehfn import lower, nn, target
from edgehfn.errors import InputError
from edgehfn.evaluation import agreement, machines
from edgehfn.evaluation.machines import MACHINES, parse
from edgehfn.ir import Graph

IMAGES = np.random.default_rng(3).integers(0, 256, (150, 3, 8, 9), np.uint8)


def graph(order: nn.net.Order) -> Graph:
    net = nn.preset("tiny", nn.InputSpec((3, 8, 9), order), 5, width=4, seed=2).eval()
    return lower(net, calibrate.calibrate(net, [IMAGES[:32]]).scales)


def test_words_for_machines() -> None:
    assert parse("all") == MACHINES == ("pytorch", "emulator", "host", *target.CORES)
    assert parse("host, cortex-m0,host") == ("host", "cortex-m0")
    assert parse("microbit") == ("microbit",)
    for words in ("", ",", "ALL", "cortex-m1", "host;emulator"):
        with pytest.raises(InputError, match="emulator, host, cortex-m0"):
            parse(words)


def test_an_unknown_machine_cannot_run() -> None:
    with pytest.raises(InputError, match="z80"):
        machines.run(graph("chw"), IMAGES[:1], "z80")


def test_the_sensors_order_changes_the_input_and_nothing_else() -> None:
    first, last = graph("chw"), graph("hwc")
    assert machines.raw(first, IMAGES) is IMAGES
    raw = machines.raw(last, IMAGES)
    assert raw.shape == (150, 8, 9, 3)
    assert raw[7, 1, 2, 0] == IMAGES[7, 0, 1, 2]
    outputs = [machines.run(first, IMAGES, on) for on in ("emulator", "pytorch")]
    outputs += [machines.run(last, raw, on) for on in ("emulator", "pytorch")]
    assert all(np.array_equal(outputs[0], other) for other in outputs[1:])


def test_images_of_another_shape_are_refused() -> None:
    with pytest.raises(InputError, match=r"C,H,W \(3, 8, 9\)"):
        machines.raw(graph("chw"), IMAGES[:, :, :, :8])


def test_classes_take_the_first_of_equals() -> None:
    outputs = np.array([[1, 5, 5], [-3, -3, -4], [0, 0, 7]], np.int8)
    assert machines.classes(outputs).tolist() == [1, 0, 2]


def test_agreement_counts_images_up_to_each_limit() -> None:
    model = graph("chw")
    calls: list[tuple[int, int, str]] = []

    def progress(done: int, total: int, note: str = "", milestone: str = "") -> None:
        calls.append((done, total, note))

    agreed = agreement.verify(model, IMAGES, ("emulator", "pytorch"), {"pytorch": 130}, progress)
    assert (agreed.mismatches, agreed.first) == (0, None)
    assert {name: c.images for name, c in agreed.machines.items()} == {"emulator": 150, "pytorch": 130}
    assert np.array_equal(agreed.machines["emulator"].outputs[:130], agreed.machines["pytorch"].outputs)
    assert calls == [(0, 280, "emulator"), (128, 280, "pytorch"), (256, 280, "emulator"), (278, 280, "pytorch")]


def test_the_first_difference_is_that_of_the_first_image() -> None:
    model = graph("chw")
    honest = {name: np.zeros((4, *tensor.shape), np.int8) for name, tensor in model.tensors.items()}
    wrong = {name: values.copy() for name, values in honest.items()}
    wrong["stem"][2, 0, 0, 1] = 9
    wrong["classifier"][1, 4] = -7
    found = agreement._compare(model, "host", 100, honest, wrong)
    assert found.mismatches == 2
    assert str(found.first) == "image 101, classifier[4]: emulator 0, host -7"
