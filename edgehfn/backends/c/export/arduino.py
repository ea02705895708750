"""A library of the Arduino IDE, in the 1.5 format with one flat folder ``src``, and its example."""

from __future__ import annotations

from edgehfn.backends.c.export.program import program
from edgehfn.backends.c.export.project import Files, Project

READ = """\
static int read_bytes(void *to, size_t size) {
    return Serial.readBytes((char *)to, size) == size;
}"""
SHOW = """\
static void show(const char *text) {
    Serial.println(text);
}"""
ENTRY = """\
void setup(void) {
    Serial.begin(115200);
    Serial.setTimeout(1000000);  // milliseconds
}

void loop(void) {
    classify();
}"""


def files(project: Project) -> Files:
    """For a user's sketch: the folder among the libraries, and one ``#include``."""
    about = "Classes of inputs that come over the serial line, as raw bytes"
    sketch = program(project, about=about, includes=("<Arduino.h>",), read=READ, show=SHOW, entry=ENTRY)
    return {"library.properties": _properties(project), "examples/Classify/Classify.ino": sketch}


def _properties(project: Project) -> str:
    return f"""\
name={project.name}
version={project.version}
author=EdgeHFN
maintainer=EdgeHFN
sentence={project.about}.
paragraph=Runs without heap or floats and takes the same time for every input.
category=Data Processing
url=https://arxiv.org/abs/2111.12330
architectures=*
includes={",".join(f"{model.name}.h" for model in project.models)}
"""
