"""``memsweep list``."""

import json
import sys
from typing import Any

from rich import box
from rich.table import Table

from sweeps.cli.console import make_console
from sweeps.cli.options import HomeOption, JsonOption, StorageOption
from sweeps.home import Home, SweepFolder
from sweeps.journal import ended
from sweeps.storage import Storage, StorageError, parse_storage, recall
from sweeps.study import SweepStudy


def list_command(storage: StorageOption = None, home: HomeOption = None, as_json: JsonOption = False) -> None:
    """List the sweeps of a home; one whose database does not answer is unreachable."""
    place = Home(home)
    counter = _Counter(storage)
    rows = [_summary(folder, counter) for folder in place.sweeps()]
    if as_json:
        sys.stdout.write(json.dumps(rows) + "\n")
        return
    console = make_console()
    if not rows:
        console.print(f"No sweeps in {place.path}; `memsweep run FILE{place.option}` makes one.", soft_wrap=True)
        return
    problems = [(row["name"], problem) for row in rows if (problem := row.pop("problem"))]
    table = Table(box=box.SIMPLE_HEAD)
    for heading in rows[0]:
        table.add_column(heading, justify="left" if heading in ("name", "task", "state") else "right")
    for row in rows:
        table.add_row(*("" if value is None else str(value) for value in row.values()))
    console.print(table)
    for problem in dict.fromkeys(problem for _, problem in problems):
        names = ", ".join(name for name, said in problems if said == problem)
        console.print(f"{names}: {problem}", markup=False, soft_wrap=True)


def _summary(folder: SweepFolder, counter: "_Counter") -> dict[str, Any]:
    spec, result = folder.spec(), folder.result()
    state, problem = "incomplete", None
    finished: int | None
    failed: int | None
    if result is not None:
        state, finished, failed = "complete", result["finished"], result["failed"]
    else:
        try:
            finished, failed = counter.ended(folder)
        except StorageError as error:
            state, finished, failed, problem = "unreachable", None, None, str(error)
    best = max((entry["evaluation"]["accuracy"] for entry in result["pareto"]), default=None) if result else None
    return {
        "name": spec.name,
        "task": spec.task.kind,
        "state": state,
        "planned": spec.trials,
        "finished": finished,
        "failed": failed,
        "best accuracy": None if best is None else round(best, 4),
        "problem": problem,
    }


class _Counter:
    """Counts the trials of sweeps that are not complete; a database that was away once is not asked again."""

    def __init__(self, option: str | None) -> None:
        self._option = option
        self._named = parse_storage(option) if option else Storage()
        self._away: dict[str, StorageError] = {}

    def ended(self, folder: SweepFolder) -> tuple[int, int]:
        """(finished, failed); (0, 0) if there is no study yet. Raises ``StorageError`` if its database is away."""
        storage = recall(folder.path)
        if storage.url is None:
            return ended(folder.journal) if folder.journal.exists() else (0, 0)
        if storage.place in self._away:
            raise self._away[storage.place]
        # The option is of one database, sweeps may live in several.
        option = self._option if self._named.same_place(storage) else None
        try:
            return SweepStudy(folder.spec(), folder.journal, option).ended()
        except StorageError as error:
            self._away[storage.place] = error
            raise
