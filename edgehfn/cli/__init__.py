"""The command line: one file a verb; heavy imports wait inside the commands."""

from __future__ import annotations

import click

from edgehfn import __version__
from edgehfn.cli._common import Commands
from edgehfn.cli.bench import bench
from edgehfn.cli.boards import boards
from edgehfn.cli.calibrate import calibrate
from edgehfn.cli.compare import compare
from edgehfn.cli.compile import compile_
from edgehfn.cli.demo import demo
from edgehfn.cli.export import export
from edgehfn.cli.import_ import import_
from edgehfn.cli.info import info
from edgehfn.cli.predict import predict
from edgehfn.cli.run import run
from edgehfn.cli.search import search
from edgehfn.cli.size import size
from edgehfn.cli.train import train
from edgehfn.cli.verify import verify
from edgehfn.cli.zoo import zoo


@click.group(
    name="edgehfn", cls=Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100}
)
@click.version_option(__version__, message="%(prog)s %(version)s")
def cli() -> None:
    """Hidden-Fold Networks on microcontrollers.

    Train a mask over seeded signs, calibrate it to integers and compile it to C. Know its flash, RAM and instructions
    before flashing, and check that every machine computes the same bytes.

    \b
    edgehfn train --data fashion-mnist --arch demo -o kws.hfn
    edgehfn calibrate kws.hfn --data fashion-mnist
    edgehfn compile kws.hfn --name kws -o build
    edgehfn verify kws.hfn --data fashion-mnist --on all
    """


for command in (
    train,
    calibrate,
    run,
    predict,
    verify,
    size,
    bench,
    boards,
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
