"""``memsweep export``."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from sweeps.cli.console import make_console
from sweeps.cli.options import HomeOption, NameArgument
from sweeps.home import Home
from sweeps.results import frame
from sweeps.study import SweepStudy


class Format(StrEnum):
    """File formats of an export."""

    CSV = "csv"
    PARQUET = "parquet"


def export_command(
    name: NameArgument,
    file_format: Annotated[Format, typer.Option("--format", help="File format.")] = Format.CSV,
    out: Annotated[
        Path | None,
        typer.Option("--out", help="File to write. Default: NAME.FORMAT here.", show_default=False),
    ] = None,
    home: HomeOption = None,
) -> None:
    """Write every trial of a sweep as one table."""
    folder = Home(home).find(name)
    table = frame(SweepStudy(folder.spec(), folder.journal).records(), folder.result())
    path = out or Path(f"{name}.{file_format}")
    if file_format is Format.CSV:
        table.to_csv(path, index=False)
    else:
        table.to_parquet(path, index=False)
    make_console().print(f"{len(table)} trials written to {path}", soft_wrap=True)
