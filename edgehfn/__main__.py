"""``edgehfn`` and ``python -m edgehfn``."""

from __future__ import annotations

from edgehfn.cli import cli


def main() -> None:
    """Run the command ``edgehfn``."""
    cli(prog_name="edgehfn")


if __name__ == "__main__":
    main()
