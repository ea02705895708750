"""What can go wrong, in three classes with one base. The command line prints the message and exits with status 2."""

from __future__ import annotations

import re

LONGEST = 284  # characters of a message; "edgehfn: error: " and it are a line of at most 300
TAIL = 120  # of them, what is kept of the end, where the remedy stands


class EdgeHFNError(Exception):
    """Base of every error this package raises on purpose; the message names the place and the remedy, no password."""

    def __init__(self, message: object = "") -> None:
        super().__init__(masked(str(message)))


class InputError(EdgeHFNError):
    """A file, an array or an option from the user is not what it must be."""

    def __str__(self) -> str:
        return one_line(super().__str__())


class GraphError(EdgeHFNError):
    """A net cannot be expressed in, or a graph breaks a rule of, docs/SPEC.md."""

    def __str__(self) -> str:
        return one_line(super().__str__())


class ToolError(EdgeHFNError):
    """A compiler or an emulator is missing, or failed."""


def one_line(message: str) -> str:
    """Return a message on one line, without the middle of one that is too long: names may be of any length."""
    line = " ".join(message.split())
    return line if len(line) <= LONGEST else f"{line[: LONGEST - TAIL - 3]} … {line[-TAIL:]}"


def masked(text: str, *, word: bool = False) -> str:
    """Return a text with ``***`` for each password, and for each value of an option that is not harmless, of its URLs.

    A ``word`` is one URL from its begin to its end, or the value of an option (``--storage=…``); its password may hold
    whatever a sentence cannot be told from.
    """
    for pattern in (_WORD,) * word + (_LOGIN, _BARE):
        text = pattern.sub(r"\1:***@", text)
    text = _NO_HOST.sub(r"\1:***", text)
    while (shorter := _OPTION.sub(r"\1=***", text)) != text:
        text = shorter
    return _NAMED.sub(r"\1=***", text)


HARMLESS = (
    "host|hostaddr|port|dbname|user|service|sslmode|target_session_attrs|connect_timeout|timeout|charset|mode|uri"
    "|board|core|ram|flash|monitor"  # of a GDB server
)
_SCHEME = r"[a-zA-Z][\w+.-]{1,63}:/+"  # of a Path too: one slash; bounded, as it is sought at each letter
_USER = rf"({_SCHEME}[^\s:/@]*):(?!\*\*\*)"
_WORD = re.compile(rf"(?<![^=]){_USER}.*@", re.DOTALL)
_LOGIN = re.compile(rf"{_USER}(?:\S*|(?!\d+[/:?,)])(?:(?!: )[^\n(])*)@")
_BARE = re.compile(r"((?<![\w./:@%+-])[\w.%+-]+):(?!\*\*\*)[^\s/@]+@(?=[\w\[])")  # me:password@host, no URL
_NO_HOST = re.compile(rf"{_USER}(?!\d*(?:[/?:;,)'\s]|$))[^\s/?]+")  # what is no port is a password without its host
_OPTION = re.compile(rf"({_SCHEME}\S*?[?&](?!(?:{HARMLESS})=)[\w.%-]+)=(?!\*\*\*)[^&\s]+(?<!\))")
_NAMED = re.compile(
    r"\b(password|passwd|pwd)\s*=\s*(?!\*\*\*)(?:'[^']*'|\"[^\"]*\"|[^\s&;]+)", re.IGNORECASE
)  # as in libpq
