"""Where the values of a metric or field lie along an axis, whatever they are.

========================================  ===========================================
values                                    place
========================================  ===========================================
numbers                                   themselves
positive numbers of two decades or more   their decimal logarithm; a zero among them below the smallest
anything with words, lists or truths      their rank
a missing one among numbers               below the smallest, ticked with a dash
========================================  ===========================================
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tracking.labels import quantity

_LOG_FROM = 100.0
"""Ratio of the largest to the smallest value from which they are placed by their logarithms."""
_GAP = 0.15
"""Share of the range that lies between the smallest number and what is placed below it."""
_FEW = 6
"""So many different values have a tick each."""


@dataclass(frozen=True)
class Scale:
    """Places of values, and the ticks that read them."""

    places: NDArray[np.float64]
    """Place of each value [value]."""
    ticks: list[float]
    """Places of the ticks."""
    texts: list[str]
    """Their texts."""
    ordered: bool
    """Whether a larger place is a larger value."""

    @property
    def ends(self) -> tuple[float, float]:
        """The smallest and largest place, one apart if they are the same."""
        found = self.places[np.isfinite(self.places)]
        low, high = (float(found.min()), float(found.max())) if found.size else (0.0, 1.0)
        return (low, high) if low < high else (low - 0.5, high + 0.5)


def scale_of(values: Sequence[Any], unit: str = "") -> Scale:
    """Place values along an axis; ``unit`` is for the texts of its ticks."""
    present = [value for value in values if not _missing(value)]
    if any(isinstance(value, bool) or not isinstance(value, int | float) for value in present):
        return _by_rank(values)
    numbers = np.array([math.nan if _missing(value) else float(value) for value in values])
    positive = numbers[numbers > 0]
    logarithmic = positive.size > 0 and not (numbers < 0).any() and positive.max() >= _LOG_FROM * positive.min()
    # A zero or a missing value has no logarithm.
    places = np.log10(np.where(numbers > 0, numbers, np.nan)) if logarithmic else numbers
    found = np.unique(places[np.isfinite(places)])
    if found.size == 0:
        return Scale(places, [], [], True)
    ticks = found.tolist() if found.size <= _FEW else _round_ticks(found[0], found[-1], logarithmic)
    texts = [quantity(float(f"{10.0**tick if logarithmic else tick:.3g}"), unit) for tick in ticks]
    gap = _GAP * ((found[-1] - found[0]) or 1.0)
    below = float(found[0])
    for lost, text in ((logarithmic & (numbers == 0), "0"), (np.isnan(numbers), "-")):
        if lost.any():
            below -= gap
            places = np.where(lost, below, places)
            ticks, texts = [below, *ticks], [text, *texts]
    return Scale(places, ticks, texts, True)


def _by_rank(values: Sequence[Any]) -> Scale:
    names = [quantity(value) for value in values]
    # Lists of numbers, such as layers, in the order of their numbers; words in that of the alphabet.
    keys = {name: (name != "none", _sort_key(value), name) for name, value in zip(names, values, strict=True)}
    order = {name: float(rank) for rank, name in enumerate(sorted(keys, key=lambda name: keys[name]))}
    return Scale(np.array([order[name] for name in names]), list(order.values()), list(order), False)


def _sort_key(value: Any) -> tuple[float, ...]:
    numbers = value if isinstance(value, list | tuple) else [value]
    return tuple(float(number) for number in numbers if isinstance(number, int | float))


def _round_ticks(low: float, high: float, logarithmic: bool) -> list[float]:
    """At most about six places at round values between two ends."""
    if logarithmic:
        whole = list(range(math.ceil(low), math.floor(high) + 1))
        return [float(exponent) for exponent in whole[:: max(1, -(-len(whole) // _FEW))]]
    raw = (high - low) / (_FEW - 1)
    power = 10.0 ** math.floor(math.log10(raw))
    step = next(factor * power for factor in (1, 2, 2.5, 5, 10) if factor * power >= raw * (1 - 1e-9))
    return [step * count for count in range(math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9) + 1)]


def _missing(value: Any) -> bool:
    return value is None or (isinstance(value, float) and not math.isfinite(value))
