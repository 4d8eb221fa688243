"""A result in other forms: pictures, and the record that the tracker keeps."""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sweeps.robustness.fields import JOINT
from sweeps.robustness.folder import StudyFolder
from tracking.base import StudyRecord
from tracking.robustness_figures import draw_accuracy, draw_sobol, draw_yield

_LOG = logging.getLogger(__name__)
_TOLD = ("mean", "std", "median", "q25", "q75", "q05", "yield", "chips")


@dataclass(frozen=True, kw_only=True)
class Drawn:
    """A result with its pictures."""

    result: dict[str, Any]
    """As it is written to disk."""
    configuration: dict[str, Any]
    """What was studied, every field under its dotted name."""
    files: dict[str, Path]
    """Name -> picture or table."""


def pictures(result: dict[str, Any]) -> dict[str, Callable[[Path], Path]]:
    """Name -> what draws it into a file, for every picture that a result has."""
    curves, sobol, part = result["curves"], result.get("sobol"), result["part"]
    wanted: dict[str, Callable[[Path], Path]] = {}
    if curves:
        nominal, control = result["nominal"]["mean"], result["control_accuracy"]
        wanted["accuracy"] = lambda path: draw_accuracy(path, curves, control=control, nominal=nominal, part=part)
        wanted["yield"] = lambda path: draw_yield(path, curves, target=result["yield_target"], part=part)
    if sobol:
        wanted["sobol"] = lambda path: draw_sobol(path, sobol["parameters"], words=sobol["fix_first"]["words"])
    return wanted


def draw(folder: StudyFolder, result: dict[str, Any]) -> dict[str, Path]:
    """Draw the pictures of a result; one that fails must not cost the result."""
    files = {"result": folder.result_file}
    for name, painter in pictures(result).items():
        try:
            files[name] = painter(folder.path / f"{name}.png")
        except Exception:
            _LOG.warning("The picture %s of %s could not be drawn.", name, folder.path, exc_info=True)
    return files


def table_rows(result: dict[str, Any]) -> list[dict[str, Any]]:
    """Every point with its chips as a row: field, value, chips, and what is told of their accuracies."""
    points = [("nominal", "", result["nominal"]), ("studied", "", result["studied"])]
    points += [(name, point["value"], point) for name, curve in result["curves"].items() for point in curve]
    return [
        {
            "field": name,
            "value": value,
            **{key: point[key] for key in _TOLD},
            "yield_low": (point["yield_interval"] or [None, None])[0],
            "yield_high": (point["yield_interval"] or [None, None])[1],
            "control": result["control_accuracy"],
        }
        for name, value, point in points
    ]


def study_record(settings: dict[str, Any], drawn: Drawn) -> StudyRecord:
    """What the tracker keeps of a result: along each curve a step is the place of a value in it.

    ``settings`` is the study file in its plain form.
    """
    result = drawn.result
    numbers = {"control_accuracy": result["control_accuracy"], "nominal_accuracy": result["nominal"]["mean"]}
    numbers |= {f"studied.{key}": result["studied"][key] for key in _TOLD}
    for name, index in result.get("sobol", {}).get("parameters", {}).items():
        numbers |= {f"sobol.first.{name}": index["first"], f"sobol.total.{name}": index["total"]}
    if "corners" in result:
        numbers["worst_corner_accuracy"] = min(corner["accuracy"] for corner in result["corners"])
    curves = {
        f"{name.replace(JOINT, ' and ')}.{key}": [point[key] for point in curve]
        for name, curve in result["curves"].items()
        for key in ("value", *_TOLD)
        if not isinstance(curve[0][key], str)
    }
    return StudyRecord(
        sweep=result["sweep"],
        number=result["trial"],
        state="finished",
        configuration=drawn.configuration,
        evaluation=numbers,
        study=result["study"],
        settings=settings,
        curves=curves,
        table=table_rows(result),
        files=drawn.files,
    )
