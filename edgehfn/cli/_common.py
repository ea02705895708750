"""What all commands share: errors in one line, results on standard output, all else on standard error."""

from __future__ import annotations

import io
import json
import math
import re
import shlex
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click
from click.core import ParameterSource
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table

from edgehfn import files
from edgehfn.errors import EdgeHFNError, masked, one_line
from edgehfn.spec.objective import OBJECTIVES

F = TypeVar("F", bound=Callable[..., Any])
Result = dict[str, Any]  # of a command: what --json prints

DISAGREES = 1  # exit status
TOO_LARGE = "not enough memory for a net or a set of this size; make it smaller"
CORE = "cortex-m4"  # where none is named
WORDS = "edgehfn.words"  # of the command line that have passwords: a key of click's context
FILE_WIDTH = 200  # columns where output goes to a file or a pipe: nothing is cut
RENAMED = {  # options of old, still taken
    "--border": "--crop-padding",
    "--gain": "--residual-scale",
    "--most": "--max-graph",
    "--smooth": "--label-smoothing",
}


class Bytes(click.ParamType[int]):
    """``16384``, ``16K`` or ``16KB``: K is 1,024 and M is 1,048,576."""

    name = "bytes"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        found = re.fullmatch(r"(\d+)([KM]?)B?", str(value).upper())
        if found is None:
            self.fail(f"{value!r} is no number of bytes, such as 16384 or 16K", param, ctx)
        return int(found[1]) * {"": 1, "K": 1024, "M": 1024 * 1024}[found[2]]


class Real(click.FloatRange):
    """A number within limits, with which ``nan`` compares as if it were."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        number = float(super().convert(value, param, ctx))
        if not math.isfinite(number):
            self.fail(f"{value!r} is not a finite number", param, ctx)
        return number


class Failure(click.ClickException):
    """Ends the program with one line on standard error."""

    exit_code = 2

    def __init__(self, message: str) -> None:
        super().__init__(one_line(masked(message)))

    def show(self, file: Any = None) -> None:
        click.echo(f"edgehfn: error: {self.message}", err=True, file=file)


class Interrupted(Failure):
    """Ends the program as shells expect after Ctrl-C."""

    exit_code = 130


class Commands(click.Group):
    """A group whose commands fail in one line, never with a traceback for what the user can mend."""

    def invoke(self, ctx: click.Context) -> Any:
        _print_any_name()
        try:
            return super().invoke(ctx)
        except click.UsageError as error:
            command = error.ctx.command_path if error.ctx else ctx.command_path
            said = error.format_message().rstrip(".")
            for word in ctx.meta.get(WORDS, ()):  # as a whole, for a password may have blanks
                said = said.replace(word, masked(word, word=True))
            raise Failure(f"{said}; see {command} --help") from error
        except EdgeHFNError as error:
            raise Failure(str(error)) from error
        except BrokenPipeError:
            raise  # click ends quietly when the reader of a pipe has gone
        except OSError as error:
            raise Failure(f"{error.filename or 'a file'}: {error.strerror or error}") from error
        except MemoryError as error:
            raise Failure(f"{TOO_LARGE} ({error})") from error
        except RuntimeError as error:
            if "can't allocate memory" not in str(error):  # torch's words; it has no class of its own for it
                raise
            raise Failure(TOO_LARGE) from error
        except KeyboardInterrupt:
            raise Interrupted("stopped") from None

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        renamed = {**RENAMED, **({"--on": "--target"} if args[:1] == ["bench"] else {})}
        ctx.meta[WORDS] = [
            one for word in args for one in (word, word.partition("=")[2]) if masked(one, word=True) != one
        ]
        words = [word.partition("=") for word in args]
        return super().parse_args(ctx, ["".join((renamed.get(name, name), *rest)) for name, *rest in words])

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(self.commands)  # in the order one uses them


def example(text: str) -> str:
    """An epilog for a command's help, kept as it is laid out."""
    return "\b\nExample:\n" + "\n".join(f"  {line}" for line in text.splitlines())


