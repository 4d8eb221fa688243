"""Pictures of plain characters, for a terminal."""

from collections.abc import Mapping, Sequence

import numpy as np

from sweeps.report.answer import percent
from tracking.labels import quantity
from tracking.report.content import Example, Portrait

_BAR = 40
_EIGHTHS = " ▏▎▍▌▋▊▉█"
_LEVELS = "▁▂▃▄▅▆▇█"
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


def chip_lines(accuracy: Sequence[float]) -> list[str]:
    """Accuracy over chips: a histogram and its quantiles; one line if all are alike."""
    if len(accuracy) == 1:
        return [f"  {percent(accuracy[0])} on every chip: nothing varies"]
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
