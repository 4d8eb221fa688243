"""``memsweep report``."""

import json
import sys
from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from sweeps.api import mlflow_tracker
from sweeps.cli.console import make_console
from sweeps.cli.options import HomeOption, JsonOption, NameArgument, StorageOption
from sweeps.cli.run import TrackingOption
from sweeps.commands import command
from sweeps.errors import SweepError
from sweeps.home import Home, SweepFolder
from sweeps.sync import is_tracked, sync
from tracking.errors import TrackerError


def report_command(
    name: NameArgument,
    out: Annotated[
        Path | None,
        typer.Option(
            "--out",
            help="File to write. Default: report.html beside the sweep, kept in MLflow too.",
            show_default=False,
        ),
    ] = None,
    trial: Annotated[
        list[int] | None,
        typer.Option("--trial", help="Also look closely at this configuration; repeatable.", show_default=False),
    ] = None,
    no_portraits: Annotated[
        bool, typer.Option("--no-portraits", help="Look closely at none, which spares training them once more.")
    ] = False,
    tracking: TrackingOption = None,
    storage: StorageOption = None,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Write what came of a sweep as one page: answer, front, what matters, the chosen ones closely, methods."""
    from sweeps.report import collect_content  # draws on Plotly and pandas, which only this command should wait for
    from tracking.report.page import write_report

    place = Home(home)
    folder = place.find(name)
    console = make_console(stderr=as_json)
    with console.status("reading the sweep") as status:
        content = collect_content(
            folder,
            trials=trial or (),
            portraits=not no_portraits,
            storage=storage,
            on_portrait=lambda number: status.update(f"looking closely at trial {number}"),
        )
        status.update("writing")
        try:
            path = write_report(content, folder.report if out is None else out)
        except OSError as error:
            raise SweepError(
                f"The report cannot be written ({error.strerror or error}); choose another file with `--out`."
            ) from error
        status.update("handing it to MLflow")
        problem = None if out is not None or tracking == "none" else _hand_over(folder, place, tracking, storage)
    if as_json:
        trials = [portrait.trial for portrait in content.portraits]
        told = {"name": name, "report": str(path), "bytes": path.stat().st_size, "portraits": trials}
        sys.stdout.write(json.dumps({**told, "tracking_problem": problem}) + "\n")
        return
    for paragraph in content.answer[:2]:
        console.print(paragraph, markup=False)
    console.print(f"Report: {path} ({path.stat().st_size / 1e6:.1f} MB)", markup=False, soft_wrap=True)
    if problem:
        again = f"`{command('sync', folder)}` tries again"
        console.print(f"MLflow did not take it ({problem}); {again}.", markup=False, soft_wrap=True)


def _hand_over(folder: SweepFolder, home: Home, tracking: str | None, storage: str | None) -> str | None:
    """Log the report where the sweep is known to be logged; returns why that failed, in one line."""
    tracker = partial(mlflow_tracker, home, tracking)
    try:
        return sync(folder, tracker, storage).problem if is_tracked(folder, tracker()) else None
    except (SweepError, TrackerError) as error:
        return str(error)
