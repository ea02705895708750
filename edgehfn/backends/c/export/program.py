"""The main program of an export: it reads inputs, runs, and prints what the model tells of them."""

from __future__ import annotations

from collections.abc import Sequence

from edgehfn.backends.c.bundle import Model
from edgehfn.backends.c.export import answer
from edgehfn.backends.c.export.project import Project
from edgehfn.backends.c.input import TYPES
from edgehfn.backends.c.text import named

STDIO_READ = """\
static int read_bytes(void *to, size_t size) {
    return fread(to, 1, size, stdin) == size;
}"""
STDIO_SHOW = """\
static void show(const char *text) {
    puts(text);
    fflush(stdout);
}"""
MAIN = """\
int main(void) {
    return classify();
}"""


def program(
    project: Project,
    *,
    about: str,
    includes: Sequence[str] = ("<stdio.h>",),
    read: str = STDIO_READ,
    show: str = STDIO_SHOW,
    entry: str = MAIN,
) -> str:
    """A whole file. ``read`` defines what fills memory with the next bytes of the input or returns 0, ``show`` what
    prints a line, and ``entry`` what calls ``classify``."""
    models = project.models
    largest = max(models, key=lambda model: model.plan.size)
    heads = "\n".join(f'#include "{model.name}.h"' for model in models)
    libraries = "\n".join(f"#include {name}" for name in includes)
    tests = " || ".join(f"{model.name}_selftest({_memory(model)}) != 0" for model in models)
    once = " && ".join(f"{model.name}_once()" for model in models)
    why = " /* the largest; one model runs after another */" if len(models) > 1 else ""
    reads = any(model.graph.input is not None for model in models)
    reading = f"/* The next bytes of the input; 0 if there are no more. */\n{read}\n\n" if reads else ""
    helpers = "".join(f"\n{text}" for text in answer.helpers([model.graph for model in models]))
    return f"""/* {about} */
{libraries}

{heads}

static {largest.name.upper()}_ARENA(arena);{why}

{reading}/* A line of text. */
{show}
{helpers}
{_functions(models)}

/* 0 at the end of the input; 1 if a model is not what was compiled. */
static int classify(void) {{
    if ({tests}) {{
        show("self-test failed");
        return 1;
    }}
    while ({once}) {{
    }}
    return 0;
}}

{entry}
"""


def _memory(model: Model) -> str:
    return f"arena, {model.name}_row" if model.plan.fed else "arena"


def _functions(models: Sequence[Model]) -> str:
    return "\n\n".join(f"{_rows(model)}{_once(model)}" for model in models)


def _rows(model: Model) -> str:
    if not model.plan.fed or model.graph.input is None:
        return ""
    size = model.name.upper() + "_ROW_SIZE" + f" / {model.graph.input.sample}" * (model.graph.input.sample > 1)
    return f"static {TYPES[model.graph.input.dtype]} {model.name}_row[{size}];\n\n"


def _once(model: Model) -> str:
    """A function that takes one input: 1 if it did."""
    name, up = model.name, model.name.upper()
    lines = []
    if model.graph.input is None:
        lines += ["static int done;", "if (done++) {", "    return 0;", "}", f"{name}_run(arena);"]
    elif model.plan.fed:
        lines += [f"{name}_start(arena);", "do {", f"    if (!read_bytes({name}_row, {up}_ROW_SIZE)) {{"]
        lines += ["        return 0;", "    }", f"}} while (!{name}_feed(arena, {name}_row));"]
    else:
        lines += [f"if (!read_bytes({up}_INPUT(arena), {up}_INPUT_SIZE)) {{", "    return 0;", "}"]
        if model.graph.input.topology is not None:
            lines += [f"if ({name}_check_graph(arena) != {up}_GRAPH_OK) {{", '    show("not a graph of this model");']
            lines += ["    return 0;", "}"]
        lines.append(f"{name}_run(arena);")
    if model.graph.classes:
        lines.insert(0, f"static const char *const names[] = {up}_{named(model.graph)};")
    lines += answer.shown(model.graph, name)
    body = "\n".join(f"    {line}" for line in [*lines, "return 1;"])
    return f"/* One input of {name}; 0 if there is none. */\nstatic int {name}_once(void) {{\n{body}\n}}"
