"""A makefile that builds a program, and the part of it that a user's makefile includes."""

from __future__ import annotations

from edgehfn.backends.c.export.program import program
from edgehfn.backends.c.export.project import SMALL_LEVEL, SRC, Files, Project


def files(project: Project) -> Files:
    """For a user's makefile: ``include`` and the objects' name."""
    return {
        "Makefile": _makefile(project),
        f"{project.name}.mk": part(project),
        "main.c": program(project, about="Classes of inputs that are piped in"),
    }


def sources(project: Project, ending: str) -> str:
    """The files of one kind behind the folder in which the makefile lies."""
    return " \\\n    ".join(f"$({project.up}_DIR){SRC}/{name}" for name in project.of(ending))


def part(project: Project) -> str:
    """Variables of sources, objects and include path, and the rules of the objects."""
    up = project.up
    small = "".join(f"$({up}_BUILD)/{name[:-2]}.o: {up}_LEVEL := {SMALL_LEVEL}\n" for name in project.small)
    return f"""\
# {project.about}. In a makefile of yours:
#     include PATH/OF/THIS/FOLDER/{project.name}.mk
#     YOUR_PROGRAM: $({up}_OBJECTS)   # and $({up}_INCLUDES) among the flags of what includes {project.name}.h
{up}_DIR := $(dir $(lastword $(MAKEFILE_LIST)))
{up}_BUILD ?= build
{up}_LEVEL := {project.level}
{up}_INCLUDES := -I$({up}_DIR){SRC}
{up}_SOURCES := \\
    {sources(project, ".c")}
{up}_ASSEMBLY := {sources(project, ".S")}
{up}_OBJECTS := $(patsubst $({up}_DIR){SRC}/%,$({up}_BUILD)/%.o,$(basename $({up}_SOURCES) $({up}_ASSEMBLY)))

{small}$({up}_BUILD)/%.o: $({up}_DIR){SRC}/%.c
	@mkdir -p $(@D)
	$(CC) -std=c99 $(CFLAGS) $({up}_LEVEL) -ffunction-sections -fdata-sections $({up}_INCLUDES) -c $< -o $@

$({up}_BUILD)/%.o: $({up}_DIR){SRC}/%.S
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) $({up}_INCLUDES) -c $< -o $@
"""


def _makefile(project: Project) -> str:
    name, up = project.name, project.up
    return f"""\
# make                                                                        a program for this computer
# make CC=arm-none-eabi-gcc CFLAGS="-mthumb -mcpu=cortex-m4" build/{name}.a    a library for a core
all: build/{name}_classify
include {name}.mk

build/{name}_classify: main.c build/{name}.a
	$(CC) -std=c99 $(CFLAGS) $({up}_INCLUDES) $^ $(LDFLAGS) -o $@

build/{name}.a: $({up}_OBJECTS)
	$(AR) rcs $@ $^

clean:
	rm -rf build

.PHONY: all clean
"""
