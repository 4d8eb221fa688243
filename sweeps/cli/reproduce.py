"""``memsweep reproduce``: the paper's table, trained anew."""

import json
import sys
from concurrent.futures import ProcessPoolExecutor, as_completed
from importlib.metadata import version
from multiprocessing import get_context
from os import sched_getaffinity
from pathlib import Path
from typing import Annotated, Any

import typer
from rich import box
from rich.console import Console
from rich.table import Table

from sweeps.api import mlflow_tracker
from sweeps.cli.console import make_console
from sweeps.cli.options import HomeOption, JsonOption
from sweeps.errors import SweepError
from sweeps.home import Home
from tasks.data import load_task
from tasks.recipes import RECIPES, Recipe
from tasks.reproduction import Reproduction, reproduce, summary
from tracking.background import BackgroundTracker
from tracking.base import Summary, SweepRecord, TrialRecord


def reproduce_command(
    tasks: Annotated[
        list[str] | None, typer.Argument(metavar="[TASK]...", help="Rows of the table. Default: all.")
    ] = None,
    protocol: Annotated[
        str, typer.Option("--protocol", help="honest: the test part is scored once. paper: the authors' way.")
    ] = "honest",
    seeds: Annotated[int, typer.Option("--seeds", min=1, help="Networks a row.")] = 5,
    save: Annotated[
        Path | None, typer.Option("--save", help="Folder for the networks (.npz). Default: none are kept.")
    ] = None,
    tracking: Annotated[
        str | None, typer.Option("--tracking", help="MLflow tracking URI, or `none`. Default: SQLite in the home.")
    ] = None,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Train the tasks of Shi et al. 2025 and print the results beside theirs."""
    recipes = _chosen(tasks or [], protocol)
    for recipe in recipes:
        load_task(recipe.data, protocol=recipe.protocol)  # data that are missing are told before work starts
    console = make_console(stderr=as_json)
    rows: dict[str, Reproduction] = {}
    workers = min(len(recipes), len(sched_getaffinity(0)))
    with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool:
        pending = {pool.submit(reproduce, recipe, seeds=seeds, save=save): recipe for recipe in recipes}
        for done in as_completed(pending):
            recipe, row = pending[done], done.result()
            rows[recipe.task] = row
            console.print(f"{recipe.task}: {_accuracy(row)} in {row.seconds:.0f} s")
    ordered = [rows[recipe.task] for recipe in recipes]
    if tracking != "none":
        place = Home(home)
        for recipe, row in zip(recipes, ordered, strict=True):
            problem = _track(place, tracking, recipe, row)
            if problem:
                console.print(f"MLflow did not take {recipe.task}: {problem}")
    if as_json:
        sys.stdout.write(json.dumps([row.to_dict() for row in ordered]) + "\n")
    else:
        _print(console, ordered)
    if any(seed.error for row in ordered for seed in row.seeds):
        raise typer.Exit(1)


def _chosen(names: list[str], protocol: str) -> list[Recipe]:
    """The recipes asked for, in the order of the table."""
    available = {recipe.task: recipe for recipe in RECIPES if recipe.protocol == protocol}
    if not available:
        protocols = sorted({recipe.protocol for recipe in RECIPES})
        raise SweepError(f"There is no protocol {protocol!r}; the protocols are {', '.join(protocols)}.")
    for name in names:
        if name not in available:
            raise SweepError(
                f"There is no recipe for the task {name!r} under the protocol {protocol!r}; "
                f"there are {', '.join(available)}."
            )
    return [recipe for task, recipe in available.items() if not names or task in names]


def _print(console: Console, rows: list[Reproduction]) -> None:
    optimistic = " (optimistic: chosen on the test part)" if rows[0].optimistic else ""
    table = Table(
        box=box.SIMPLE_HEAD,
        title=f"Protocol {rows[0].protocol}{optimistic}: test accuracy, mean ± std over {len(rows[0].seeds)} seeds",
        title_justify="left",
    )
    table.add_column("task", no_wrap=True)
    for heading in (
        "accuracy\n(best)",
        "control\n",
        "DDK\npaper",
        "DDK-exp\npaper",
        "parameters\n(paper)",
        "MACs\n(paper)",
    ):
        table.add_column(heading, justify="right", no_wrap=True)
    for row in rows:
        paper = row.paper or {"accuracy": None, "accuracy_exp": None, "parameters": "-", "macs": "-"}
        table.add_row(
            row.task,
            _accuracy(row),
            _mean(row.control),
            "-" if paper["accuracy"] is None else f"{paper['accuracy']:.3f}",
            "-" if paper["accuracy_exp"] is None else f"{paper['accuracy_exp']:.3f}",
            f"{row.parameters:,} ({paper['parameters']})",
            f"{row.macs:,} ({paper['macs']})",
        )
    console.print(table)
    console.print("The control is the same network without kinetics, trained the same way.")
    for row in rows:
        if row.embedding_parameters:
            console.print(f"{row.task}: and {row.embedding_parameters:,} numbers in the embedding")
        for reference in row.references:
            console.print(
                f"{row.task}: {reference['name']} has accuracy {reference['accuracy']:.3f}, "
                f"{reference['parameters']:,} parameters and {reference['macs']:,} MACs"
            )
            if reference["note"]:
                console.print(f"  {reference['note']}")
        for note in row.notes:
            console.print(f"{row.task}: {note}")
        failed = [seed for seed in row.seeds if seed.error]
        if failed:
            console.print(
                f"{row.task}: {len(row.seeds) - len(failed)} of {len(row.seeds)} seeds converged; "
                f"seed {failed[0].seed}: {failed[0].error}",
                markup=False,
            )


def _accuracy(row: Reproduction) -> str:
    best = summary(row.seeds)["best"]
    return _mean(row.seeds) + ("" if best is None else f" ({best:.3f})")


def _mean(seeds: tuple[Any, ...]) -> str:
    numbers = summary(seeds)
    return "none converged" if numbers["mean"] is None else f"{numbers['mean']:.3f} ± {numbers['std']:.3f}"


def _track(home: Home, uri: str | None, recipe: Recipe, row: Reproduction) -> str | None:
    """Log a row: a run a seed; returns what went wrong in one line, if anything."""
    name = f"reproduce-{recipe.task}-{recipe.protocol}"
    tracker = BackgroundTracker(mlflow_tracker(home, uri))
    plain = row.to_dict()
    tracker.start(
        SweepRecord(
            name=name,
            spec={"task": recipe.data, "protocol": recipe.protocol, "training": repr(recipe.training)},
            task=recipe.data,
            seed=0,
            objectives={"test_accuracy": "maximize"},
            planned=len(row.seeds),
            versions={"memsweep": version("memsweep"), "numpy": version("numpy")},
        )
    )
    for seed, control in zip(row.seeds, row.control, strict=True):
        tracker.log(
            TrialRecord(
                sweep=name,
                number=seed.seed,
                state="failed" if seed.error else "finished",
                configuration={
                    "seed": seed.seed,
                    "protocol": recipe.protocol,
                    "training": repr(recipe.training),
                    "version": version("memsweep"),
                },
                evaluation={
                    "test_accuracy": seed.test_accuracy,
                    "control_test_accuracy": control.test_accuracy,
                    "parameters": row.parameters,
                    "embedding_parameters": row.embedding_parameters,
                    "macs": row.macs,
                    "epochs": seed.epochs,
                    **seed.coefficients,
                },
                error=seed.error,
            )
        )
    tracker.finish(
        Summary(
            finished=plain["accuracy"]["converged"],
            failed=len(row.seeds) - plain["accuracy"]["converged"],
            seconds=row.seconds,
            control={"test_accuracy": plain["control_accuracy"]["mean"], "parameters": row.control_parameters},
            pareto=[],
        )
    )
    return tracker.problem
