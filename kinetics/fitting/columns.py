r"""Columns of a measured table: what a heading says of quantity and unit, and which column is which.

Units may stand as ``t (ms)``, ``I [uA]``, ``G / S`` or ``t_ms``; every number is turned into SI units once, here.

========  ==================================  ====
quantity  headings without unit               unit
========  ==================================  ====
time      t, time, elapsed, timestamp         s
pulse     n, k, #, pulse, number, cycle, ...  1
voltage   v, u, voltage, bias                 V
current   i, current                          A
conduct   g, conductance                      S
========  ==================================  ====
"""

import difflib
import re
from collections.abc import Sequence
from dataclasses import dataclass

from kinetics.errors import InvalidParameterError, require

_PREFIXES = {"": 1.0, "f": 1e-15, "p": 1e-12, "n": 1e-9, "u": 1e-6, "µ": 1e-6, "μ": 1e-6, "m": 1e-3, "k": 1e3, "M": 1e6}
_UNIT = re.compile(rf"([{''.join(_PREFIXES)}]?)(sec|s|V|A|S)")
_LONG_TIMES_s = {"min": 60.0, "h": 3600.0}
_BRACKETED = re.compile(r"(.*?)\s*[(\[]\s*([^)\]]*?)\s*[)\]]\s*")
_SUFFIXED = re.compile(r"(.*?)(?:\s*/\s*|_)([^\s_/]+)")
_QUANTITY_OF_UNIT = {"s": "time", "V": "voltage", "A": "current", "S": "conductance"}
_QUANTITY_OF_WORD = {
    **dict.fromkeys(("voltage", "v", "u", "bias"), "voltage"),
    **dict.fromkeys(("current", "i"), "current"),
    **dict.fromkeys(("conductance", "g"), "conductance"),
    **dict.fromkeys(("time", "t", "elapsed", "timestamp"), "time"),
    **dict.fromkeys(("pulse", "pulses", "number", "cycle", "step", "index", "n", "k", "#"), "pulse"),
}


@dataclass(frozen=True)
class Column:
    """One column of a table."""

    position: int
    """Counted from 0."""
    heading: str = ""
    """As it stands in the file; empty without a header."""

    @property
    def label(self) -> str:
        """How messages call it."""
        return self.heading or str(self.position + 1)

    @property
    def name(self) -> str:
        """The heading without its unit."""
        return _split(self.heading)[0]

    @property
    def unit(self) -> str | None:
        """The unit as it stands in the heading, known or not; None without."""
        return _split(self.heading)[1]

    @property
    def quantity(self) -> str | None:
        """What its unit, or else a word of its name, says that it holds."""
        known = _known(self.unit)
        if known:
            return _QUANTITY_OF_UNIT[known[1]]
        words = re.findall(r"[^\W\d_]+|#", self.name.lower())
        return next((_QUANTITY_OF_WORD[word] for word in words if word in _QUANTITY_OF_WORD), None)

    def to_SI(self, base: str) -> float:
        """What a number of this column is multiplied by to be in ``base``.

        Raises:
            InvalidParameterError: the heading's unit is known and is no multiple of ``base``.
        """
        known = _known(self.unit)
        if known and base == "s" and known[1] == "S":  # in a column of times, "mS" is a slip for "ms"
            known = known[0], "s"
        require(
            known is None or known[1] == base,
            f"The column {self.label!r}, taken for {_QUANTITY_OF_UNIT[base]}, is in {base} or a multiple of it",
            self.unit,
            "give --columns in the order time,voltage,current or time,response",
        )
        return known[0] if known else 1.0

    @property
    def unknown_unit(self) -> str | None:
        """The unit, if the heading has one that is not known."""
        return self.unit if self.unit and not _known(self.unit) else None


def choose_columns(columns: Sequence[Column], wanted: Sequence[str] | None) -> list[Column]:
    """The columns of x and response, or of time, voltage and response, in that order.

    Args:
        columns: all columns of the table.
        wanted: names (with or without unit, in any case) or numbers from 1; None reads the headings.

    Raises:
        InvalidParameterError: a name or number is of no column, or the headings leave a choice.
    """
    if wanted is not None:
        require(
            len(wanted) in (2, 3),
            "`--columns` names two columns (time,response) or three (time,voltage,current)",
            ",".join(wanted),
            "give names or numbers from 1, with commas between",
        )
        return [_find(columns, word) for word in wanted]
    by_quantity: dict[str | None, list[Column]] = {}
    for column in columns:
        by_quantity.setdefault(column.quantity, []).append(column)
    voltage = by_quantity.get("voltage", [])
    x = by_quantity.get("time", []) if voltage else by_quantity.get("pulse", []) or by_quantity.get("time", [])
    x = x or by_quantity.get("pulse", [])
    response = by_quantity.get("conductance", []) or by_quantity.get("current", [])
    if len(x) == len(response) == 1 and len(voltage) <= 1:
        return [*x, *voltage, *response]
    require(
        len(columns) in (2, 3) and not (x and response),
        "The columns to fit are told by --columns or by headings such as t (s), V (V), I (A)",
        ", ".join(column.label for column in columns),
        "add --columns time,voltage,current or --columns time,response, by name or by number from 1",
    )
    return list(columns)


def _find(columns: Sequence[Column], word: str) -> Column:
    key = word.strip().lower()
    for column in columns:
        if key and key in (column.heading.lower(), column.name.lower()):
            return column
    if key.isdecimal() and 1 <= int(key) <= len(columns):
        return columns[int(key) - 1]
    labels = [column.label for column in columns]
    near = difflib.get_close_matches(key, [label.lower() for label in labels], n=1)
    hint = f"did you mean {near[0]!r}?" if near else f"its columns are {', '.join(labels)}."
    raise InvalidParameterError(f"`--columns` must name columns of the trace, but got {word!r}; {hint}")


def _split(heading: str) -> tuple[str, str | None]:
    """Name and unit of a heading."""
    bracketed = _BRACKETED.fullmatch(heading)
    if bracketed:
        return bracketed[1], bracketed[2]
    suffixed = _SUFFIXED.fullmatch(heading)
    if suffixed and _known(suffixed[2]):
        return suffixed[1], suffixed[2]
    return heading, None


def _known(unit: str | None) -> tuple[float, str] | None:
    """A unit as its factor to SI and its base unit; None if it is not known."""
    if unit in _LONG_TIMES_s:
        return _LONG_TIMES_s[unit], "s"
    match = _UNIT.fullmatch(unit or "")
    return (_PREFIXES[match[1]], match[2].replace("sec", "s")) if match else None
