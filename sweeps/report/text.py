"""Pictures of plain characters, for a terminal."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sweeps.report.answer import percent
from tracking.labels import quantity, unit_of
from tracking.report.content import Example, Portrait

_BAR = 40
_EIGHTHS = " ▏▎▍▌▋▊▉█"
_LEVELS = "▁▂▃▄▅▆▇█"
_SHADES = " ░▒▓█"
_MAP = (12, 24)
"""Rows and columns of a feature map at the most; a larger one is shown by the means of its parts."""
_MAPS_WIDTH = 100
_BINS = 12
_MOST_CLASSES = 12
_QUANTILES = (0.05, 0.25, 0.5, 0.75, 0.95)


def bar(share: float, width: int = _BAR) -> str:
    """A share of 0 to 1 as a bar."""
    eighths = round(8 * width * min(max(share, 0.0), 1.0))
    return ("█" * (eighths // 8) + _EIGHTHS[eighths % 8]).rstrip()


def sparkline(values: Sequence[float], low: float, high: float) -> str:
    """A character a value, as high as it lies between two ends."""
    span = (high - low) or 1.0
    places = [round((value - low) / span * (len(_LEVELS) - 1)) for value in values]
    return "".join(_LEVELS[min(max(place, 0), len(_LEVELS) - 1)] for place in places)


def energy_lines(energy_J: Mapping[str, float]) -> list[str]:
    """Energy by component, largest first: a bar each."""
    total = sum(energy_J.values()) or 1.0
    return [
        f"  {name:<11}{quantity(value, 'J'):>9} {100 * value / total:>5.1f} % {bar(value / total)}"
        for name, value in energy_J.items()
    ]


def chip_lines(accuracy: Sequence[float], *, varies: bool) -> list[str]:
    """Accuracy over chips: a histogram and its quantiles; one line for one chip, or if all chips are alike."""
    if len(accuracy) == 1:
        where = "on the one chip that was scored" if varies else "on every chip: nothing varies"
        return [f"  {percent(accuracy[0])} {where}"]
    low, high = min(accuracy), max(accuracy)
    counts, edges = np.histogram(accuracy, _BINS if high > low else 1)
    lines = [
        f"  {percent(edge):>7} {count:>4} {bar(count / counts.max())}"
        for edge, count in zip(edges[:-1], counts, strict=True)
    ]
    quantiles = ", ".join(
        f"{100 * share:g} %: {percent(float(value))}"
        for share, value in zip(_QUANTILES, np.quantile(accuracy, _QUANTILES), strict=True)
    )
    return [*lines, f"  quantiles {quantiles}"]


def study_line(result: Mapping[str, Any]) -> str:
    """A study of robustness in a line: its worst point."""
    curves = [(name, point) for name, curve in result["curves"].items() for point in curve]
    points = [
        ("", result["studied"]),
        *((f" at {name} = {quantity(p['value'], unit_of(name))}", p) for name, p in curves),
    ]
    where, worst = min(points, key=lambda point: point[1]["median"])
    return (
        f"  {result['study']}: median at the least {percent(worst['median'])}{where}, yield there "
        f"{percent(worst['yield'])} ({result['part']} part)"
    )


def map_lines(examples: Sequence[Example]) -> list[str]:
    """The feature map of each case, a row a series and a character a reading, as many maps beside each other as fit."""
    maps = [_smaller(np.array(example.features)) for example in examples]
    low, high = min(each.min() for each in maps), max(each.max() for each in maps)
    width = max(maps[0].shape[1], *(len(example.label) for example in examples)) + 2
    a_row = max(1, _MAPS_WIDTH // width)
    lines = []
    for first in range(0, len(maps), a_row):
        some = slice(first, first + a_row)
        lines.append("  " + "".join(f"{example.label:<{width}}" for example in examples[some]))
        lines.extend(
            "  " + "".join(f"{_shades(row, low, high):<{width}}" for row in rows)
            for rows in zip(*maps[some], strict=True)
        )
    return [line.rstrip() for line in [*lines, f"  {_SHADES[0]!r} {low:.3g} to {_SHADES[-1]!r} {high:.3g}"]]


def confusion_lines(portrait: Portrait) -> list[str]:
    """Share of each true class (a row) that is taken for each class, in percent; too many classes are not shown."""
    classes = portrait.classes
    if len(classes) > _MOST_CLASSES:
        return [f"  {len(classes)} classes: too many for a terminal, `memsweep report` shows them"]
    width = max(4, *(len(name) for name in classes)) + 1
    lines = ["  " + " " * width + "".join(f"{name:>{width}}" for name in classes)]
    for name, row in zip(classes, portrait.confusion, strict=True):
        cells = (f"{100 * count / max(sum(row), 1):.0f}" if count else "." for count in row)
        lines.append(f"  {name:>{width}}" + "".join(f"{cell:>{width}}" for cell in cells))
    return lines


def case_lines(examples: Sequence[Example]) -> list[str]:
    """Pulses and states of the first series of each case, a character a step."""
    low = min(min(example.state) for example in examples)
    high = max(max(example.state) for example in examples)
    drives = [
        [width * volt for width, volt in zip(example.pulse_width_s, example.pulse_V, strict=True)]
        for example in examples
    ]
    strongest = max(max(drive) for drive in drives)
    width = max(len(example.label) for example in examples)
    return [
        f"  {example.label:>{width}}  pulses {sparkline(drive, 0.0, strongest)}"
        f"  state {sparkline(example.state, low, high)}"
        for example, drive in zip(examples, drives, strict=True)
    ]


def _smaller(features: NDArray[np.float64]) -> NDArray[np.float64]:
    """A map of at most so many rows and columns: means over parts that are as alike in size as can be."""
    for axis, most in enumerate(_MAP):
        if features.shape[axis] > most:
            parts = np.array_split(features, most, axis=axis)
            features = np.stack([part.mean(axis=axis) for part in parts], axis=axis)
    return features


def _shades(row: NDArray[np.float64], low: float, high: float) -> str:
    places = np.rint((row - low) / ((high - low) or 1.0) * (len(_SHADES) - 1)).astype(int)
    return "".join(_SHADES[place] for place in places)
