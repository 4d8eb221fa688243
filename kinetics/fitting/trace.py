"""A measured trace, read from a table of numbers as laboratories write them.

Read are: a header or none (a header may be the last comment, or two lines: names and units), comments (#, %, //),
commas, semicolons, tabs or blanks between the columns, decimal commas where the columns stand apart by something else.
Rows with a number missing or not finite are dropped and counted.
"""

import hashlib
import math
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from kinetics.errors import InvalidParameterError, require
from kinetics.fitting.columns import Column, choose_columns

Float64 = NDArray[np.float64]

_COMMENTS = ("#", "%", "//")
_BLANKS = re.compile(r"(?<!/)\s+(?![(\[/])")
"""Blanks between columns, not those before or behind a unit."""
_MISSING = {"", "-", "na", "n/a", "null", "none"}


@dataclass(frozen=True, kw_only=True, eq=False)
class Trace:
    """A measured trace in SI units; rows in the order of time."""

    x: Float64
    """[row]: time, s, or the number of the pulse if ``counts_pulses``."""
    response: Float64
    """[row]: what was measured, in ``response_unit``."""
    response_unit: str = ""
    """``A``, ``S``, or empty for numbers of no known unit."""
    voltage_V: Float64 | None = None
    """[row]: voltage across the device, V; None where the table has none."""
    counts_pulses: bool = False
    """Whether ``x`` is the number of a pulse instead of time."""
    read_V: float | None = None
    """Voltage that every row was read at, V, where it is known beside the table."""
    name: str = "trace"
    """Name of the file."""
    sha256: str = ""
    """SHA-256 of the file."""
    dropped: int = 0
    """Rows left out because a number was missing or not finite."""
    warnings: tuple[str, ...] = ()
    """What a reader should know, a sentence each."""

    def read_at(self, voltage_V: float) -> "Trace":
        """The same trace of currents as one of conductances, S, all read at one voltage, V.

        Raises:
            InvalidParameterError: the trace is not one of currents without voltages, or the voltage is 0.
        """
        require(math.isfinite(voltage_V) and voltage_V != 0, "The read voltage is not 0", voltage_V, "give it in volts")
        require(
            self.response_unit in ("A", "") and self.voltage_V is None,
            "A read voltage goes with a trace of currents without a column of voltages",
            self.response_unit if self.voltage_V is None else "a column of voltages",
            "leave it out",
        )
        return replace(self, response=self.response / voltage_V, response_unit="S", read_V=abs(voltage_V))


def read_trace(path: str | Path, columns: Sequence[str] | None = None) -> Trace:
    """Read a trace from a file.

    Args:
        path: the table.
        columns: names or numbers (from 1) of the columns of time and response, or of time, voltage and response;
            None reads the headings, or takes two or three columns in this order.

    Raises:
        InvalidParameterError: there is no such file or column, no row of numbers, text where a number should be,
            or time that runs back.
    """
    file = Path(path)
    try:
        raw = file.read_bytes()
    except OSError as error:
        raise InvalidParameterError(
            f"A trace must be a readable file, but got '{file}' ({error.strerror}); check the path."
        ) from None
    heads, rows = _table(_decoded(raw))
    require(bool(rows), f"The trace '{file.name}' has a row of numbers", f"{len(raw)} bytes without", "check the file")
    width = len(rows[0][1])
    chosen = choose_columns([Column(k, head) for k, head in enumerate(_headings(heads, width))], columns)
    table = np.array([[_number(fields, column, line) for column in chosen] for line, fields in rows])
    complete = np.isfinite(table).all(axis=1)
    lines = np.array([line for line, _ in rows])[complete]
    table = table[complete]
    counts_pulses = chosen[0].quantity == "pulse"
    response = chosen[-1]
    unit = {"conductance": "S", "current": "A"}.get(response.quantity or "", "")
    if len(chosen) == 3 and response.quantity is None and response.unknown_unit is None:
        unit = "A"
    bases = ["" if counts_pulses else "s", *(["V"] if len(chosen) == 3 else []), unit]
    for k, (column, base) in enumerate(zip(chosen, bases, strict=True)):
        if base:
            table[:, k] *= column.to_SI(base)
    _check_order(table[:, 0], lines, chosen[0], counts_pulses)
    warnings = [
        f"The unit {column.unknown_unit!r} of the column {column.label!r} is not known; "
        "its numbers are taken as they are."
        for column in chosen
        if column.unknown_unit
    ]
    dropped = len(rows) - len(table)
    if dropped:
        warnings.append(f"{dropped} of {len(rows)} rows were dropped: a number is missing or not finite.")
    return Trace(
        x=table[:, 0],
        voltage_V=table[:, 1] if len(chosen) == 3 else None,
        response=table[:, -1],
        response_unit=unit,
        counts_pulses=counts_pulses,
        name=file.name,
        sha256=hashlib.sha256(raw).hexdigest(),
        dropped=dropped,
        warnings=tuple(warnings),
    )


