"""How a main program prints what a model tells: a class, labels, numbers, or a class for each node or pixel."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from edgehfn.ir import Graph

_BEST = """\
/* The index of the largest score, of the first where several are. Each is step bytes behind the one before. */
static unsigned best(const int8_t *scores, unsigned classes, unsigned step) {
    unsigned found = 0;
    for (unsigned i = 1; i < classes; i++) {
        found = scores[i * step] > scores[found * step] ? i : found;
    }
    return found;
}
"""
_NUMBER = """\
static void show_number(unsigned number) {
    char digits[12], *first = digits + sizeof digits;
    *--first = '\\0';
    do {
        *--first = (char)('0' + number % 10);
        number /= 10;
    } while (number);
    show(first);
}
"""
_VALUE = """\
/* A number of a magnitude below 2^32, its decimals behind the third cut off. */
static void show_value(float value) {
    char digits[20], *first = digits + sizeof digits;
    const float size = value < 0.0f ? -value : value;
    uint32_t whole = (uint32_t)size, part = (uint32_t)((size - (float)whole) * 1000.0f);
    *--first = '\\0';
    for (int i = 0; i < 3; i++) {
        *--first = (char)('0' + part % 10u);
        part /= 10u;
    }
    *--first = '.';
    do {
        *--first = (char)('0' + whole % 10u);
        whole /= 10u;
    } while (whole);
    if (value < 0.0f) {
        *--first = '-';
    }
    show(first);
}
"""


def helpers(graphs: Sequence[Graph]) -> Iterator[str]:
    """The functions that printing what these models tell takes."""
    kinds = {graph.task.kind for graph in graphs}
    if any(g.task.kind == "anomaly" or (g.task.kind in ("class", "pixels") and not g.classes) for g in graphs):
        yield _NUMBER
    if "regression" in kinds:
        yield _VALUE
    if kinds & {"class", "pixels"}:
        yield _BEST


def shown(graph: Graph, name: str) -> list[str]:
    """The lines that print the output of a run: one, or one for each label that the input has, each number, each node
    or each pixel."""
    up, output = name.upper(), graph.output
    out = f"{up}_OUTPUT(arena)"
    match graph.task.kind:
        case "regression":
            if output.size == 1:
                return [f"show_value({up}_OUTPUT_SCALE * ((float){out}[0] - {up}_OUTPUT_ZERO));"]
            return [
                f"static const float scale[] = {up}_OUTPUT_SCALE, zero[] = {up}_OUTPUT_ZERO;",
                f"for (unsigned i = 0; i < {up}_OUTPUT_SIZE; i++) {{",
                f"    show_value(scale[i] * ((float){out}[i] - zero[i]));",
                "}",
            ]
        case "anomaly":
            score = f"const unsigned score = {name}_score(arena);"
            odd = [] if graph.task.threshold is None else [f'show(score > {up}_THRESHOLD ? "odd" : "normal");']
            return [score, "show_number(score);", *odd]
        case "labels":
            return [
                f"for (unsigned i = 0; i < {up}_OUTPUT_SIZE; i++) {{",
                f"    if ({out}[i] > 0) {{",
                "        show(names[i]);",
                "    }",
                "}",
                'show(""); /* the end of an input\'s labels */',
            ]
        case _:
            return _best(graph, out)


def _best(graph: Graph, out: str) -> list[str]:
    """A class, or one for each node or pixel."""
    channels, step = graph.output.shape[0], graph.output.size // graph.output.shape[0]
    places = step if graph.task.kind == "pixels" else graph.output.nodes
    largest = f"best({out}{' + at' if places else ''}, {channels}, {step})"
    line = f"show(names[{largest}]);" if graph.classes else f"show_number({largest});"
    return [f"for (unsigned at = 0; at < {places}; at++) {{", f"    {line}", "}"] if places else [line]
