"""``memsweep show``."""

import json
import shlex
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Annotated, Any

import typer
from rich import box
from rich.console import Console
from rich.table import Table

from kinetics import InvalidParameterError, device_coefficients
from sweeps.cli.console import make_console
from sweeps.cli.options import HomeOption, JsonOption, NameArgument, StorageOption
from sweeps.cli.tables import print_front
from sweeps.commands import command, home_option
from sweeps.errors import SweepError
from sweeps.home import Home, SweepFolder
from sweeps.results import study_results
from sweeps.spec import Spec
from sweeps.study import Record, SweepStudy
from tasks import Configuration, load_task
from tasks.chips import varies
from tracking.labels import written
from tracking.report.content import Portrait

_CONTROLS = {
    "accuracy": "control_accuracy",
    "parameters": "control_parameters",
    "test_accuracy": "control_test_accuracy",
}
"""Metric -> that of the same read-out without kinetics."""


def show_command(
    name: NameArgument,
    trial: Annotated[
        int | None, typer.Argument(help="Number of a trial. Default: the front.", show_default=False)
    ] = None,
    portrait: Annotated[
        bool,
        typer.Option(
            "--portrait",
            help="Train the trial once more and show what its device makes of real cases, every chip and confusion.",
        ),
    ] = False,
    every: Annotated[
        bool, typer.Option("--all", help="Show the fields at their defaults too, which the sweep file does not name.")
    ] = False,
    storage: StorageOption = None,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show a sweep's front, or one configuration and what came of it."""
    folder = Home(home).find(name)
    if trial is None:
        _show_sweep(folder, storage, as_json)
        return
    spec, entry, found = _look(folder, trial, portrait, storage)
    if as_json:
        sys.stdout.write(json.dumps({**entry, **({"portrait": asdict(found)} if found else {})}) + "\n")
    else:
        _print(make_console(), folder, spec, entry, found, every)


def _show_sweep(folder: SweepFolder, storage: str | None, as_json: bool) -> None:
    spec, result = folder.spec(), folder.result()
    if result is None:
        study = SweepStudy(spec, folder.journal, storage)
        finished, failed = study.ended()
        front = [record.number for record in study.front()]
        result = {"name": spec.name, "finished": finished, "failed": failed, "front_so_far": front}
        if not as_json:
            make_console().print(
                f"{spec.name} is incomplete: {finished} finished, {failed} failed of {spec.trials}; on the "
                f"front so far: {', '.join(map(str, front)) or 'none'}. Go on with `{command('resume', folder)}`.",
                markup=False,
                soft_wrap=True,
            )
    elif not as_json:
        print_front(make_console(), spec, result, most_rows=None)
    if as_json:
        sys.stdout.write(json.dumps(result) + "\n")


def _look(
    folder: SweepFolder, trial: int, closely: bool, storage: str | None
) -> tuple[Spec, dict[str, Any], Portrait | None]:
    """A trial and what came of it; with a portrait if it is to be looked at closely."""
    spec = folder.spec()
    study = SweepStudy(spec, folder.journal, storage, only=trial)
    record = study.record(trial)
    if record is None:
        last = study.counts()[0] - 1
        raise SweepError(f"The sweep {folder.name!r} has no trial {trial}; its trials are 0 to {last}.")
    evaluation = _evaluation(folder, record)
    entry = {
        "trial": trial,
        "state": str(record.state),
        "configuration": record.configuration,
        "coefficients": _coefficients(record),
        "evaluation": evaluation,
        "error": record.error,
        "rerun": rerun_command(folder, spec, record),
    }
    portrait = None
    if closely:
        if evaluation is None:
            raise SweepError(
                f"A trial to look at closely must have finished, but trial {trial} of {folder.name!r} is "
                f"{record.state}; leave `--portrait` out."
            )
        portrait = _portrait(spec, entry)
    return spec, entry, portrait


def _print(
    console: Console,
    folder: SweepFolder,
    spec: Spec,
    entry: Mapping[str, Any],
    portrait: Portrait | None,
    every: bool,
) -> None:
    from sweeps.report.portraits import energy_by_component
    from sweeps.report.text import energy_lines, study_line

    evaluation, configuration = entry["evaluation"], entry["configuration"]
    console.print(f"Trial {entry['trial']} of {folder.name}: {entry['state']}", markup=False)
    if entry["error"]:
        console.print(entry["error"], markup=False)
    searched = {name: configuration[name] for name in spec.space.dimensions}
    _table(console, "Searched", searched)
    rest = {name: value for name, value in configuration.items() if name not in searched}
    fixed = {name: value for name, value in rest.items() if every or name in spec.fixed}
    _table(console, "Fixed", fixed)
    if len(fixed) < len(rest):
        console.print(f"and {len(rest) - len(fixed)} fields at their defaults (--all shows them)")
    _table(console, "Coefficients", entry["coefficients"] or {})
    if evaluation:
        _evaluation_table(console, evaluation)
        _lines(console, "Energy per inference", energy_lines(energy_by_component(evaluation)))
    if portrait:
        _print_portrait(console, portrait)
    studies = [result for result in study_results(folder) if result["trial"] == entry["trial"]]
    if studies:
        _lines(console, "Robustness", [study_line(result) for result in studies])
    console.print(f"\nRun it again: {entry['rerun']}", markup=False, soft_wrap=True)
    if evaluation and not portrait:
        closely = command("show", folder, entry["trial"], "--portrait")
        console.print(f"Look closer (trains it once more): {closely}", markup=False, soft_wrap=True)


def _print_portrait(console: Console, portrait: Portrait) -> None:
    from sweeps.report.text import case_lines, chip_lines, confusion_lines, map_lines

    chips, examples = len(portrait.accuracy), portrait.examples
    lines = chip_lines(portrait.accuracy, varies=varies(Configuration.from_dotted(portrait.configuration)))
    _lines(console, f"Accuracy over {chips} chip{'s' if chips > 1 else ''} ({portrait.part} part)", lines)
    _lines(console, "Confusion: rows are true classes, % of each", confusion_lines(portrait))
    if examples:
        title = f"Pulses and state of series {examples[0].series}, a case of each class"
        _lines(console, title, case_lines(examples))
        _lines(console, "Feature maps of these cases: a row a series, a column a reading", map_lines(examples))


def _table(console: Console, title: str, values: Mapping[str, Any]) -> None:
    if not values:
        return
    table = Table(box=box.SIMPLE_HEAD, title=title, title_justify="left", show_header=False)
    for name, value in values.items():
        table.add_row(name, written(name, value))
    console.print(table)


def _evaluation_table(console: Console, evaluation: Mapping[str, Any]) -> None:
    """Every metric beside that of the control, where it has one."""
    table = Table(box=box.SIMPLE_HEAD, title="Evaluation", title_justify="left")
    table.add_column("")
    table.add_column("with kinetics")
    table.add_column("control, without")
    for name, value in evaluation.items():
        told_below = name.startswith("energy_") and name != "energy_J"
        if value is not None and name not in _CONTROLS.values() and not told_below:
            control = evaluation.get(_CONTROLS.get(name, ""))
            table.add_row(name, written(name, value), "" if control is None else written(name, control))
    console.print(table)


def _lines(console: Console, title: str, lines: Sequence[str]) -> None:
    console.print(f"\n[italic]{title}[/]")
    for line in lines:
        console.print(line, markup=False, soft_wrap=True)


def rerun_command(folder: SweepFolder, spec: Spec, record: Record) -> str:
    """What evaluates the configuration as a sweep of its own, with other random draws."""
    settings = [f"name={spec.name}-{record.number}"]
    for name in spec.space.dimensions:
        value = record.configuration[name]
        settings.append(f"{name}={value if isinstance(value, str) else json.dumps(value)}")
    words = ["memsweep", "run", str(folder.spec_file), *(word for each in settings for word in ("--set", each))]
    return f"{shlex.join([*words, '--configurations', '1'])}{home_option(folder)}"


def _portrait(spec: Spec, entry: Mapping[str, Any]) -> Portrait:
    """Look at the trial closely; raises ``DataError`` if its data are gone."""
    from sweeps.report import portrait_of

    task = load_task(spec.task.kind, spec.task.path, spec.task.protocol)
    return portrait_of(spec.evaluator(task), task, entry)


def _coefficients(record: Record) -> dict[str, float] | None:
    """What device and pulse make of the law's coefficients; none where they do not go together."""
    try:
        configuration = Configuration.from_dotted(record.configuration)
        return device_coefficients(configuration.device, configuration.pulse)
    except InvalidParameterError:
        return None


def _evaluation(folder: SweepFolder, record: Record) -> dict[str, Any] | None:
    """The evaluation, with test scores where the trial was chosen."""
    for entry in (folder.result() or {}).get("pareto", []):
        if entry["trial"] == record.number:
            scored: dict[str, Any] = entry["evaluation"]
            return scored
    return record.evaluation.to_dict() if record.evaluation else None