def _decoded(raw: bytes) -> str:
    """Text in one of the encodings that instruments and spreadsheets write."""
    if raw[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return raw.decode("utf-16", errors="replace")
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        return raw.decode("latin-1")


def _table(text: str) -> tuple[list[str], list[tuple[int, list[str]]]]:
    """Lines above the numbers, nearest last, and the rows: line number and fields."""
    heads, comments = [], []
    rows: list[tuple[int, list[str]]] = []
    delimiter: str | None = None
    for number, line in enumerate(text.splitlines(), start=1):
        content = line.strip(" \r\n")
        if not content.strip():
            continue
        if content.startswith(_COMMENTS):
            if not rows:
                comments.append(content.lstrip("#%/ \t"))
            continue
        if not rows:
            delimiter = next((mark for mark in "\t;," if mark in content), None)
            if not any(_is_number(field) for field in _fields(content, delimiter)):
                heads.append(content)
                continue
        rows.append((number, _fields(content, delimiter)))
    return heads or comments[-1:], rows


def _headings(heads: list[str], width: int) -> list[str]:
    """A heading for each column; empty ones where the file has no fitting header."""
    split = [_fields(head, next((mark for mark in "\t;," if mark in head), None)) for head in heads]
    fitting = [fields for fields in split if len(fields) == width]
    if len(fitting) > 1:  # names above units
        return [f"{name} ({unit.strip('()[]')})" if unit else name for name, unit in zip(*fitting[-2:], strict=True)]
    return fitting[0] if fitting else [""] * width


def _fields(line: str, delimiter: str | None) -> list[str]:
    parts = line.split(delimiter) if delimiter else _BLANKS.split(line.strip())
    parts = [part.strip(" \"'") for part in parts]
    if delimiter in ("\t", ";") and "." not in line:
        parts = [re.sub(r"^([-+]?\d*),(\d)", r"\1.\2", part) for part in parts]
    return parts


def _is_number(text: str) -> bool:
    try:
        return math.isfinite(float(text))
    except ValueError:
        return False


def _number(fields: list[str], column: Column, line: int) -> float:
    text = fields[column.position] if column.position < len(fields) else ""
    try:
        return float(text)
    except ValueError:
        require(
            text.lower() in _MISSING,
            f"The column {column.label!r} of a trace holds numbers",
            f"{text!r} in line {line}",
            "choose others with --columns or mark the line as a comment (#)",
        )
        return math.nan


def _check_order(x: Float64, lines: NDArray[np.int64], column: Column, counts_pulses: bool) -> None:
    back = np.flatnonzero(np.diff(x) < 0)
    if len(back):
        k = int(back[0]) + 1
        raise InvalidParameterError(
            f"{'Pulse numbers' if counts_pulses else 'Times'} of a trace must not decrease, but the column "
            f"{column.label!r} falls from {x[k - 1]:g} to {x[k]:g} in line {lines[k]}; "
            "sort the rows or fit each branch by itself."
        )
