"""The Pareto front as a table: rows for CSV and for MLflow, Markdown for descriptions, and its order.

A front is a list of mappings with ``trial``, ``configuration`` (dotted name -> value) and ``evaluation``.

=========  =======================================================================================
word       meaning
=========  =======================================================================================
merit      the accuracy that was searched for, such as ``accuracy_low``; ``accuracy`` if none was
cost       what was searched to be small: the energy if it was, else the first count, time or area
=========  =======================================================================================
"""

import csv
import io
import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, TypeVar

from tracking.labels import quantity, unit_of

Front = Sequence[Mapping[str, Any]]
"""Rows with ``trial``, ``configuration`` and ``evaluation``."""


Row = TypeVar("Row", bound=Mapping[str, Any])
_COSTS = ("parameters", "macs", "energy_J", "latency_s", "area_m2")


def merit_of(objectives: Mapping[str, str]) -> str:
    """The metric by which the members of a front are good; ``objectives`` is metric -> ``maximize`` or ``minimize``."""
    ways = objectives.items()
    return next((name for name, way in ways if name.startswith("accuracy") and way == "maximize"), "accuracy")


def cost_of(objectives: Mapping[str, str]) -> str:
    """The metric that a front pays with."""
    wanted = [name for name in objectives if name in _COSTS]
    return "energy_J" if "energy_J" in wanted or not wanted else wanted[0]


def best_first(front: Iterable[Row], objectives: Mapping[str, str]) -> list[Row]:
    """The order in which a front is told: the highest merit first; of those that are level the least cost."""
    merit, cost = merit_of(objectives), cost_of(objectives)
    return sorted(front, key=lambda row: (-row["evaluation"][merit], row["evaluation"][cost], row["trial"]))


def plain(value: Any) -> Any:
    """Turn numpy values, tuples and nested containers into what strict JSON can hold; NaN -> ``None``."""
    if hasattr(value, "tolist"):
        value = value.tolist()
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [plain(item) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    if value is None or isinstance(value, str | int | float):
        return value
    return str(value)


def front_rows(front: Front) -> tuple[list[str], list[list[Any]]]:
    """Columns and rows: the trial, then all configuration fields, then all of the evaluation."""
    fields = _union(row["configuration"] for row in front)
    metrics = _union(row["evaluation"] for row in front)
    rows = [
        [
            row["trial"],
            *(plain(row["configuration"].get(name)) for name in fields),
            *(plain(row["evaluation"].get(name)) for name in metrics),
        ]
        for row in front
    ]
    return ["trial", *fields, *metrics], rows


def front_csv(front: Front) -> str:
    """The front as CSV with a header line."""
    columns, rows = front_rows(front)
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows(rows)
    return text.getvalue()


def front_markdown(
    front: Front,
    *,
    metrics: Sequence[str],
    control: Mapping[str, Any],
    longest: int = 4500,
    link: Callable[[int], str | None] = lambda _: None,
) -> str:
    """The front as a Markdown table of at most ``longest`` characters; ``link`` gives the address of a trial.

    Columns: the trial, ``metrics`` and ``test_accuracy`` where the front has them, and the configuration
    fields that differ along the front. The last row is the control. Rows that do not fit are counted.
    """
    known = _union(row["evaluation"] for row in front)
    wanted = [*metrics, *(name for name in ["test_accuracy"] if name not in metrics)]
    shown = [name for name in wanted if name in known and any(_known(row, name) for row in front)]
    varied = [
        name
        for name in _union(row["configuration"] for row in front)
        if len({repr(row["configuration"].get(name)) for row in front}) > 1
    ]
    head = [_line(["trial", *shown, *varied]), "|" + "---|" * (1 + len(shown) + len(varied))]
    last = _line(["control", *(_cell(name, control.get(name)) for name in shown), *([""] * len(varied))])
    lines = [
        _line(
            [
                _linked(row["trial"], link(row["trial"])),
                *(_cell(name, row["evaluation"].get(name)) for name in shown),
                *(_cell(name, row["configuration"].get(name)) for name in varied),
            ]
        )
        for row in front
    ]
    kept = len(lines)
    while kept and len("\n".join([*head, *lines[:kept], last])) + 60 > longest:
        kept -= 1
    body = "\n".join([*head, *lines[:kept], last])
    left_out = len(lines) - kept
    return body + (f"\n\n... and {left_out} more in `pareto.csv` of the summary run." if left_out else "")


def _union(mappings: Iterable[Mapping[str, Any]]) -> list[str]:
    return list(dict.fromkeys(name for mapping in mappings for name in mapping))


def _known(row: Mapping[str, Any], name: str) -> bool:
    return row["evaluation"].get(name) is not None


def _cell(name: str, value: Any) -> str:
    value = plain(value)
    if value is None:
        return ""
    if isinstance(value, int | float):
        return quantity(value, unit_of(name))
    return str(value).replace("|", "\\|").replace("\n", " ")


def _linked(trial: int, address: str | None) -> str:
    return str(trial) if address is None else f"[{trial}]({address})"


def _line(cells: Iterable[str]) -> str:
    return "| " + " | ".join(cells) + " |"
