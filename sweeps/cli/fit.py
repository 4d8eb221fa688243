"""``memsweep fit``: from a measured trace to a device that a sweep file can name."""

import json
import sys
from dataclasses import asdict
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Literal

import typer
from rich import box
from rich.console import Console
from rich.table import Table

from kinetics import InvalidParameterError, get_law
from kinetics.fitting import Estimate, Fit, fit_trace, parameter_set, read_trace
from kinetics.parameter_sets import ParameterSet
from sweeps.cli.console import make_console
from sweeps.cli.options import JsonOption
from sweeps.errors import SweepError
from tracking.fit_figure import draw_fit
from tracking.labels import quantity


class Kind(StrEnum):
    """Kinds of traces."""

    RELAXATION = "relaxation"
    PULSES = "pulses"


class ConductsAs(StrEnum):
    """What the conductance of a drift-diffusion device grows with."""

    STATE = "w"
    INVERSE = "1/w"


def fit_command(
    trace: Annotated[Path, typer.Argument(help="The trace: a table of numbers, with a header or without.")],
    law: Annotated[str, typer.Option("--law", help="Law of motion (`memsweep laws` lists them).")] = "drift_diffusion",
    columns: Annotated[
        str | None,
        typer.Option(
            "--columns",
            help="time,voltage,current or time,response: names or numbers from 1. Default: by their headings.",
            show_default=False,
        ),
    ] = None,
    kind: Annotated[
        Kind | None, typer.Option("--kind", help="What the trace shows. Default: read off it.", show_default=False)
    ] = None,
    conducts_as: Annotated[
        ConductsAs | None,
        typer.Option(
            "--conducts-as", help="Conductance of drift_diffusion. Default: what fits better.", show_default=False
        ),
    ] = None,
    read_voltage: Annotated[
        float | None,
        typer.Option("--read-voltage", help="Voltage of a trace of currents without one, V.", show_default=False),
    ] = None,
    temperature: Annotated[
        str | None,
        typer.Option(
            "--temperature", help="LOW,HIGH that the set holds for, K. Default: the law's.", show_default=False
        ),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(
            "--out", help="Parameter set to write. Default: the trace's name, .toml, here.", show_default=False
        ),
    ] = None,
    figure: Annotated[
        Path | None,
        typer.Option("--figure", help="Figure to write. Default: the trace's name, .png, here.", show_default=False),
    ] = None,
    seed: Annotated[int, typer.Option("--seed", min=0, help="What the starts are drawn from.")] = 0,
    as_json: JsonOption = False,
) -> None:
    """Fit a law to a measured pulse response or relaxation; write it as a parameter set and draw it."""
    range_K = _range_K(temperature)
    measured = read_trace(trace, columns.split(",") if columns is not None else None)
    if read_voltage is not None:
        measured = measured.read_at(read_voltage)
    fit = fit_trace(measured, law, kind=kind, conducts_as=_plain(conducts_as), seed=seed)
    out = out or Path(f"{trace.stem}.toml")
    figure = figure or Path(f"{trace.stem}.png")
    notes = list(fit.warnings)
    made: ParameterSet | None = None
    try:
        device = fit
        if fit.observation.unit == "S" and fit.parameter("offset").value < 0:
            device = fit_trace(measured, law, kind=kind, conducts_as=fit.conducts_as, leakage_only=True, seed=seed)
            notes.append(f"The parameter set holds the best fit without a negative leakage, R2 {device.r2:.4f}.")
        made = parameter_set(device, out.stem, temperature_K=range_K)
        notes += _gaps(device, made)
    except InvalidParameterError as error:
        notes.append(f"No parameter set was written: {error}")
    if made is not None:
        _write(out, made.to_toml())
    _draw(figure, fit)
    if as_json:
        files = {"parameter_set": str(out) if made else None, "figure": str(figure)}
        sys.stdout.write(json.dumps({**_as_object(fit), "warnings": notes, **files}) + "\n")
        return
    console = make_console()
    _print(console, fit)
    for note in notes:
        console.print(f"note: {note}", markup=False)
    if made is not None:
        console.print(
            f"Parameter set written to {out}; a sweep file names it: device.parameter_set: {out}", soft_wrap=True
        )
    console.print(f"Figure written to {figure}", soft_wrap=True)


def _plain(conducts_as: ConductsAs | None) -> Literal["w", "1/w"] | None:
    if conducts_as is None:
        return None
    return "w" if conducts_as is ConductsAs.STATE else "1/w"


