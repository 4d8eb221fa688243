"""``memsweep export``: a sweep as a file for other programs, and for papers."""

import json
from collections.abc import Callable
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from sweeps.cli.console import make_console
from sweeps.cli.options import HomeOption, NameArgument, StorageOption
from sweeps.errors import SweepError
from sweeps.home import Home, SweepFolder
from sweeps.notebook import Sweep
from sweeps.results import study_results
from sweeps.robustness.report import pictures
from tracking.figures import draw_front, paper
from tracking.latex_table import front_latex


class Format(StrEnum):
    """What a sweep is written as."""

    CSV = "csv"
    PARQUET = "parquet"
    JSON = "json"
    LATEX = "latex"
    SVG = "svg"
    PNG = "png"
    PDF = "pdf"


_SUFFIXES = {f".{each}": each for each in Format} | {".tex": Format.LATEX, ".pq": Format.PARQUET}
_PICTURES = (Format.SVG, Format.PNG, Format.PDF)


def export_command(
    name: NameArgument,
    file_format: Annotated[
        Format | None,
        typer.Option(
            "--format",
            help="csv, parquet: every trial as a table. json: sweep, result, trials and studies. latex: the front as "
            "a table. svg, png, pdf: the front as a figure. Default: what the suffix of --out says, else csv.",
            show_default=False,
        ),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option("--out", help="File to write. Default: NAME.FORMAT here.", show_default=False),
    ] = None,
    width_mm: Annotated[
        float, typer.Option("--width-mm", min=40, max=400, help="Width of the figure in print; 85 is a column.")
    ] = 85.0,
    study: Annotated[
        str | None,
        typer.Option(
            "--study",
            metavar="STUDY-TRIAL",
            help="The figures of this study of robustness instead, each to a file of its own.",
            show_default=False,
        ),
    ] = None,
    storage: StorageOption = None,
    home: HomeOption = None,
) -> None:
    """Write a sweep to a file: trials as a table, everything as JSON, the front as a table or figure for papers."""
    chosen = _choose(file_format, out, Format.CSV if study is None else Format.PDF)
    folder = Home(home).find(name)
    suffix = "tex" if chosen is Format.LATEX else str(chosen)
    path = out or Path(f"{name}{'' if study is None else f'-{study}'}.{suffix}")
    if study is not None:
        words = _draw_study(folder, study, path, chosen)
    elif chosen in _PICTURES:
        words = _draw_front(Sweep(folder, storage), path, width_mm)
    else:
        words = _WRITERS[chosen](Sweep(folder, storage), path)
    make_console().print(words, markup=False, soft_wrap=True)


def _choose(named: Format | None, out: Path | None, otherwise: Format) -> Format:
    """The format that is named, else the one of the file's suffix."""
    if named in _PICTURES and out is not None and out.suffix != f".{named}":
        raise SweepError(f"A picture is what its suffix says, but --out is {out.name!r}; end it in .{named}.")
    if named is not None:
        return named
    if out is None:
        return otherwise
    if out.suffix.lower() not in _SUFFIXES:
        raise SweepError(
            f"The suffix of --out tells the format, but {out.name!r} has {out.suffix or 'none'!r}; end it in "
            f"{', '.join(_SUFFIXES)}, or name the format by --format."
        )
    return _SUFFIXES[out.suffix.lower()]


def _write_csv(sweep: Sweep, path: Path) -> str:
    table = sweep.frame()
    table.to_csv(path, index=False)
    return f"{len(table)} trials written to {path}"


def _write_parquet(sweep: Sweep, path: Path) -> str:
    table = sweep.frame()
    table.to_parquet(path, index=False)
    return f"{len(table)} trials written to {path}"


def _write_json(sweep: Sweep, path: Path) -> str:
    content = sweep.everything()
    path.write_text(json.dumps(content, allow_nan=False) + "\n", encoding="utf-8")
    studies = f" and {len(content['studies'])} studies of robustness" if content["studies"] else ""
    return f"{len(content['trials'])} trials{studies} written to {path}"


def _write_latex(sweep: Sweep, path: Path) -> str:
    spec = sweep.spec
    part = "" if sweep.result is not None else ", which is not complete"
    chips = f"mean and standard deviation over {spec.chips} chips" if spec.chips > 1 else "on one chip"
    text = front_latex(
        sweep.entries,
        metrics=list(spec.objectives),
        fields=list(spec.space.dimensions),
        control=sweep.control,
        caption=f"Pareto front of the sweep {spec.name} on {spec.task.kind}{part}. Accuracies: {chips}.",
        label=f"tab:{spec.name}",
    )
    path.write_text(text, encoding="utf-8")
    return f"The {len(sweep.entries)} configurations of the front written to {path}; the table needs booktabs"


_WRITERS: dict[Format, Callable[[Sweep, Path], str]] = {
    Format.CSV: _write_csv,
    Format.PARQUET: _write_parquet,
    Format.JSON: _write_json,
    Format.LATEX: _write_latex,
}


def _draw_front(sweep: Sweep, path: Path, width_mm: float) -> str:
    points = [record.evaluation.to_dict() for record in sweep.records if record.evaluation]
    front = [entry["evaluation"] for entry in sweep.entries]
    draw_front(path, points, front, sweep.control or None, look=paper(width_mm))
    return f"The front of {len(points)} configurations drawn to {path}, {width_mm:g} mm wide"


def _draw_study(folder: SweepFolder, study: str, path: Path, chosen: Format) -> str:
    """Draw the figures of a study, each to a file named after it."""
    if chosen not in _PICTURES:
        raise SweepError(f"A study is drawn as svg, png or pdf, but the format is {chosen}; name one by --format.")
    results = {f"{result['study']}-{result['trial']}": result for result in study_results(folder)}
    if study not in results:
        there = f"there are {', '.join(results)}" if results else "`memsweep robustness` makes one"
        raise SweepError(f"The sweep {folder.name!r} has no complete study {study!r}; {there}.")
    drawn = [draw(path.with_name(f"{path.stem}-{name}.{chosen}")) for name, draw in pictures(results[study]).items()]
    return f"Drawn: {', '.join(map(str, drawn))}"
