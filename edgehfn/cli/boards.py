"""``boards``: the boards that ``--target`` knows by name."""

from __future__ import annotations

import click

from edgehfn.cli._common import Result, as_json, emit, example, show, table


@click.command(
    short_help="Boards that --target knows.", epilog=example("edgehfn boards\nedgehfn size kws.hfn --target pico")
)
@as_json
def boards(as_json: bool) -> list[Result]:
    """List the boards that --target takes by name, with their memories in bytes and their highest clock.

    A board of your own is a file that ends in .toml, such as --target mine.toml, with four lines: core =
    "cortex-m4", flash = "256K", ram = "64K" and clock = 48000000.
    """
    from edgehfn.target.kits import kits

    rows: list[Result] = [
        {
            "name": kit.name,
            "title": kit.title,
            "core": kit.core,
            "flash": kit.flash.size,
            "flash_origin": kit.flash.origin,
            "ram": kit.ram.size,
            "ram_origin": kit.ram.origin,
            "clock": kit.clock,
            "counted": kit.is_counted,
            "source": kit.source,
        }
        for kit in kits().values()
    ]
    if as_json:
        emit(rows)
        return rows
    shown = table("name", "core", "flash", "RAM", "MHz", "instructions", "board")
    for row in rows:
        counted = "counted" if row["counted"] else "not yet"
        shown.add_row(
            row["name"],
            row["core"],
            f"{row['flash']:,}",
            f"{row['ram']:,}",
            f"{row['clock'] / 1e6:g}",
            counted,
            row["title"],
        )
    show(shown)
    return rows
