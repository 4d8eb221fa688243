"""The pictures of a study of robustness: accuracy and yield against each field, and the sensitivity analysis.

One panel a field, all of one height scale, so that they can be compared. Drawn like the front (``tracking.figures``):
no display, no global state, any thread; what colour tells, shape or position tells too.
"""

import math
import textwrap
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tracking.figures import save
from tracking.labels import label

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Curve = Sequence[Mapping[str, Any]]
"""Points with ``value``, ``accuracy`` [chip], ``median``, ``q25``, ``q75``, ``yield`` and ``yield_interval``."""

_DOTS_PER_INCH = 200
_PANEL_in = (3.6, 2.9)
_PANELS_A_ROW = 3
_CHIPS, _LINE, _BAND = "#64748b", "#1d4e89", "#a9c4e4"
_FIRST, _TOTAL = "#9ca3af", "#1d4e89"
_CONTROL, _NOMINAL, _INK = "#111827", "#c2410c", "#374151"
_LOG_FROM = 100.0
"""Ratio of the values of a curve from which their axis is logarithmic."""
_FONT = 10


def draw_accuracy(path: Path, curves: Mapping[str, Curve], *, control: float, nominal: float, part: str) -> Path:
    """Draw accuracy against each field: median, quartiles, and every chip; returns the path of the picture.

    Args:
        path: the file to write, whose suffix tells the format; its folder is created.
        curves: field -> its points.
        control: accuracy of the same read-out without kinetics, drawn as a line.
        nominal: accuracy of the nominal device, drawn as a line.
        part: name of the part, for the label.
    """

    def draw(axes: "Axes", at: list[float], curve: Curve, ordered: bool) -> None:
        spread = _spacing(at)
        for place, point in zip(at, curve, strict=True):
            chips = point["accuracy"]
            # Side by side in the order of the chips, so that a chip has its place in every column.
            shifts = [spread * (i / (len(chips) - 1) - 0.5) if len(chips) > 1 else 0.0 for i in range(len(chips))]
            axes.scatter([place + shift for shift in shifts], chips, s=5, color=_CHIPS, alpha=0.3, linewidths=0)
        quartiles = [(point["q25"], point["q75"]) for point in curve]
        _line_in_band(axes, at, [point["median"] for point in curve], quartiles, ordered)
        axes.axhline(control, color=_CONTROL, linewidth=1.2, linestyle=(0, (6, 3)))
        axes.axhline(nominal, color=_NOMINAL, linewidth=1.2, linestyle=(0, (1, 1.5)))

    chips = max(len(point["accuracy"]) for curve in curves.values() for point in curve)
    figure = _panels(curves, f"accuracy ({part} part)", draw)
    _legend(
        figure,
        [
            (f"median of {chips} chip{'s' if chips > 1 else ''}", {"color": _LINE, "marker": "o", "markersize": 4}),
            ("quartiles", {"color": _BAND, "linewidth": 7}),
            ("one chip", {"color": _CHIPS, "marker": "o", "markersize": 3, "linestyle": "none"}),
            (f"nominal device: {nominal:.3f}", {"color": _NOMINAL, "linestyle": (0, (1, 1.5))}),
            (f"control without kinetics: {control:.3f}", {"color": _CONTROL, "linestyle": (0, (6, 3))}),
        ],
    )
    return _save(figure, path)


def draw_yield(path: Path, curves: Mapping[str, Curve], *, target: float, part: str) -> Path:
    """Draw the share of chips that reach ``target`` against each field, with its exact interval."""

    def draw(axes: "Axes", at: list[float], curve: Curve, ordered: bool) -> None:
        ends = [point["yield_interval"] or (point["yield"], point["yield"]) for point in curve]
        _line_in_band(axes, at, [point["yield"] for point in curve], ends, ordered)
        axes.set_ylim(-0.04, 1.04)

    figure = _panels(curves, f"yield: chips with\naccuracy ≥ {target:g} ({part} part)", draw)
    _legend(
        figure,
        [
            ("share of the chips", {"color": _LINE, "marker": "o", "markersize": 4}),
            ("95 % interval (exact binomial)", {"color": _BAND, "linewidth": 7}),
        ],
    )
    return _save(figure, path)


def draw_sobol(path: Path, parameters: Mapping[str, Mapping[str, Any]], *, words: str) -> Path:
    """Draw first and total order index of each parameter with their intervals, the largest total index first.

    Args:
        path: the file to write, whose suffix tells the format; its folder is created.
        parameters: name -> ``first``, ``first_interval``, ``total``, ``total_interval``.
        words: the heading, what the study answers.
    """
    figure, count = _figure(8.4, 1.5 + 0.55 * len(parameters)), len(parameters)
    axes = figure.add_subplot()
    names = sorted(parameters, key=lambda name: parameters[name]["total"])
    for kind, colour, shift in (("first", _FIRST, -0.19), ("total", _TOTAL, 0.19)):
        values = [parameters[name][kind] for name in names]
        ends = [parameters[name][f"{kind}_interval"] for name in names]
        # A percentile interval need not hold the estimate.
        errors = [
            [max(value - end[0], 0) for value, end in zip(values, ends, strict=True)],
            [max(end[1] - value, 0) for value, end in zip(values, ends, strict=True)],
        ]
        axes.barh(
            [place + shift for place in range(count)],
            values,
            height=0.36,
            color=colour,
            xerr=errors,
            error_kw={"ecolor": _CONTROL, "elinewidth": 1.2, "capsize": 3},
            label="first order: alone" if kind == "first" else "total order: with all interactions",
        )
    axes.set_yticks(range(count), labels=names)
    axes.set_xlabel("share of the variance of accuracy (bars: 95 % bootstrap interval)", fontsize=_FONT, color=_INK)
    axes.axvline(0, color=_INK, linewidth=0.8)
    figure.suptitle("\n".join(textwrap.wrap(words, 100)), fontsize=_FONT + 1, color=_CONTROL, x=0.01, ha="left")
    _plain(axes)
    axes.grid(False, axis="y")
    handles, labels = axes.get_legend_handles_labels()
    axes.legend(handles[::-1], labels[::-1], loc="lower right", frameon=False, fontsize=_FONT)
    return _save(figure, path)


