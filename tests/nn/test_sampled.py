"""Inputs of samples: maps and units chosen from data, in the net, in the model file, in the graph and in the header."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
import torch
from support.host_c import noise
from support.narrow import entry

from edgehfn import nn, write_c
from edgehfn.backends.c.firmware import directory
from edgehfn.backends.emulator import emulate
from edgehfn.data.sets import from_arrays
from edgehfn.errors import InputError
from edgehfn.evaluation import machines
from edgehfn.ir import Graph, ops, verify
from edgehfn.lowering.untrained import untrained
from edgehfn.model import modelfile
from edgehfn.nn.sampled_input import affine
from edgehfn.spec.raw import Unit, to_raw
from edgehfn.target.execute import selftest
from edgehfn.target.toolchain import call


def series(dtype: str, count: int = 40) -> npt.NDArray[Any]:
    """Three channels of unlike ranges round unlike middles, ``(N, 3, 1, 20)``."""
    draw = np.random.default_rng(3)
    x: npt.NDArray[Any] = draw.normal(0, 1, (count, 3, 1, 20)) * np.array([[[900.0]], [[0.02]], [[12.0]]])
    x += np.array([[[0.0]], [[1.5]], [[101_325.0]]])
    if dtype == "float32":
        x = x.astype(np.float32)
        return x
    found: npt.NDArray[Any] = np.clip(x * np.array([[[0.02]], [[1000]], [[0]]]), -128, 127).astype(dtype)
    return found


@pytest.mark.parametrize(("dtype", "low", "high"), [("s16", -32768, 32767), ("s16", 0, 1), ("s16", 9000, 9100)])
def test_a_map_takes_a_range_to_all_of_the_nets(dtype: ops.RawType, low: int, high: int) -> None:
    found = affine(dtype, low, high)
    graph = verify(Graph((ops.Input("input", (1, 1, 3), dtype=dtype, maps=(found,)),), 1))
    middle = (low + high) // 2
    made = emulate(graph, np.array([[[[low, middle, high]]]], np.int16)).ravel().tolist()
    assert made[0] == -127
    assert abs(made[1]) <= 127 / (high - low) + 1
    assert made[2] == 127


@pytest.mark.parametrize("dtype", ["s8", "s16", "u8"])
def test_no_map_of_any_range_exceeds_32_bits(dtype: ops.RawType) -> None:
    ends = {"u8": (0, 255), "s8": (-128, 127), "s16": (-32768, 32767)}[dtype]
    draw = np.random.default_rng(1)
    for low, high in [ends, *np.sort(draw.integers(*ends, (200, 2)), 1).tolist()]:
        node = ops.Input("input", (1, 1, 1), dtype=dtype, maps=(affine(dtype, low, high),))
        verify(Graph((node,), 1))


def test_an_outlier_leaves_the_range_to_the_others() -> None:
    x = series("float32", 400)
    spec = nn.sampled(x)
    x[7, 0, 0, 3] = 1e7
    assert 0.2 < nn.sampled(x).units[0].step / spec.units[0].step <= 4
    rare = np.zeros((400, 1, 1, 20), np.int16)
    rare[3, 0, 0, 5] = 9
    assert int(nn.sampled(rare).real(torch.from_numpy(rare)).max() * 127) == 127


def test_a_constant_channel_is_zero() -> None:
    assert affine("s16", 7, 7) == (0, 0, 0)


@pytest.mark.parametrize("dtype", ["int8", "int16", "float32"])
def test_the_float_net_reads_the_very_steps_of_the_device(dtype: str, tmp_path: Path) -> None:
    """Through the model file, too."""
    x = series(dtype)
    spec = nn.sampled(x)
    assert spec.order == "hwc"
    assert bool(spec.units) == (dtype == "float32")
    net = nn.preset("tcn", spec, 2, width=4)
    modelfile.save(net, tmp_path / "m.hfn")
    again = modelfile.load(tmp_path / "m.hfn")
    assert again.input == spec
    graph = untrained(again)
    node = entry(graph)
    alone = verify(Graph((ops.Input("input", node.shape, node.order, node.dtype, maps=node.maps),), 1))
    raw = machines.raw(graph, x)
    real = spec.real(spec.batch(x))
    assert torch.equal((real * 127).round().to(torch.int8), torch.from_numpy(emulate(alone, raw)))
    assert int(abs(emulate(alone, raw)[:, 0]).max()) == 127


def test_floats_become_samples_of_a_step_that_is_a_power_of_two() -> None:
    x = series("float32")
    spec = nn.sampled(x)
    raw = spec.samples(x)
    assert raw.dtype == np.int16
    for channel, (step, zero) in enumerate(spec.units):
        assert np.log2(step) % 1 == 0
        assert abs(step * raw[:, channel] + zero - x[:, channel]).max() <= step / 2 + 1e-6 * abs(zero)
        assert 2**13 <= int(np.ptp(raw[:, channel])) <= 2**15
    assert [zero == 0 for _, zero in spec.units] == [True, False, False]


def test_what_no_sample_can_be_is_cut_off() -> None:
    values = np.array([[[np.nan, np.inf, -np.inf, 0.25, 0.75, -0.75, 1e9]]], np.float32)
    assert to_raw(values, [Unit(0.5, 0.0)]).ravel().tolist() == [-32768, 32767, -32768, 1, 2, -1, 32767]


@pytest.mark.gcc
def test_the_headers_converter_equals_that_of_python(tmp_path: Path) -> None:
    x = series("float32")
    graph = untrained(nn.preset("tcn", nn.sampled(x), 2, width=4))
    write_c(graph, "kws", tmp_path)
    (tmp_path / "main.c").write_text(
        '#include <stdio.h>\n#define KWS_FLOATS\n#include "kws.h"\n'
        "int main(void) {\n    float value;\n    for (unsigned i = 0; fread(&value, 4, 1, stdin) == 1; i++) {\n"
        "        int16_t raw = kws_raw(value, i % 3);\n        fwrite(&raw, 2, 1, stdout);\n    }\n"
        "    return 0;\n}\n"
    )
    values = np.ascontiguousarray(x.transpose(0, 2, 3, 1))
    values[0, 0, 0] = [np.nan, np.inf, -1e30]
    strict = ("-std=c99", "-Wall", "-Wextra", "-Wpedantic", "-Wconversion", "-Werror")
    call(["gcc", *strict, f"-I{directory() / 'include'}", "main.c", "-o", "main"], timeout=60, cwd=tmp_path)
    ran = subprocess.run([tmp_path / "main"], input=values.tobytes(), capture_output=True, check=True)
    made = np.frombuffer(ran.stdout, np.int16).reshape(values.shape)
    assert np.array_equal(made, to_raw(values.transpose(0, 3, 1, 2), entry(graph).units or ()).transpose(0, 2, 3, 1))


@pytest.mark.gcc
@pytest.mark.parametrize("rows", [False, True])
def test_the_self_test_passes_of_samples_of_16_bits(rows: bool) -> None:
    node = ops.Input("input", (3, 4, 5), "hwc" if rows else "chw", "s16", maps=(ops.Affine(127, 1 << 14, 15),) * 3)
    graph = verify(Graph((node, ops.MaxPool("y", "input", 2, 2, 0)), 1))
    assert selftest(graph, "host", rows=rows)
    channels_first = verify(Graph((ops.Input("input", (3, 4, 5), "chw", "s16", maps=node.maps), graph.nodes[1]), 1))
    assert selftest(channels_first, "host", rows=rows)
    assert noise(graph, 1, 2).dtype == np.int16


def test_inputs_that_do_not_fit_are_refused() -> None:
    one = ops.Affine(1, 0, 0)
    for given, message in (
        ({"dtype": "s16"}, "give a map for each of 2 input channels"),
        ({"dtype": "s16", "maps": (one,)}, "give a map for each of 2"),
        ({"dtype": "s8", "maps": (one, one), "units": (Unit(1.0, 0.0),) * 2}, "units are of s16"),
        ({"maps": (one, ops.Affine(1, 0, 32))}, "its shift 32; let nn.sampled"),
        ({"dtype": "s16", "maps": (one, ops.Affine(1, 2**31, 0))}, "exceeds 32 bits"),
        ({"dtype": "s16", "maps": (one, one), "units": (Unit(0.0, 0.0),) * 2}, "a positive step"),
        ({"maps": (one, one), "mean": (0.0, 0.0), "deviation": (1.0, 1.0)}, "take the place"),
    ):
        with pytest.raises(InputError, match=message):
            nn.InputSpec((2, 1, 4), **given)
    graph = untrained(nn.preset("tcn", nn.sampled(series("int16")), 2, width=4))
    with pytest.raises(InputError, match=r"reads s16 images of C,H,W \(3, 1, 20\), these are float32"):
        machines.raw(graph, series("float32"))


def test_samples_that_are_no_series_are_refused() -> None:
    x, y = series("float32")[:, :, 0].transpose(0, 2, 1), np.arange(40) % 2
    good = {"x_train": x[:30], "y_train": y[:30], "x_test": x[30:], "y_test": y[30:]}
    wrong = x[:30].copy()
    wrong[3, 4, 1] = np.inf
    for changed, message in (
        ({"x_train": wrong}, r"x_train\[3, 4, 1\] is inf; leave out what was not measured"),
        ({"x_train": x[:30].astype(np.int32)}, "int32; images are uint8 0..255, samples of sensors int8, int16"),
        ({"x_train": x[:30].astype(np.int16)}, "x_train is int16, x_test float32; save both in one type"),
        ({"x_test": x[30:, :10]}, r"is \(3, 1, 20\) in x_train, \(3, 1, 10\) in x_test"),
    ):
        with pytest.raises(InputError, match=message) as error:
            from_arrays("mine", {**good, **changed})
        assert len(str(error.value)) <= 300
    assert from_arrays("mine", good).shape == (3, 1, 20)
    assert from_arrays("mine", good, layout="nchw").shape == (20, 1, 3)
