"""The emulator's inner loops (Numba). Every weight is one operation on LANES numbers that lie together.

They are those of as many images at one place, or of one image at as many places. So whatever the kernel, stride and
padding, whole vectors are summed, and only kept weights are visited. Tensors are int16, which is what sums of one
weight each take without conversion, and lie inside a frame of zeros, which is their padding. Numba computes in 64 bits
and truncates where it stores: SPEC's bounds make each store below exact.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from llvmlite import ir
from numba import types
from numba.extending import intrinsic

from edgehfn.spec.jit import compiled

LANES = 64  # numbers computed together
NARROW = 256  # entries of a list whose sum fits 16 bits: 256 · 127 < 2^15


COMPILED = compiled(error_model="numpy")


@intrinsic
def _sum_lists(context, part, x, base, offsets, first, middle, last):  # type: ignore[no-untyped-def]
    """part[lane] = Σ x[base + offsets[e] + lane] over first ≤ e < middle, less those over middle ≤ e < last.

    Sums are of 16 bits. Written as LLVM vectors, so that they stay in registers: LLVM keeps no array there that a loop
    inside a loop makes, and would load and store it for every weight.
    """

    def generate(context, builder, signature, args):  # type: ignore[no-untyped-def]
        arrays = dict(zip(("part", "x", "offsets"), (0, 1, 3), strict=True))
        data = {
            name: context.make_array(signature.args[i])(context, builder, args[i]).data for name, i in arrays.items()
        }
        index = args[2].type
        row = ir.VectorType(data["x"].type.pointee, LANES)
        window = builder.gep(data["x"], [args[2]])
        found = ir.Constant(row, None)
        for start, end, combine in ((args[4], args[5], builder.add), (args[5], args[6], builder.sub)):
            before = builder.block
            head, body, done = (builder.append_basic_block(name) for name in ("list", "entry", "summed"))
            builder.branch(head)
            builder.position_at_end(head)
            e, total = builder.phi(index), builder.phi(row)
            builder.cbranch(builder.icmp_unsigned("<", e, end), body, done)
            builder.position_at_end(body)
            offset = builder.zext(builder.load(builder.gep(data["offsets"], [e])), index)
            values = builder.load(builder.bitcast(builder.gep(window, [offset]), row.as_pointer()), align=2)
            for phi, initial, following in (
                (e, start, builder.add(e, index(1))),
                (total, found, combine(total, values)),
            ):
                phi.add_incoming(initial, before)
                phi.add_incoming(following, body)
            builder.branch(head)
            builder.position_at_end(done)
            found = total
        builder.store(found, builder.bitcast(data["part"], row.as_pointer()), align=2)
        return context.get_dummy_value()

    return types.void(part, x, base, offsets, first, middle, last), generate


@intrinsic
def _sum_products(context, acc, x, base, offsets, weights, first, last):  # type: ignore[no-untyped-def]
    """acc[lane] = Σ weights[e]·x[base + offsets[e] + lane] over first ≤ e < last.

    Two products of numbers within ±127 fit 16 bits together, so that they are widened to 32 in pairs.
    """

    def generate(context, builder, signature, args):  # type: ignore[no-untyped-def]
        arrays = dict(zip(("acc", "x", "offsets", "weights"), (0, 1, 3, 4), strict=True))
        data = {
            name: context.make_array(signature.args[i])(context, builder, args[i]).data for name, i in arrays.items()
        }
        index, short = args[2].type, data["x"].type.pointee
        row, sums = ir.VectorType(short, LANES), ir.VectorType(ir.IntType(32), LANES)
        window = builder.gep(data["x"], [args[2]])
        nothing, zeros = ir.Constant(row, ir.Undefined), ir.Constant(ir.VectorType(ir.IntType(32), LANES), None)

        def product(e: Any) -> Any:
            offset = builder.zext(builder.load(builder.gep(data["offsets"], [e])), index)
            values = builder.load(builder.bitcast(builder.gep(window, [offset]), row.as_pointer()), align=2)
            weight = builder.load(builder.gep(data["weights"], [e]))
            alike = builder.shuffle_vector(builder.insert_element(nothing, weight, index(0)), nothing, zeros)
            return builder.mul(values, alike)

        before = builder.block
        head, body, rest, odd, done = (
            builder.append_basic_block(name) for name in ("pairs", "pair", "rest", "odd", "summed")
        )
        builder.branch(head)
        builder.position_at_end(head)
        e, total = builder.phi(index), builder.phi(sums)
        following = builder.add(e, index(2))
        builder.cbranch(builder.icmp_unsigned("<=", following, args[6]), body, rest)
        builder.position_at_end(body)
        pair = builder.add(product(e), product(builder.add(e, index(1))))
        e.add_incoming(args[5], before)
        e.add_incoming(following, body)
        total.add_incoming(ir.Constant(sums, None), before)
        total.add_incoming(builder.add(total, builder.sext(pair, sums)), body)
        builder.branch(head)
        builder.position_at_end(rest)
        builder.cbranch(builder.icmp_unsigned("<", e, args[6]), odd, done)
        builder.position_at_end(odd)
        one = builder.add(total, builder.sext(product(e), sums))
        builder.branch(done)
        builder.position_at_end(done)
        found = builder.phi(sums)
        found.add_incoming(total, rest)
        found.add_incoming(one, odd)
        builder.store(found, builder.bitcast(data["acc"], sums.as_pointer()), align=2)
        return context.get_dummy_value()

    return types.void(acc, x, base, offsets, weights, first, last), generate


@COMPILED
def weighted_sums(  # type: ignore[no-untyped-def]
    x,
    bases,
    offsets,
    cuts,
    weights,
    multiplier,
    fixed,
    ratio,
    residual,
    residual_places,
    shift,
    lo,
    hi,
    y,
    places,
):
    """A conv or linear node with its requantisation (SPEC sections 4 and 5), LANES outputs a pass.

    x: flat, int16
    bases: ``(P,)``, where in x the windows of the outputs of each pass begin
    offsets, cuts: ``(2·O + 1,)``: from there, channel o's weights of +1 are at offsets[cuts[2·o]] up to
        cuts[2·o + 1], those of -1 from there to cuts[2·o + 2]
    weights: of each offset where they are other integers, int16, else empty
    multiplier, fixed: ``(O,)`` int32, fixed = b·2^u + (2^s >> 1); ratio = r·2^v: partial sums of t fit 32 bits by R1
    residual, y: ``(O, …)`` int16, flat behind the channel; residual is not read where ratio is 0
    residual_places, places: ``(P,)``, where in a channel each pass's numbers begin
    """
    part = np.empty(LANES, np.int16)
    acc, t = np.empty(LANES, np.int32), np.empty(LANES, np.int32)
    for p in range(bases.size):
        for o in range(multiplier.size):
            first, middle, last = cuts[2 * o], cuts[2 * o + 1], cuts[2 * o + 2]
            if weights.size:
                _sum_products(acc, x, bases[p], offsets, weights, first, last)  # type: ignore[call-arg]
            else:
                acc[:] = 0
                for start in range(first, last, NARROW):
                    end = min(start + NARROW, last)
                    _sum_lists(part, x, bases[p], offsets, start, min(max(middle, start), end), end)  # type: ignore[call-arg]
                    for lane in range(LANES):
                        acc[lane] += part[lane]
            for lane in range(LANES):
                t[lane] = multiplier[o] * acc[lane] + fixed[o]
            if ratio:
                added = residual[o, residual_places[p] : residual_places[p] + LANES]
                for lane in range(LANES):
                    t[lane] += ratio * added[lane]
            made = y[o, places[p] : places[p] + LANES]
            for lane in range(LANES):
                made[lane] = min(max(t[lane] >> shift, lo), hi)


@COMPILED
def max_pool(x, kernel, stride, padding, x_frame, y_frame, y):  # type: ignore[no-untyped-def]
    """``(C, H, W, images)`` to ``(C, H', W', images)`` within frames of rows and columns; places outside the map are
    skipped."""
    channels, height, width, images = x.shape
    _, rows, columns, _ = y.shape
    above, before = x_frame
    bottom, right = height - above, width - before
    for c in range(channels):
        for i in range(rows - 2 * y_frame[0]):
            top = i * stride - padding + above
            for j in range(columns - 2 * y_frame[1]):
                left = j * stride - padding + before
                made = y[c, i + y_frame[0], j + y_frame[1]]
                made[:] = -128
                for a in range(max(top, above), min(top + kernel, bottom)):
                    for b in range(max(left, before), min(left + kernel, right)):
                        for image in range(images):
                            made[image] = max(made[image], x[c, a, b, image])