def _line_in_band(
    axes: "Axes", at: list[float], middle: list[float], ends: Sequence[Sequence[float]], ordered: bool
) -> None:
    """A line in a band; where values have no order, a mark on a bar for each."""
    lows, highs = [end[0] for end in ends], [end[1] for end in ends]
    if ordered:
        axes.fill_between(at, lows, highs, color=_BAND, alpha=0.75, linewidth=0, zorder=2)
    else:
        axes.vlines(at, lows, highs, color=_BAND, linewidth=7, zorder=2)
    axes.plot(
        at, middle, color=_LINE, marker="o", markersize=4, linewidth=1.8, linestyle="-" if ordered else "none", zorder=3
    )


def _panels(
    curves: Mapping[str, Curve], height: str, draw: "Callable[[Axes, list[float], Curve, bool], None]"
) -> "Figure":
    """A panel a curve; ``height`` is the label of their common scale."""
    columns = min(_PANELS_A_ROW, len(curves))
    rows = -(-len(curves) // columns)
    width = max(columns * _PANEL_in[0], 2 * _PANEL_in[0])
    figure = _figure(width, rows * _PANEL_in[1] + 0.5)
    first = None
    for number, (name, curve) in enumerate(curves.items()):
        axes = figure.add_subplot(rows, columns, number + 1, sharey=first)
        first = first or axes
        draw(axes, *_places(axes, name, curve))
        axes.set_xlabel(label(name), fontsize=_FONT, color=_INK)
        if number % columns == 0:
            axes.set_ylabel(height, fontsize=_FONT, color=_INK)
        else:
            axes.tick_params(labelleft=False)
        _plain(axes)
    return figure


def _places(axes: "Axes", name: str, curve: Curve) -> tuple[list[float], Curve, bool]:
    """Where the points of a curve lie along the axis, which is set up for them, and whether they have an order.

    Words, and bits of which 0 means none, stand side by side; values far apart by their logarithms.
    """
    values = [point["value"] for point in curve]
    if name.endswith("bits") and 0 in values:
        values = ["none" if value == 0 else value for value in values]
    if any(isinstance(value, str) for value in values):
        axes.set_xticks(range(len(values)), labels=[str(value) for value in values])
        axes.set_xlim(-0.5, len(values) - 0.5)
        return [float(place) for place in range(len(values))], curve, False
    curve, values = sorted(curve, key=lambda point: float(point["value"])), sorted(values)
    positive = [value for value in values if value > 0]
    if min(values) < 0 or not positive or max(positive) < _LOG_FROM * min(positive):
        if all(isinstance(value, int) for value in values):
            axes.set_xticks(values)
        return [float(value) for value in values], curve, True
    exponents = [math.log10(value) for value in positive]
    whole = range(math.ceil(min(exponents)), math.floor(max(exponents)) + 1)
    shown = whole[:: max(1, -(-len(whole) // 5))]
    ticks = [(float(exponent), f"$10^{{{exponent}}}$") for exponent in shown]
    zero = min(exponents) - (max(exponents) - min(exponents)) / max(len(positive) - 1, 1)
    if 0 in values:
        ticks.insert(0, (zero, "0"))
    axes.set_xticks([place for place, _ in ticks], labels=[text for _, text in ticks])
    return [math.log10(value) if value > 0 else zero for value in values], curve, True


def _spacing(at: list[float]) -> float:
    """Width of the column of chips at one value."""
    gaps = [abs(b - a) for a, b in zip(sorted(at), sorted(at)[1:], strict=False)]
    return 0.4 * min(gaps) if gaps else 0.4


def _figure(width: float, height: float) -> "Figure":
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width, height), dpi=_DOTS_PER_INCH, layout="constrained")
    FigureCanvasAgg(figure)
    return figure


def _plain(axes: "Axes") -> None:
    axes.tick_params(labelsize=_FONT - 1, colors=_INK)
    axes.grid(True, which="major", color="#e5e7eb", linewidth=0.8)
    axes.set_axisbelow(True)
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
    for side in ("bottom", "left"):
        axes.spines[side].set_color("#9ca3af")


def _legend(figure: "Figure", entries: list[tuple[str, dict[str, Any]]]) -> None:
    from matplotlib.lines import Line2D

    handles = [Line2D([], [], label=text, **style) for text, style in entries]
    figure.legend(handles=handles, loc="outside upper center", ncols=3, frameon=False, fontsize=_FONT)


def _save(figure: "Figure", path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    save(figure, path)
    return path
