"""``memsweep show``."""

import dataclasses
import json
import sys
from typing import Annotated, Any

import typer
from rich import box
from rich.table import Table

from kinetics import InvalidParameterError, device_coefficients
from sweeps.cli.console import make_console
from sweeps.cli.options import HomeOption, JsonOption, NameArgument
from sweeps.cli.tables import print_front
from sweeps.errors import SweepError
from sweeps.home import Home, SweepFolder
from sweeps.study import Record, SweepStudy
from tasks import Configuration


def show_command(
    name: NameArgument,
    trial: Annotated[
        int | None, typer.Argument(help="Number of a trial. Default: the front.", show_default=False)
    ] = None,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show a sweep's front, or one configuration and what came of it."""
    folder = Home(home).find(name)
    if trial is None:
        _show_sweep(folder, as_json)
    else:
        _show_trial(folder, trial, as_json)


def _show_sweep(folder: SweepFolder, as_json: bool) -> None:
    spec, result = folder.spec(), folder.result()
    if result is None:
        study = SweepStudy(spec, folder.journal)
        finished, failed = study.ended()
        front = [record.number for record in study.front()]
        result = {"name": spec.name, "finished": finished, "failed": failed, "front_so_far": front}
        if not as_json:
            make_console().print(
                f"{spec.name} is incomplete: {finished} finished, {failed} failed of {spec.trials}; on the "
                f"front so far: {', '.join(map(str, front)) or 'none'}. Go on with `memsweep resume {spec.name}`."
            )
    elif not as_json:
        print_front(make_console(), spec, result, most_rows=None)
    if as_json:
        sys.stdout.write(json.dumps(result) + "\n")


def _show_trial(folder: SweepFolder, trial: int, as_json: bool) -> None:
    study = SweepStudy(folder.spec(), folder.journal, only=trial)
    record = study.record(trial)
    if record is None:
        last = study.counts()[0] - 1
        raise SweepError(f"The sweep {folder.name!r} has no trial {trial}; its trials are 0 to {last}.")
    evaluation = _evaluation(folder, record)
    if as_json:
        entry = {
            "trial": trial,
            "state": str(record.state),
            "configuration": record.configuration,
            "evaluation": evaluation,
            "error": record.error,
        }
        sys.stdout.write(json.dumps(entry) + "\n")
        return
    console = make_console()
    console.print(f"Trial {trial} of {folder.name}: {record.state}")
    if record.error:
        console.print(record.error, markup=False)
    tables = {
        "Configuration": record.configuration,
        "Coefficients": _coefficients(record),
        "Evaluation": evaluation,
    }
    for title, values in tables.items():
        if values is None:
            continue
        table = Table(box=box.SIMPLE_HEAD, title=title, title_justify="left", show_header=False)
        for field, value in values.items():
            table.add_row(field, "" if value is None else f"{value:.6g}" if isinstance(value, float) else str(value))
        console.print(table)


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
    return dataclasses.asdict(record.evaluation) if record.evaluation else None
