"""Where a study lies: whatever fails there, or is damaged, ends in one line that no password is in."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import unquote, unquote_plus

import optuna
from sqlalchemy.exc import SQLAlchemyError

from edgehfn.errors import HARMLESS, EdgeHFNError, InputError, masked

FAILURES = (SQLAlchemyError, optuna.exceptions.OptunaError)  # of a storage
LONGEST = 110  # characters of another library's words


@contextmanager
def stored(storage: str) -> Iterator[None]:
    """Around what reads or writes a study: raise InputError for whatever fails, but that a trial had already ended.

    Optuna and SQLAlchemy meet damaged rows with any kind of exception, so nothing else belongs into the block.
    """
    try:
        yield
    except (EdgeHFNError, MemoryError, optuna.exceptions.UpdateFinishedTrialError):
        raise
    except FAILURES as error:
        raise InputError(
            f"{shown(storage)}: the storage failed ({why(error, storage)}); the same command goes on, or if it is "
            "damaged, move it away first"
        ) from None
    except Exception as error:
        raise InputError(
            f"{shown(storage)}: the study in it is damaged ({why(error, storage)}); move it away, or give another "
            "--storage or output"
        ) from None


def shown(storage: str) -> str:
    """Return a storage's URL as it may be printed, even if it is none."""
    text = masked(storage, word=True)
    return text if "***@" in text or "@" not in text else f"***@{text.rpartition('@')[2]}"


def why(error: Exception, storage: str) -> str:
    """Return what an error says, in few words; its kind alone, if it says more of the storage than may be printed."""
    kind = type(error).__name__
    said = " ".join(str(error).splitlines()[:1]).strip()
    if not said or any(secret in unquote(said) or secret in said for secret in _secrets(storage)):
        return kind
    said = said if isinstance(error, (*FAILURES, ImportError)) else f"{kind}: {said}"
    return said if len(said) <= LONGEST else f"{said[:LONGEST]}…"


def _secrets(storage: str) -> set[str]:
    """The password of a URL, its parts if it was not quoted, and the values of options; as typed and as meant."""
    user = re.sub(r"^[^:/]*:/+", "", storage)
    login = user.rpartition("@")[0] or user.partition("/")[0]
    password = login.partition(":")[2]
    if password.isdigit() and "@" not in user:
        password = ""  # a port
    values = re.findall(rf"[?&](?!(?:{HARMLESS})=)[^=&]*=([^&]*)", storage)
    found = {part for text in (password, *map(unquote_plus, values)) for part in re.split(r"[@:/?#;=]", text)}
    found = {password, *values, *(part for part in found if len(part) > 2)}
    return {text for one in found for text in (one, unquote(one), unquote_plus(one)) if text}
