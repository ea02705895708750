"""``python -m scripts.fuzz``: kinds of cases in turn for some minutes, and one table of what was done."""

from __future__ import annotations

import sys
import time
from pathlib import Path

import click

from scripts.fuzz import campaign, faults, files, flips, gnn, graphs, kills

KINDS: dict[str, campaign.Kind] = {
    "graphs": graphs.turn,
    "files": files.turn,
    "gnn": gnn.turn,
    "faults": faults.turn,
    "flips": flips.turn,
    "kills": kills.turn,
}


@click.command()
@click.option("--minutes", type=click.FloatRange(0), default=5.0, help="Each kind has a turn at least.")
@click.option("--seed", type=click.IntRange(0, 2**32 - 1), help="Of all cases.  [default: the clock's]")
@click.option("--kind", default=",".join(KINDS), help="Kinds, with commas between.")
@click.option("--into", type=click.Path(path_type=Path), default=Path("runs/fuzz"), help="Folder of failing cases.")
def main(minutes: float, seed: int | None, kind: str, into: Path) -> None:
    """Run a campaign; status 1 if a case fails."""
    seed = time.time_ns() % 2**32 if seed is None else seed
    click.echo(f"seed {seed}")
    started = time.monotonic()
    tally = campaign.run({name: KINDS[name] for name in kind.split(",")}, minutes, seed, into, click.echo)
    click.echo(f"\n{(time.monotonic() - started) / 60:.1f} minutes, seed {seed}\n\n| what | count |\n|---|---|")
    for what, count in {**tally, "failures": tally["failures"]}.items():
        click.echo(f"| {what} | {count:,} |")
    sys.exit(tally["failures"] > 0)


if __name__ == "__main__":
    main()
