"""How a run is told from others at a glance: by a name that says what it is, and by the colour of its size.

::

    0171 · mlp 16 · 20.9 ns      number, read-out if it is searched, then searched fields: words, or one value a unit
"""

import math
from collections.abc import Iterable, Mapping
from typing import Any

from tracking.base import SweepRecord
from tracking.labels import quantity, unit_of

PARAMETERS = "parameters"
"""The metric behind the colour."""
FEWEST, MOST = 100, 100_000
"""Parameters of the darkest and of the brightest colour."""

_PARTS = 3
_READOUT, _HIDDEN = "readout.kind", "readout.hidden"
_NO_HIDDEN = "ridge"
_COLOURS = ((68, 1, 84), (65, 68, 135), (42, 120, 142), (34, 168, 132), (122, 209, 81), (253, 231, 37))
"""Dark violet over green to yellow (viridis), whose brightness rises evenly, also for eyes that see fewer colours."""


def run_name(sweep: SweepRecord, number: int, configuration: Mapping[str, Any]) -> str:
    """The name of a trial; a function of the sweep and the configuration alone."""
    parts = [f"{number:04d}", *_readout(sweep.searched, configuration)]
    units = set()
    for name in sweep.searched:
        if name in (_READOUT, _HIDDEN) or len(parts) == _PARTS:
            continue
        value, unit = configuration.get(name), unit_of(name)
        if unit and unit not in units and isinstance(value, int | float):
            units.add(unit)
            parts.append(quantity(value, unit))
        elif isinstance(value, str) and value:
            parts.append(value)
    return " · ".join(parts)


def run_colour(evaluation: Mapping[str, Any]) -> str | None:
    """The colour ``#rrggbb`` of a trial: its number of parameters on a logarithmic scale."""
    parameters = evaluation.get(PARAMETERS)
    if not isinstance(parameters, int | float) or not parameters > 0:
        return None
    share = math.log(parameters / FEWEST) / math.log(MOST / FEWEST)
    place = min(max(share, 0.0), 1.0) * (len(_COLOURS) - 1)
    lower = min(int(place), len(_COLOURS) - 2)
    mixed = (a + (b - a) * (place - lower) for a, b in zip(_COLOURS[lower], _COLOURS[lower + 1], strict=True))
    return "#" + "".join(f"{round(each):02x}" for each in mixed)


def _readout(searched: Iterable[str], configuration: Mapping[str, Any]) -> list[str]:
    if not {_READOUT, _HIDDEN} & set(searched) or _READOUT not in configuration:
        return []
    kind = str(configuration[_READOUT])
    hidden = [] if kind == _NO_HIDDEN else [quantity(configuration.get(_HIDDEN))]
    return [" ".join([kind, *hidden])]
