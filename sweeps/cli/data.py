"""``memsweep data``: data sets from their official addresses, into the folder that ``MEMSWEEP_DATA`` names."""

import json
import os
import sys
from pathlib import Path
from typing import Annotated

import typer
from rich import box
from rich.progress import (
    BarColumn,
    DownloadColumn,
    Progress,
    TaskID,
    TextColumn,
    TimeRemainingColumn,
    TransferSpeedColumn,
)
from rich.table import Table

from sweeps.cli.console import make_console
from sweeps.cli.options import JsonOption
from sweeps.errors import SweepError
from tasks.data.location import VARIABLE
from tasks.download import DATA_SETS, State, check, fetch, find_data_set
from tasks.download.store import present

app = typer.Typer(help="List, fetch and check data sets.", no_args_is_help=True)

ToOption = Annotated[
    Path | None, typer.Option("--to", help=f"Folder of the data sets.  [default: {VARIABLE}]", show_default=False)
]


@app.command("list")
def list_command(to: ToOption = None, as_json: JsonOption = False) -> None:
    """List the sets: what they are, how large the download is, their licence, and whether they are there."""
    root = _root_if_any(to)
    rows = [
        {
            "name": name,
            "summary": data_set.summary,
            "download_bytes": data_set.size_bytes or None,
            "licence": data_set.licence,
            "present": root is not None and present(data_set, root),
            "note": data_set.note,
        }
        for name, data_set in DATA_SETS.items()
    ]
    if as_json:
        sys.stdout.write(json.dumps({"folder": None if root is None else str(root), "sets": rows}) + "\n")
        return
    console = make_console()
    table = Table(box=box.SIMPLE_HEAD, show_lines=True)
    for heading in ("set", "download", "there", "what it is, its licence, what to know"):
        table.add_column(heading, no_wrap=heading == "set")
    for name, row in zip(DATA_SETS, rows, strict=True):
        size = DATA_SETS[name].size_bytes
        table.add_row(
            name,
            f"{size / 1e6:.3g} MB" if size else "?" if DATA_SETS[name].sources else "by hand",
            "yes" if row["present"] else "no",
            f"{row['summary']}\nlicence: {row['licence']}\n{row['note']}",
        )
    console.print(table)
    console.print(f"Folder: {root}" if root else f"No folder: set {VARIABLE} or give --to DIR.", soft_wrap=True)


@app.command("fetch")
def fetch_command(
    names: Annotated[list[str], typer.Argument(help="Sets to fetch.")],
    to: ToOption = None,
    again: Annotated[bool, typer.Option("--again", help="Also what is there and right.")] = False,
) -> None:
    """Fetch sets; a download that was cut goes on where it ended."""
    chosen = [find_data_set(name) for name in names]
    root = _root(to)
    console = make_console(stderr=True)
    columns = (
        TextColumn("{task.description}"),
        BarColumn(bar_width=24),
        DownloadColumn(),
        TransferSpeedColumn(),
        TimeRemainingColumn(),
    )
    for data_set in chosen:
        with Progress(*columns, console=console, disable=not console.is_terminal) as progress:
            bars: dict[str, TaskID] = {}

            def report(
                name: str, done: int, total: int | None, progress: Progress = progress, bars: dict[str, TaskID] = bars
            ) -> None:
                if name not in bars:
                    bars[name] = progress.add_task(name, total=total)
                progress.update(bars[name], completed=done, total=total)

            new = fetch(data_set, root, again=again, report=report)
        console.print(f"{data_set.name}: {'fetched and checked' if new else 'there and right already'}")
        for path in new:
            console.print(f"  {path}", soft_wrap=True)
    if to is not None and os.environ.get(VARIABLE) != str(root):
        console.print(f"The tasks read the folder that {VARIABLE} names: export {VARIABLE}={root}", soft_wrap=True)


@app.command("check")
def check_command(
    names: Annotated[
        list[str] | None, typer.Argument(help="Sets to check.  [default: all]", show_default=False)
    ] = None,
    to: ToOption = None,
    as_json: JsonOption = False,
) -> None:
    """Compare every file with its checksum; exit status 1 if one is corrupt, or missing from a set that was named."""
    chosen = [find_data_set(name) for name in names] if names else list(DATA_SETS.values())
    root = _root(to)
    found = [(data_set.name, item) for data_set in chosen for item in check(data_set, root)]
    if as_json:
        files = [{"set": name, "path": item.file.path, "state": str(item.state)} for name, item in found]
        sys.stdout.write(json.dumps({"folder": str(root), "files": files}) + "\n")
    else:
        table = Table(box=box.SIMPLE_HEAD)
        for heading in ("set", "file", "state"):
            table.add_column(heading)
        for name, item in found:
            optional = " (optional)" if item.file.optional and item.state is State.MISSING else ""
            table.add_row(name, item.file.path, f"{item.state}{optional}")
        make_console().print(table)
    wrong = {State.CORRUPT, State.MISSING} if names else {State.CORRUPT}
    if any(item.state in wrong and not (item.file.optional and item.state is State.MISSING) for _, item in found):
        raise typer.Exit(1)


def _root(to: Path | None) -> Path:
    """The folder of the data sets; raises ``SweepError`` if there is none."""
    root = _root_if_any(to)
    if root is None:
        raise SweepError(f"Where the data sets lie must be said, but {VARIABLE} is not set; set it or give --to DIR.")
    return root


def _root_if_any(to: Path | None) -> Path | None:
    named = to or os.environ.get(VARIABLE)
    return Path(named).absolute() if named else None
