"""The front end for sound in plain Python integers, from docs/SPEC.md section 10 alone."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal, localcontext
from typing import Any

Complex = tuple[int, int]


def rows(parameters: dict[str, Any], samples: Sequence[int]) -> list[list[int]]:
    """All whole rows of a clip."""
    n, hop = parameters["points"], parameters["hop"]
    found = []
    r = 0
    while r * hop + n <= len(samples):
        x = [0 if i < 0 else int(samples[i]) for i in range(r * hop - 1, r * hop + n)]
        found.append(_row(parameters, x))
        r += 1
    return found


def _row(parameters: dict[str, Any], x: list[int]) -> list[int]:
    """A row of a frame, which the sample before it precedes."""
    n, a = parameters["points"], parameters["emphasis"]
    m, q, S = n // 2, n // 4, sines(n)
    C = [S[q - i] for i in range(q + 1)]
    g = {128: 1, 256: 1, 512: 2, 1024: 3}[n]
    w: dict[int, int] = {}
    for i in range(q + 1):
        w[i] = (32768 - C[i]) >> g
        w[m - i] = (32768 + C[i]) >> g
    for i in range(1, m):
        w[n - i] = w[i]
    v = [times(64 * x[i + 1] - a * x[i], w[i]) for i in range(n)]
    X = _spectrum(_transform([(v[2 * i], v[2 * i + 1]) for i in range(m)], S, C, q), S, C, q)
    E = parameters["edges"]
    made = []
    for b in range(len(E) - 2):
        level = _log(_band(X, E, b))
        made.append(min(max(_scaled(level, parameters), 0), 255))
    return made


def _scaled(level: int, parameters: dict[str, Any]) -> int:
    s = int(parameters["shift"])
    return int(((level - parameters["offset"]) * parameters["multiplier"] + (2**s >> 1)) >> s)


def _transform(numbers: list[Complex], S: list[int], C: list[int], q: int) -> list[Complex]:
    m = len(numbers)
    bits = m.bit_length() - 1
    z = [numbers[sum((i >> b & 1) << (bits - 1 - b) for b in range(bits))] for i in range(m)]
    h = 1
    while h < m:
        for p in (p for p in range(m) if p % (2 * h) < h):
            j = p % (2 * h)
            first = j if 2 * j < h or h == 1 else j - h // 2
            c, s, (re, im) = C[first * m // h], S[first * m // h], z[p + h]
            t = (times(re, c) + times(im, s), times(im, c) - times(re, s))
            if first != j:
                t = (t[1], -t[0])
            a = z[p]
            z[p], z[p + h] = (a[0] + t[0], a[1] + t[1]), (a[0] - t[0], a[1] - t[1])
        h *= 2
    return z


def _spectrum(z: list[Complex], S: list[int], C: list[int], q: int) -> list[Complex]:
    m = len(z)
    X: list[Complex] = [(0, 0)] * m
    for k in range(q + 1):
        (yr, yi), (zr, zi) = z[k], z[(m - k) % m]
        tr = times(yi + zi, C[k]) - times(yr - zr, S[k])
        ti = times(yr - zr, C[k]) + times(yi + zi, S[k])
        X[k] = (yr + zr + tr, yi - zi - ti)
        if k > 0:
            X[m - k] = (yr + zr - tr, zi - yi - ti)
    return X


def _band(X: list[Complex], E: Sequence[int], b: int) -> tuple[int, int]:
    """P and f."""

    def start(j: int) -> int:
        return next(k for k in range(len(X) + 1) if 1024 * k >= E[j])

    def rising(k: int, j: int) -> int:
        d = E[j + 1] - E[j]
        return (2 * 4096 * (1024 * k - E[j]) + d) // (2 * d)

    first, middle, last = (start(b + i) for i in range(3))
    bins = [(k, rising(k, b)) for k in range(first, middle)]
    bins += [(k, 4096 - rising(k, b + 1)) for k in range(middle, last)]
    f = 0
    while any(not -(2**15) <= part >> f < 2**15 for k, _ in bins for part in X[k]):
        f += 1
    total = sum(weight * (((X[k][0] >> f) ** 2 + (X[k][1] >> f) ** 2 + 2**15) >> 16) for k, weight in bins)
    assert total < 2**32
    return max(1, total), f


def _log(band: tuple[int, int]) -> int:
    P, f = band
    n = P.bit_length() - 1
    y, F = (P * 2 ** (31 - n)) >> 16, 0
    for _ in range(8):
        q = y * y
        i = q >> 31
        y, F = q >> (15 + i), 2 * F + i
    return 512 * f + 256 * n + F


def times(x: int, w: int) -> int:
    """The rounded product; also checks that all fits 32 bits."""
    assert -(2**31) <= x < 2**31
    return (x * w + 2**14) >> 15


def sines(n: int) -> list[int]:
    """``S``, with 40 digits: by Taylor's series, not by the libraries that the tables were made with."""
    with localcontext() as context:
        context.prec = 40
        pi = Decimal("3.14159265358979323846264338327950288419717")
        found = []
        for i in range(n // 4 + 1):
            x = 2 * pi * i / n
            term, total, k = x, Decimal(0), 1
            while abs(term) > Decimal(10) ** -38:
                total += term
                term = -term * x * x / ((k + 1) * (k + 2))
                k += 2
            found.append(int((32768 * total + Decimal("0.5")).to_integral_value("ROUND_FLOOR")))
        return found
