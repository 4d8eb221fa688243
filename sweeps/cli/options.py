"""Options that several subcommands share."""

from pathlib import Path
from typing import Annotated

import typer

HomeOption = Annotated[
    Path | None,
    typer.Option("--home", help="Where sweeps live. Default: MEMSWEEP_HOME, else .memsweep.", show_default=False),
]
StorageOption = Annotated[
    str | None,
    typer.Option(
        "--storage",
        help="Where the study is stored: `journal` (a file in the home) or postgresql://USER@HOST/DATABASE. Default: "
        "MEMSWEEP_STORAGE, else the journal; a sweep stays where it was started. Leave the password out, other users "
        "see it: it may come from MEMSWEEP_STORAGE, PGPASSWORD or PGPASSFILE.",
        show_default=False,
    ),
]
AddressOption = Annotated[
    str | None,
    typer.Option(
        "--address",
        help="host:port of a Ray head, whose cluster this machine belongs to. Default: start Ray here.",
        show_default=False,
    ),
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print one JSON object and nothing else.")]
NameArgument = Annotated[str, typer.Argument(help="Name of the sweep.")]
