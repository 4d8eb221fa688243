"""Hypervolume of the front as it grows: how much of the space of objectives it beats, in one number that never falls.

=====================  ==============================================================================
objective              gain over the reference r
=====================  ==============================================================================
maximised              y - r
minimised, > 0         log10(r / y), decades: energies and counts span many
minimised, may be 0    r - y
=====================  ==============================================================================

The reference is the worst of each objective among the first trials that finished, so it is the same for the whole
life of a sweep. The unit is the product of those of the gains (accuracy x decades x decades); only values of one
sweep can be compared. Computed by moocore.
"""

from collections.abc import Mapping

import moocore
import numpy as np

from sweeps.front import RunningFront

REFERENCE_TRIALS = 20
"""Finished trials that set the reference; until then it moves with them."""
_DECADES = ("parameters", "macs", "energy_", "latency_", "area_")
"""Beginnings of the names of the objectives that are always above 0."""


def in_decades(name: str, way: str) -> bool:
    """Whether gains in an objective are told in decades."""
    return way == "minimize" and name.startswith(_DECADES)


class Hypervolume:
    """That of the trials seen so far, which are shown in the order of their numbers."""

    def __init__(self, directions: Mapping[str, str]) -> None:
        """Take objective -> ``maximize`` or ``minimize``."""
        self._directions = dict(directions)
        self._front = RunningFront(directions)
        self._first: list[dict[str, float]] = []
        self.value = 0.0
        """Hypervolume of the front so far."""

    @property
    def front_size(self) -> int:
        """Points of the front so far, equal ones once."""
        return len(self._front.points)

    def add(self, objectives: dict[str, float] | None) -> float:
        """Show the next trial, ``None`` if it failed; returns the hypervolume with it."""
        self._front.add(objectives)
        setting = objectives is not None and len(self._first) < REFERENCE_TRIALS
        if setting and objectives is not None:
            self._first.append(objectives)
        if setting or (objectives is not None and self._front.idle == 0):
            self.value = self._measure()
        return self.value

    def _measure(self) -> float:
        columns = []
        for name, way in self._directions.items():
            values = np.array([point[name] for point in self._front.points])
            first = [point[name] for point in self._first]
            if way == "maximize":
                gain = values - min(first)
            elif in_decades(name, way):
                gain = np.log10(max(first) / values)
            else:
                gain = max(first) - values
            columns.append(gain)
        gains = np.column_stack(columns)
        # What is worse than the reference anywhere beats nothing.
        return float(moocore.hypervolume(gains[(gains > 0).all(axis=1)], ref=0.0, maximise=True))
