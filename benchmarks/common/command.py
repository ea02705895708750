"""Commands as a user types them, and what their ``--json`` would print."""

from __future__ import annotations

from typing import Any

from edgehfn.cli import cli


def call(*words: object) -> Any:
    """Raises what the command raises."""
    return cli.main([*map(str, words), "--json"], standalone_mode=False)
