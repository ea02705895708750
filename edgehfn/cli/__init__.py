"""The command line. Each file holds commands that belong together; heavy imports wait inside the commands."""

from __future__ import annotations

import click

from edgehfn import __version__
from edgehfn.cli import measure, prove
from edgehfn.cli._common import Commands
from edgehfn.cli.compare import compare
from edgehfn.cli.compile import compile_
from edgehfn.cli.demo import demo
from edgehfn.cli.export import export
from edgehfn.cli.import_ import import_
from edgehfn.cli.info import info
from edgehfn.cli.learn import calibrate, train
from edgehfn.cli.search import search
from edgehfn.cli.zoo import zoo


@click.group(
    name="edgehfn", cls=Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100}
)
@click.version_option(__version__, message="%(prog)s %(version)s")
def cli() -> None:
    """Hidden-Fold Networks on microcontrollers: train a mask over seeded signs, compile it to C, prove that every
    machine computes the same bytes, and know what it costs.

    \b
    edgehfn train --data fashion-mnist --arch demo -o kws.hfn
    edgehfn calibrate kws.hfn --data fashion-mnist
    edgehfn compile kws.hfn --name kws -o build
    edgehfn verify kws.hfn --data fashion-mnist --on all
    """


for command in (
    train,
    calibrate,
    prove.run,
    prove.verify,
    measure.size,
    measure.bench,
    compile_,
    export,
    import_,
    info,
    search,
    zoo,
    demo,
    compare,
):
    cli.add_command(command)
