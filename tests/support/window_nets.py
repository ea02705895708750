"""Random legal graphs of windows that are not square, depthwise convolutions, averages of windows and joined maps,
among all that ``nets`` draws. The same seed gives the same graph."""

from __future__ import annotations

from math import prod

from edgehfn.ir import ops
from edgehfn.ir.graph import Graph
from edgehfn.ir.ops import RELU, SIGNED, Concat, Conv, Depthwise, MeanPool
from edgehfn.spec.limits import MOST_EXTENT
from edgehfn.spec.window import Side
from support import draws, samples
from support.nets import Maker

KERNELS = ((1, 3), (1, 5), (1, 9), (3, 1), (5, 1), (10, 4), (3, 5), (2, 3), (4, 7), (3, 9), (1, 49), (2, 2), (3, 3))


def random_graph(seed: int, *, macs: int = 60_000, nodes: int = 8, size: int = 13, channels: int = 20) -> Graph:
    """A legal graph of about ``nodes`` nodes; of every other seed the map has one row."""
    maker = _Maker(seed, macs, channels, None)
    maker.series(size) if seed % 2 else maker.input(size)
    while len(maker.nodes) < nodes:
        maker.step()
    maker.head()
    return maker.graph()


class _Maker(Maker):
    def series(self, size: int) -> None:
        shape = (self.rng.randint(1, 6), 1, self.rng.randint(1, 5 * size))
        self.add(ops.Input("input", shape, self.rng.choice(("chw", "hwc")), self.rng.choice(("u8", "s8"))))

    def step(self) -> None:
        if len(self.x.shape) == 1 or self.chance(35):
            super().step()
            return
        if self.chance(15):
            maps = [name for name, tensor in self.tensors.items() if len(tensor.shape) == 3]
            self.current = self.rng.choice(maps)  # branch: read an older map
        choice = self.rng.randrange(100)
        if choice < 45:
            self.slide(depthwise=False)
        elif choice < 75:
            self.slide(depthwise=True)
        elif choice < 88:
            self.mean()
        else:
            self.join()

    def side(self, taps: int, size: int, dilated: bool = True) -> Side:
        """A direction of a window that fits: as TensorFlow pads, as PyTorch does, in front alone, or anyhow."""
        stride, dilation = self.rng.choice((1, 1, 1, 2, 3, 4)), self.rng.choice((1, 1, 1, 2, 3, 8)) if dilated else 1
        dilation = dilation if (taps - 1) * dilation < MOST_EXTENT else 1
        extent = (taps - 1) * dilation + 1
        same = max(0, (-(-size // stride) - 1) * stride + extent - size)
        before, after = self.rng.choice(
            (
                (same // 2, same - same // 2),
                (extent // 2, extent // 2),
                (extent - 1, 0),
                (self.rng.randrange(extent), self.rng.randrange(extent)),
            )
        )
        before, after = min(before, extent - 1), min(after, extent - 1)
        if size + before + after < extent:
            return self.side(min(taps, size), size, dilated and size + extent > 2 * extent)
        return Side(taps, stride, before, after, dilation if taps > 1 else 1)

    def sides(self, kernel: tuple[int, int], dilated: bool = True) -> tuple[Side, Side]:
        rows, columns = (self.side(k, size, dilated) for k, size in zip(kernel, self.x.shape[1:], strict=True))
        return rows, columns

    def slide(self, depthwise: bool) -> None:
        """A convolution, if the budget allows one."""
        rows, columns = self.sides(self.rng.choice(KERNELS))
        inputs, *sizes = self.x.shape
        made = rows.made(sizes[0]), columns.made(sizes[1])
        each = rows.kernel * columns.kernel * prod(made) * inputs
        channels = inputs if depthwise else min(self.width(), max(1, self.macs // each))
        total = each * (1 if depthwise else channels)
        if total > self.macs:
            return
        self.macs -= total
        weight = self.weight((channels, 1 if depthwise else inputs, rows.kernel, columns.kernel))
        fitting = [name for name, tensor in self.tensors.items() if tensor.shape == (channels, *made)]
        residual = self.rng.choice(fitting) if fitting and self.chance(40) else None
        sums = (samples.channelwise if depthwise else samples.accumulators)(
            self.samples[self.current], weight, (rows, columns)
        )
        q = draws.requantise(self.rng, weight, self.x, sums, residual is not None, None)
        kind, name = (Depthwise, "depthwise") if depthwise else (Conv, "conv")
        strides, dilation = (rows.stride, columns.stride), (rows.dilation, columns.dilation)
        padding = (rows.before, rows.after, columns.before, columns.after)
        self.add(kind(self.name(name), self.current, weight, q, strides, padding, residual, dilation))

    def mean(self) -> None:
        kernel = self.rng.randint(1, 5), self.rng.randint(1, 5)
        rows, columns = self.sides((min(kernel[0], self.x.shape[1]), min(kernel[1], self.x.shape[2])), False)
        count = rows.kernel * columns.kernel
        shift = count.bit_length() + self.rng.randint(1, 6)
        multiplier = max(1, (self.rng.choice((1, 2, 4, 8)) << shift) // count)
        strides, padding = (rows.stride, columns.stride), (rows.before, rows.after, columns.before, columns.after)
        padding = self.rng.choice((padding, (0, 0, 0, 0)))
        self.add(
            MeanPool(
                self.name("mean"), self.current, (rows.kernel, columns.kernel), strides, padding, multiplier, shift
            )
        )

    def join(self) -> None:
        """Two maps of as many rows and columns, which may be the same map."""
        sizes = self.x.shape[1:]
        other = self.rng.choice([name for name, tensor in self.tensors.items() if tensor.shape[1:] == sizes])
        shift = self.rng.randint(0, 14)
        mx, my = (max(1, min(32767, (self.rng.randint(1, 12) << shift) // 8)) for _ in range(2))
        clamp = self.rng.choice((RELU, SIGNED))
        self.add(Concat(self.name("concat"), self.current, other, mx, my, shift, clamp))
