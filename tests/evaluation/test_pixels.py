"""A class for each pixel: a net of the builder whose output is a map, from labels to the integers of the C."""

from __future__ import annotations

import numpy as np
import pytest

import calibrate
import edgehfn as hfn
from edgehfn import nn
from edgehfn.data import from_arrays


@pytest.mark.gcc
def test_pixels_by_their_brightness() -> None:
    rng = np.random.default_rng(0)
    x = rng.integers(0, 256, (60, 6, 8), dtype=np.uint8)
    y = x.astype(int) // 90
    data = from_arrays("pixels", {"x_train": x[:50], "y_train": y[:50], "x_test": x[50:], "y_test": y[50:]})
    assert (data.task, data.classes) == ("pixels", ("0", "1", "2"))
    builder = nn.Builder(nn.InputSpec(data.shape), seed=1)
    builder.conv("first", 16, 1, kind="int8")
    builder.conv("classes", 3, 1, norm=False, relu=False, kind="int8")
    net = builder.net(data.classes)
    history = hfn.train(net, data, epochs=12, batch=5)
    assert history.metric == "iou"
    graph = hfn.lower(net, calibrate.calibrate(net, calibrate.batches(data.x_train)).scales)
    found = hfn.measure(graph, data)
    assert found.overall["accuracy"] > 0.8
    assert found == hfn.measure(graph, data, "host")
    outputs = hfn.emulate(graph, data.x_test)
    assert outputs.shape == (10, 3, 6, 8)
    assert found.overall["accuracy"] == (outputs.argmax(1) == data.y_test).mean()
    with pytest.raises(hfn.InputError, match="task pixels, not classes"):
        hfn.accuracy(graph, data)
    with pytest.raises(hfn.InputError, match="are wanted for task pixels"):
        hfn.train(nn.preset("tiny", data.shape, data.classes), data, epochs=1)
