"""The page of the command line, from the commands themselves."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import escape
from inspect import cleandoc
from textwrap import dedent

import click

INTRODUCTION = """# Command line

Every command explains itself with `--help`; this page is those texts. `--json` gives one object on standard output;
what happens on the way goes to standard error. The exit status is 1 if machines disagree, and 2, after one line that
says what to do, for bad input and for an exceeded limit.
"""


def page() -> str:
    """All commands in the order in which one uses them."""
    from edgehfn.cli import cli

    return INTRODUCTION + "".join(_command(cli, click.Context(cli, info_name="edgehfn"), 2))


def _command(command: click.Command, context: click.Context, level: int) -> Iterator[str]:
    yield f"\n{'#' * level} {context.command_path}\n\n"
    yield _prose(command.help or command.short_help or "")
    yield f"\n```text\n{context.command_path} {' '.join(command.collect_usage_pieces(context))}\n```\n"
    records = [record for parameter in command.params if (record := parameter.get_help_record(context))]
    if records:
        yield "\n| option | |\n|---|---|\n"
        yield from (_row(*record) for record in records)
    if command.epilog:
        yield f"\n{_prose(command.epilog)}"
    if isinstance(command, click.Group):
        for name in command.list_commands(context):
            inner = command.commands[name]
            if not inner.hidden:
                yield from _command(inner, click.Context(inner, context, info_name=name), level + 1 if level > 2 else 2)


def _prose(text: str) -> str:
    """Click's help as Markdown: what follows a backspace on a line of its own is laid out by hand."""
    made = []
    for paragraph in re.split(r"\n\s*\n", cleandoc(text.replace("\b\n", "\n\b\n"))):
        lines = paragraph.strip("\n").splitlines()
        if lines and lines[0].strip() == "\b":
            made.append("```text\n" + dedent("\n".join(lines[1:])) + "\n```")
        else:
            made.append(_escaped(" ".join(line.strip() for line in lines)))
    return "\n\n".join(part for part in made if part) + "\n"


def _row(names: str, about: str) -> str:
    """A line of the table of options. The values of a choice stand before what it is about, where they can wrap."""
    option, _, values = names.partition(" [")
    choices = ", ".join(f"`{value}`" for value in values.rstrip("]").split("|") if value)
    option = escape(option.replace(" RANGE", "")).replace("|", "&#124;")
    text = _escaped(" ".join(about.split()))
    return f"| <code>{option}</code> | {f'{choices}. {text}' if choices else text} |\n"


def _escaped(text: str) -> str:
    return re.sub(r"([*_\[\]])", r"\\\1", text.replace("<", "&lt;").replace("|", "&#124;"))