def typed() -> str:
    """The command that is running with the options that were given, in the order of its help.

    Of files it has the names alone, and of URLs all but the passwords.
    """
    context = click.get_current_context()
    words = context.command_path.split()
    for parameter in context.command.params:
        name = parameter.name or ""
        if context.get_parameter_source(name) is not ParameterSource.COMMANDLINE or name in ("as_json", "force"):
            continue
        value = context.params[name]
        if isinstance(parameter, click.Option):
            flag = isinstance(value, bool)
            words.append(parameter.secondary_opts[0] if flag and not value else parameter.opts[0])
            if flag:
                continue
        if isinstance(value, Path):
            words.append(quotable(value.name))
        else:
            words.append(masked(quotable(value) if name == "data" else str(value), word=True))
    return shlex.join(words)


def command(*words: object) -> str:
    """A command as one pastes it into a shell: paths are quoted, and none is taken for an option."""
    return shlex.join(quotable(word) if isinstance(word, Path) else masked(str(word)) for word in words)


def quotable(value: object) -> str:
    """A path or a name as a word of a command that no option begins with."""
    text = str(value)
    return f"./{text}" if text.startswith("-") else text


def _print_any_name() -> None:
    """Let names of files that are not UTF-8 through, byte for byte."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper) and stream.errors == "strict":
            stream.reconfigure(errors="surrogateescape")


MODEL = click.argument("model", type=click.Path(path_type=Path))
DATA = click.option(
    "--data",
    required=True,
    metavar="NAME|PATH[:nchw|:SIZE]",
    help="Data set whose test part is used; as for train, :nchw where its images are N,C,H,W.",
)


def force(command: F) -> F:
    """The option ``--force``."""

    def chosen(context: click.Context, parameter: click.Parameter, value: bool) -> None:
        if value:
            context.with_resource(files.forced())

    about = "Replace files that EdgeHFN has not written, too."
    return click.option("--force", is_flag=True, expose_value=False, is_eager=True, callback=chosen, help=about)(
        command
    )


def as_json(command: F) -> F:
    """The option ``--json``."""
    return click.option("--json", "as_json", is_flag=True, help="Print one JSON object on standard output.")(command)


def objective(command: F) -> F:
    """The options ``--objective`` and ``--ram``."""
    choice = click.Choice(OBJECTIVES)
    about = "Optimise the generated C for speed, for the least RAM or for flash; outputs are bit-identical.  "
    default = "[default: speed; with --ram, ram]"
    within = "Take at most so much RAM, without stack, and no more instructions than that costs.  [default: no limit]"
    ram = click.option("--ram", type=Bytes(), help=within)(command)
    return click.option("--objective", type=choice, help=about + default)(ram)


def target(command: F) -> F:
    """The option ``--target``, a word for ``edgehfn.target.kits.aim``."""
    about = "Core, cortex-m0 to cortex-m55, board (see edgehfn boards), or a file that describes yours."
    words = "CORE|BOARD|FILE.toml"
    return click.option("--target", "--board", "target", default=CORE, metavar=words, show_default=True, help=about)(
        command
    )


def rows(command: F) -> F:
    """The option ``--rows``."""
    about = "Let the image come row by row, to NAME_feed: it is then never whole in RAM."
    return click.option("--rows", is_flag=True, help=about)(command)


def emit(result: Result | list[Result]) -> None:
    """Print the result of ``--json``: one object, or a list of them."""
    click.echo(json.dumps(result))


def show(table: Table | str) -> None:
    """Print a result for people on standard output."""
    console = Console(highlight=False, soft_wrap=isinstance(table, str))
    if not console.is_terminal:
        console.width = FILE_WIDTH
    console.print(table, markup=False)


def note(text: str) -> None:
    """Print a remark on standard error, apart from the result."""
    click.echo(text, err=True)


def table(*columns: str, title: str | None = None) -> Table:
    """A table whose first column is text and whose others are numbers."""
    made = Table(title=title, title_justify="left", box=SIMPLE_HEAD)
    for number, column in enumerate(columns):
        made.add_column(column, justify="right" if number else "left", no_wrap=True)
    return made
