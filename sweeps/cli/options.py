"""Options that several subcommands share."""

from pathlib import Path
from typing import Annotated

import typer

HomeOption = Annotated[
    Path | None,
    typer.Option("--home", help="Where sweeps live. Default: MEMSWEEP_HOME, else .memsweep.", show_default=False),
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print one JSON object and nothing else.")]
NameArgument = Annotated[str, typer.Argument(help="Name of the sweep.")]
