"""``memsweep robustness``: trained configurations of a sweep on chips that vary."""

import json
import sys
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Annotated, Any, Self

import typer
from rich import box
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, SpinnerColumn, TaskID, TextColumn, TimeRemainingColumn
from rich.progress import Progress as RichProgress
from rich.table import Table

from sweeps.api import mlflow_tracker
from sweeps.cli.console import make_console
from sweeps.cli.options import AddressOption, HomeOption, JsonOption, NameArgument
from sweeps.cli.run import ExecutorName, ExecutorOption, TrackingOption, WorkersOption
from sweeps.commands import command
from sweeps.errors import SweepError
from sweeps.home import Home, SweepFolder
from sweeps.robustness import StudyOutcome, choose, load_study, run_study
from sweeps.robustness.folder import StudyFolder
from sweeps.robustness.report import table_rows
from sweeps.run import Options

_PARETO = "pareto"
_PLAIN_LINES = 10
"""Lines that a study prints where there is no terminal."""


def robustness_command(
    name: NameArgument,
    study: Annotated[Path, typer.Option("--study", help="The study file (YAML).")],
    trial: Annotated[str, typer.Argument(help="Number of a trial, or `pareto`: the front.")] = _PARETO,
    most: Annotated[int, typer.Option("--most", min=1, help="Configurations of the front, the best first.")] = 5,
    executor: ExecutorOption = ExecutorName.RAY,
    workers: WorkersOption = None,
    address: AddressOption = None,
    tracking: TrackingOption = None,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """How much accuracy survives spread, faults, noise, temperature and time, and what must be fixed first."""
    plan = load_study(study)
    place = Home(home)
    folder = place.find(name)
    if trial != _PARETO and not trial.isdigit():
        raise SweepError(
            f"TRIAL must be a number or `{_PARETO}`, but got {trial!r}; `{command('show', folder)}` lists them."
        )
    chosen = choose(folder, "pareto" if trial == _PARETO else int(trial), part=plan.part, most=most)
    options = Options(
        executor=executor.value,
        workers=workers,
        address=address,
        tracker=None if tracking == "none" else partial(mlflow_tracker, place, tracking),
    )
    console = make_console(stderr=as_json)
    with _Progress(console, silent=as_json) as progress:
        outcome = run_study(folder, chosen, plan, options, progress)
    _report(console, folder, outcome, as_json)


def _report(console: Console, sweep: SweepFolder, outcome: StudyOutcome, as_json: bool) -> None:
    if as_json and outcome.complete:
        sys.stdout.write(json.dumps({"configurations": outcome.results}) + "\n")
    elif not as_json:
        for result in outcome.results:
            _print(console, StudyFolder.of(sweep, result["study"], result["trial"]), result)
    for reason, count in outcome.errors.items():
        console.print(f"{count} point{'s' if count > 1 else ''} failed: {reason}", markup=False)
    if outcome.untracked:
        console.print(
            f"MLflow did not take the results of {len(outcome.untracked)} configurations ({outcome.tracking_problem}); "
            "they are safe in their folders, and the same command logs them later.",
            markup=False,
        )
    if not outcome.complete:
        left = outcome.points - outcome.done
        console.print(f"{outcome.done} points are kept, {left} are left; the same command goes on with them.")
        raise typer.Exit(130 if outcome.stopped else 1)


def _print(console: Console, folder: StudyFolder, result: dict[str, Any]) -> None:
    console.print(_points_table(result))
    if "corners" in result:
        console.print(_corner_table(result["corners"]))
    if "sobol" in result:
        console.print(_sobol_table(result["sobol"]))
        console.print(f"[bold]{result['sobol']['fix_first']['words']}[/]", soft_wrap=True)
    console.print(f"Numbers and pictures: {folder.path}", soft_wrap=True)


def _points_table(result: dict[str, Any]) -> Table:
    title = f"Trial {result['trial']} of {result['sweep']}, study {result['study']}: accuracy over chips"
    table = Table(box=box.SIMPLE_HEAD, title=f"{title} ({result['part']} part)", title_justify="left")
    table.add_column("field", no_wrap=True)
    for heading in (
        "value",
        "chips",
        "median",
        "quartiles",
        "5 %\nquantile",
        f"yield\n(>= {result['yield_target']:g})",
    ):
        table.add_column(heading, justify="right", no_wrap=True)
    before = None
    for row in table_rows(result):
        if row["field"] != before and before not in (None, "nominal"):
            table.add_section()
        interval = f" ({row['yield_low']:.2f} to {row['yield_high']:.2f})" if row["yield_low"] is not None else ""
        varies = row["chips"] > 1
        table.add_row(
            "" if row["field"] == before else row["field"].replace(" + ", "\n+ "),
            f"{row['value']:g}" if isinstance(row["value"], int | float) else row["value"],
            str(row["chips"]),
            f"{row['median']:.3f}",
            f"{row['q25']:.3f} to {row['q75']:.3f}" if varies else "",
            f"{row['q05']:.3f}" if varies else "",
            f"{row['yield']:.2f}{interval}",
        )
        before = row["field"]
    table.add_section()
    table.add_row("control", "", "no kinetics", f"{result['control_accuracy']:.3f}", "", "", "")
    return table


def _corner_table(corners: list[dict[str, Any]]) -> Table:
    """A row a corner of the coefficients, a column a temperature; the worst is marked."""
    table = Table(box=box.SIMPLE_HEAD, title="Accuracy in the corners", title_justify="left")
    for name in corners[0]["coefficients"]:
        table.add_column(name, no_wrap=True)
    temperatures = list(dict.fromkeys(corner["temperature_K"] for corner in corners))
    for temperature in temperatures:
        table.add_column(f"{temperature:g} K", justify="right", no_wrap=True)
    worst = min(corner["accuracy"] for corner in corners)
    for first in range(0, len(corners), len(temperatures)):
        row = corners[first : first + len(temperatures)]
        cells = [f"{each['accuracy']:.3f}{' <' if each['accuracy'] == worst else '  '}" for each in row]
        table.add_row(*row[0]["coefficients"].values(), *cells)
    table.caption = "< the worst"
    table.caption_justify = "left"
    return table


def _sobol_table(sobol: dict[str, Any]) -> Table:
    title = (
        f"Shares of the variance of accuracy ({sobol['accuracy']:.3f} ±{sobol['accuracy_std']:.3f} over the ranges, "
        f"{sobol['points']} points of {sobol['chips']} chips)"
    )
    table = Table(box=box.SIMPLE_HEAD, title=title, title_justify="left")
    table.add_column("parameter", no_wrap=True)
    for heading in ("alone\n(first order)", "with all interactions\n(total order)"):
        table.add_column(heading, justify="right", no_wrap=True)
    for name, index in sorted(sobol["parameters"].items(), key=lambda entry: -entry[1]["total"]):
        table.add_row(name, *(_index(index[kind], index[f"{kind}_interval"]) for kind in ("first", "total")))
    return table


def _index(value: float, interval: list[float]) -> str:
    return f"{value:.2f} ({interval[0]:.2f} to {interval[1]:.2f})"


class _Progress:
    """Shows how a study goes: a bar in a terminal, a line now and then elsewhere."""

    def __init__(self, console: Console, *, silent: bool) -> None:
        self._console = console
        self._silent = silent
        self._live = console.is_terminal and not silent
        self._bar = RichProgress(
            SpinnerColumn(),
            TextColumn("[bold]{task.description}"),
            BarColumn(bar_width=12),
            MofNCompleteColumn(),
            TimeRemainingColumn(compact=True),
            console=console,
        )
        self._task: TaskID | None = None
        self._points = 0
        self._done = 0

    def __enter__(self) -> Self:
        if self._live:
            self._bar.start()
            self._task = self._bar.add_task("starting workers", total=None)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._live:
            self._bar.stop()

    def started(self, *, points: int, done: int, workers: int) -> None:
        self._points, self._done = points, done
        label = f"points on {workers} worker{'s' if workers > 1 else ''}"
        if self._task is not None:
            self._bar.reset(self._task, total=points, completed=done, description=label)
        elif not self._silent:
            self._console.print(
                f"{points} points, {done} of them known, on {workers} worker{'s' if workers > 1 else ''}"
            )

    def scored(self) -> None:
        self._done += 1
        if self._task is not None:
            self._bar.update(self._task, completed=self._done)
        elif not self._silent and self._done * _PLAIN_LINES // self._points > (
            (self._done - 1) * _PLAIN_LINES // self._points
        ):
            self._console.print(f"{self._done}/{self._points} points")
