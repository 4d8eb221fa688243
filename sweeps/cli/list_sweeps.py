"""``memsweep list``."""

import json
import sys
from typing import Any

from rich import box
from rich.table import Table

from sweeps.cli.console import make_console
from sweeps.cli.options import HomeOption, JsonOption
from sweeps.home import Home, SweepFolder
from sweeps.journal import ended
from sweeps.storage import find_storage
from sweeps.study import SweepStudy


def list_command(home: HomeOption = None, as_json: JsonOption = False) -> None:
    """List the sweeps of a home."""
    place = Home(home)
    rows = [_summary(folder) for folder in place.sweeps()]
    if as_json:
        sys.stdout.write(json.dumps(rows) + "\n")
        return
    console = make_console()
    if not rows:
        console.print(f"No sweeps in {place.path}; `memsweep run FILE` makes one.", soft_wrap=True)
        return
    table = Table(box=box.SIMPLE_HEAD)
    for heading in rows[0]:
        table.add_column(heading, justify="left" if heading in ("name", "task", "state") else "right")
    for row in rows:
        table.add_row(*("" if value is None else str(value) for value in row.values()))
    console.print(table)


def _summary(folder: SweepFolder) -> dict[str, Any]:
    spec, result = folder.spec(), folder.result()
    if result is not None:
        finished, failed = result["finished"], result["failed"]
    else:
        finished, failed = _ended(folder)
    best = max((entry["evaluation"]["accuracy"] for entry in result["pareto"]), default=None) if result else None
    return {
        "name": spec.name,
        "task": spec.task.kind,
        "state": "complete" if result is not None else "incomplete",
        "planned": spec.trials,
        "finished": finished,
        "failed": failed,
        "best accuracy": None if best is None else round(best, 4),
    }


def _ended(folder: SweepFolder) -> tuple[int, int]:
    """(finished, failed) of a sweep that is not complete; (0, 0) if it has no study yet."""
    if find_storage(folder.path).url is not None:
        return SweepStudy(folder.spec(), folder.journal).ended()
    return ended(folder.journal) if folder.journal.exists() else (0, 0)
