"""``memsweep reproduce``: the paper's table, trained anew."""

import json
import sys
from collections.abc import Iterator
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
from tasks.chip_reproduction import ChipColumn, WrittenChip
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
    chips: Annotated[
        int | None,
        typer.Option(
            "--chips",
            min=1,
            help="Add the chip column: devices written once, layers fine-tuned under noise, this many noisy draws "
            "(the paper takes 50).",
        ),
    ] = None,
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
        pending = {pool.submit(reproduce, recipe, seeds=seeds, save=save, chips=chips): recipe for recipe in recipes}
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
        print_chips(console, ordered)
    if any(_failed(row) for row in ordered):
        raise typer.Exit(1)


def _failed(row: Reproduction) -> bool:
    """Whether a seed, or its chip, has no figure."""
    chips = row.chips.chips if row.chips else ()
    return any(seed.error for seed in row.seeds) or any(chip.error for chip in chips)


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


def print_chips(console: Console, rows: list[Reproduction]) -> None:
    """The chip column, where it was asked for."""
    columns = [(row, row.chips) for row in rows if row.chips is not None]
    if not columns:
        return
    table = Table(
        box=box.SIMPLE_HEAD,
        title=f"On chips: test accuracy, mean ± std over {columns[0][1].draws} noisy draws of each of "
        f"{len(rows[0].seeds)} seeds",
        title_justify="left",
    )
    table.add_column("task", no_wrap=True)
    for heading in ("nominal\n", "written\n", "chip\n", "chip\n5 %", "control\non chip", "DDK-exp\npaper"):
        table.add_column(heading, justify="right", no_wrap=True)
    for row, column in columns:
        tuned = column.summary("tuned")
        nominal = summary(row.seeds)["mean"]
        table.add_row(
            row.task,
            _three(nominal),
            _three(column.summary("written")["mean"]),
            _drawn(tuned),
            _three(tuned["q05"]),
            _drawn(column.summary("control")),
            _three(row.paper["accuracy_exp"] if row.paper else None),
        )
    console.print(table)
    console.print(
        "written: alpha and beta drawn once with the paper's spread, weights on its crossbar as trained; "
        "chip: fine-tuned for them first. The control has no devices to write, but the same crossbar and fine-tuning."
    )
    for row, column in columns:
        for line in _chip_lines(row, column):
            console.print(f"{row.task}: {line}", markup=False)
    for assumption in columns[0][1].assumptions:
        console.print(f"assumed: {assumption}")


def _chip_lines(row: Reproduction, column: ChipColumn) -> Iterator[str]:
    """What writing cost and fine-tuning brought back, and each seed's write."""
    nominal, written, tuned = (
        summary(row.seeds)["mean"],
        column.summary("written")["mean"],
        column.summary("tuned")["mean"],
    )
    if nominal is not None and tuned is not None:
        yield (
            f"writing costs {nominal - written:.3f}, fine-tuning brings back {tuned - written:.3f}; "
            f"std over the seeds' chips {column.summary('tuned')['std_seeds']:.3f}"
        )
    for chip in column.chips:
        if chip.written is None or chip.tuned is None:
            yield f"seed {chip.seed}: {chip.error}"
            continue
        values = ", ".join(f"{name} {value:.3f}" for name, value in chip.coefficients.items())
        unstable = (
            f"; unstable: {chip.violations:.0%} of its coefficients, {chip.floor_hits:.1e} of device-steps at the floor"
            if chip.violations or chip.floor_hits
            else ""
        )
        yield f"seed {chip.seed} ({values}): {chip.written.mean:.3f} written, {chip.tuned.mean:.3f} chip{unstable}"


def _three(number: float | None) -> str:
    return "-" if number is None else f"{number:.3f}"


def _drawn(numbers: dict[str, Any]) -> str:
    return "-" if numbers["mean"] is None else f"{numbers['mean']:.3f} ± {numbers['std']:.3f}"


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
    chips = row.chips.chips if row.chips else [None] * len(row.seeds)
    for seed, control, chip in zip(row.seeds, row.control, chips, strict=True):
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
                    **({"chips": row.chips.draws} if row.chips else {}),
                },
                evaluation={
                    "test_accuracy": seed.test_accuracy,
                    "control_test_accuracy": control.test_accuracy,
                    "parameters": row.parameters,
                    "embedding_parameters": row.embedding_parameters,
                    "macs": row.macs,
                    "epochs": seed.epochs,
                    **seed.coefficients,
                    **(chip_numbers(chip) if chip else {}),
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


def chip_numbers(chip: WrittenChip) -> dict[str, float]:
    """Metrics of a seed's chip."""
    numbers = {
        "chip_violations": chip.violations,
        "chip_floor_hits": chip.floor_hits,
        **{f"written_{name}": value for name, value in chip.coefficients.items()},
    }
    for which, draws in (("written", chip.written), ("chip", chip.tuned), ("control_chip", chip.control)):
        if draws is not None:
            numbers |= {
                f"{which}_accuracy": draws.mean,
                f"{which}_accuracy_std": draws.std,
                f"{which}_accuracy_q05": draws.q05,
            }
    return numbers