def _range_K(text: str | None) -> tuple[float, float] | None:
    if text is None:
        return None
    try:
        low, high = (float(part) for part in text.split(","))
    except ValueError:
        low, high = 1.0, 0.0
    if not 0 < low <= high:
        raise SweepError(f"`--temperature` must be LOW,HIGH in kelvin, low end first, but got {text!r}; write 293,303.")
    return low, high


def _gaps(fit: Fit, made: ParameterSet) -> list[str]:
    """What of the device the trace did not tell, and the set therefore takes from elsewhere."""
    gaps = []
    missing = [name for name in get_law(fit.law).coefficient_names if name not in made.coefficients]
    if missing:
        gaps.append(f"The parameter set has no {', '.join(missing)}: the law derives it, as of another device.")
    if fit.observation.unit != "S":
        gaps.append(
            "The parameter set has the conductance of another device, for the trace has no voltage; "
            "--read-voltage tells it."
        )
    return gaps


def _write(path: Path, text: str) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise SweepError(f"`--out` must be a file that can be written, but got '{path}' ({error.strerror}).") from None


def _draw(path: Path, fit: Fit) -> None:
    seen = fit.observation
    in_time = fit.kind == Kind.RELAXATION
    try:
        draw_fit(
            path,
            seen.at.tolist(),
            seen.response.tolist(),
            fit.curve.tolist(),
            {f"{_words(rival.name)}, R² {rival.r2:.4f}": rival.curve.tolist() for rival in fit.rivals},
            label=f"{_words(fit.law)}, R² {fit.r2:.4f}",
            title=fit.source.partition(" (")[0],
            at_unit="s" if in_time else "",
            unit=seen.unit,
        )
    except OSError as error:
        raise SweepError(
            f"`--figure` must be a file that can be written, but got '{path}' ({error.strerror})."
        ) from None


def _as_object(fit: Fit) -> dict[str, object]:
    return {
        "law": fit.law,
        "kind": fit.kind,
        "conducts_as": fit.conducts_as,
        "parameters": [asdict(item) for item in fit.parameters],
        "ssr": fit.ssr,
        "r2": fit.r2,
        "rivals": [
            {
                "name": rival.name,
                "formula": rival.formula,
                "parameters": [asdict(item) for item in rival.parameters],
                "ssr": rival.ssr,
                "r2": rival.r2,
            }
            for rival in fit.rivals
        ],
        "points": fit.points,
        "dropped": fit.dropped,
        "period_s": fit.period_s,
        "source": fit.source,
    }


def _print(console: Console, fit: Fit) -> None:
    what = "a relaxation" if fit.kind == Kind.RELAXATION else "a pulse response"
    grows = f", conductance as {fit.conducts_as}" if fit.conducts_as else ""
    console.print(f"{fit.law}{grows}, fitted to {what} of {fit.points:,} readings")
    table = Table(box=box.SIMPLE_HEAD)
    table.add_column("parameter", no_wrap=True)
    table.add_column("value", justify="right", no_wrap=True)
    table.add_column("std error", justify="right", no_wrap=True)
    table.add_column("unit")
    for item in fit.parameters:
        table.add_row(item.name, f"{item.value:.5g}", _error(item), "" if item.unit == "1" else item.unit)
    console.print(table)
    if fit.period_s is not None:
        console.print(f"A step of the law lasts {quantity(fit.period_s, 's')}.")
    forms = Table(box=box.SIMPLE_HEAD)
    forms.add_column("curve", no_wrap=True)
    forms.add_column("R²", justify="right", no_wrap=True)
    forms.add_column("sum of squared\nresiduals", justify="right", no_wrap=True)
    forms.add_column("parameters")
    forms.add_row(_words(fit.law), f"{fit.r2:.4f}", f"{fit.ssr:.4g}", "above")
    for rival in fit.rivals:
        found = ", ".join(
            f"{item.name} {item.value:.4g}" + (f" ({item.note})" * bool(item.note)) for item in rival.parameters
        )
        forms.add_row(rival.formula, f"{rival.r2:.4f}", f"{rival.ssr:.4g}", found)
    console.print(forms)


def _error(item: Estimate) -> str:
    return item.note if item.std_error is None else f"{item.std_error:.2g}"


def _words(name: str) -> str:
    return name.replace("_", " ")
