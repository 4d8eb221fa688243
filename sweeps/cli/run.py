"""``memsweep run`` and ``memsweep resume``."""

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum
from functools import partial
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console

from sweeps import run as sweep_runs
from sweeps.api import mlflow_tracker
from sweeps.cli.console import errors_only, make_console, ray_kept_silent, stdout_kept
from sweeps.cli.options import AddressOption, HomeOption, JsonOption, NameArgument, StorageOption
from sweeps.cli.progress import Progress
from sweeps.cli.tables import print_outcome, print_place
from sweeps.commands import command
from sweeps.errors import SpecError
from sweeps.home import Home
from sweeps.networks import save_front_networks
from sweeps.run import Observer, Options
from sweeps.samplers import choose_sampler
from sweeps.spec import Spec, load_spec


class ExecutorName(StrEnum):
    """Where evaluations run."""

    INLINE = "inline"
    RAY = "ray"


ExecutorOption = Annotated[ExecutorName, typer.Option("--executor", help="This process, or Ray actors.")]
WorkersOption = Annotated[
    int | None, typer.Option("--workers", min=1, help="Ray actors. Default: all CPUs.", show_default=False)
]
DeadlineOption = Annotated[
    float,
    typer.Option(
        "--deadline",
        min=1.0,
        metavar="SECONDS",
        help="Time that a configuration may take on a Ray actor. An actor that takes longer is replaced, and a "
        "configuration that does so three times has failed.",
    ),
]
TrackingOption = Annotated[
    str | None,
    typer.Option(
        "--tracking",
        envvar="MEMSWEEP_TRACKING",
        help="MLflow tracking URI, or `none`. Default: SQLite in the home.",
        show_default=False,
    ),
]
QuietOption = Annotated[
    bool, typer.Option("--quiet", "-q", help="Print nothing but errors and, at the end, where the results lie.")
]


def run_command(
    file: Annotated[Path, typer.Argument(help="The sweep file (YAML).")],
    settings: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="NAME=VALUE", help="Override a field, e.g. device.d2d=0.1; repeatable."),
    ] = None,
    configurations: Annotated[
        int | None, typer.Option("--configurations", help="Override the number of configurations.")
    ] = None,
    executor: ExecutorOption = ExecutorName.RAY,
    workers: WorkersOption = None,
    address: AddressOption = None,
    storage: StorageOption = None,
    deadline: DeadlineOption = Options.deadline_s,
    tracking: TrackingOption = None,
    save_networks: Annotated[
        Path | None,
        typer.Option("--save-networks", help="Folder for the networks of the front (.npz). Default: none are kept."),
    ] = None,
    home: HomeOption = None,
    as_json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Run a sweep file to its end."""
    overrides = _overrides(settings or [])
    if configurations is not None:
        overrides["configurations"] = configurations
    spec = load_spec(file, overrides)
    place = Home(home)
    console = make_console(stderr=as_json)
    if not as_json and not quiet:
        choice = choose_sampler(spec)
        console.print(f"Sampler [bold]{choice.name}[/]: {choice.why}")
    with _watched(console, spec, as_json, quiet) as observer:
        options = _options(place, executor, workers, address, storage, deadline, tracking, observer)
        outcome = sweep_runs.run(spec, place, options)
    if save_networks is not None and outcome.result is not None:
        for saved in save_front_networks(spec, outcome.result, save_networks):
            if not quiet:
                console.print(f"trial {saved.trial}: {saved.path or saved.reason}", markup=False)
    _report(outcome, console, as_json, quiet)


def resume_command(
    name: NameArgument,
    executor: ExecutorOption = ExecutorName.RAY,
    workers: WorkersOption = None,
    address: AddressOption = None,
    storage: StorageOption = None,
    deadline: DeadlineOption = Options.deadline_s,
    tracking: TrackingOption = None,
    home: HomeOption = None,
    as_json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Go on with a sweep that was stopped; what is finished is kept."""
    place = Home(home)
    console = make_console(stderr=as_json)
    folder = place.find(name)
    with _watched(console, folder.spec(), as_json, quiet) as observer:
        options = _options(place, executor, workers, address, storage, deadline, tracking, observer)
        outcome = sweep_runs.resume(folder, options)
    _report(outcome, console, as_json, quiet)


@contextmanager
def _watched(console: Console, spec: Spec, as_json: bool, quiet: bool) -> Iterator[Observer]:
    """An observer that shows the sweep, on a screen that nobody else writes to."""
    silent = as_json or quiet
    with (
        stdout_kept(as_json),
        errors_only(quiet),
        Progress(console, spec, silent=silent) as observer,
        ray_kept_silent(),
    ):
        yield observer


def _overrides(settings: list[str]) -> dict[str, Any]:
    overrides: dict[str, Any] = {}
    for setting in settings:
        name, separator, value = setting.partition("=")
        if not separator or not name:
            raise SpecError([f"`--set` must be NAME=VALUE, but is {setting!r}; write e.g. --set device.d2d=0.1."])
        overrides[name.strip()] = value
    return overrides


def _options(
    home: Home,
    executor: ExecutorName,
    workers: int | None,
    address: str | None,
    storage: str | None,
    deadline_s: float,
    tracking: str | None,
    observer: Observer,
) -> Options:
    return Options(
        executor=executor.value,
        workers=workers,
        address=address,
        storage=storage,
        deadline_s=deadline_s,
        tracker=None if tracking == "none" else partial(mlflow_tracker, home, tracking),
        observer=observer,
    )


def _report(outcome: sweep_runs.Outcome, console: Console, as_json: bool, quiet: bool) -> None:
    if as_json and outcome.result is not None:
        sys.stdout.write(json.dumps(outcome.result) + "\n")
    elif quiet and outcome.complete:
        print_place(console, outcome)
    elif outcome.result is not None:
        if outcome.was_complete:
            console.print(f"{outcome.folder.name} is complete: nothing is left to evaluate.", markup=False)
        print_outcome(console, outcome)
    if outcome.untracked or outcome.tracking_problem:
        # All trials may be logged when the summary is not.
        lost = f"{len(outcome.untracked)} configurations" if outcome.untracked else "the summary of the sweep"
        (make_console(stderr=True) if quiet else console).print(
            f"MLflow did not take {lost} ({outcome.tracking_problem}); nothing of it is lost, and "
            f"`{command('sync', outcome.folder)}` logs it later.",
            markup=False,
            soft_wrap=True,
        )
    if not outcome.complete:
        told = outcome.finished + outcome.failed
        if outcome.problem:
            make_console(stderr=True).print(f"error: {outcome.problem}", markup=False, soft_wrap=True)
        console.print(
            f"Stopped after {told} configurations, all kept; go on with `{command('resume', outcome.folder)}`.",
            markup=False,
            soft_wrap=True,
        )
        raise typer.Exit(130)
    if outcome.failed or (outcome.result or {}).get("unscored"):
        raise typer.Exit(1)
