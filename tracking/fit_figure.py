"""The picture of a fit: what was measured, the law, its rivals, and what the law leaves unexplained.

Drawn with Matplotlib's ``Figure`` and the Agg canvas, as the picture of a sweep is. The law is told from its rivals by
its width, the rivals from each other by their dashes.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from tracking.figures import SCREEN
from tracking.labels import prefix

if TYPE_CHECKING:
    from matplotlib.axes import Axes

HEIGHT_in = 6.2
_INK, _MEASURED, _LAW = "#374151", "#94a3b8", "#c2410c"
_RIVALS = (("#1d4ed8", (0, (6, 2))), ("#0f766e", (0, (2, 2))), ("#7e22ce", (0, (6, 2, 1, 2))))
_MANY = 500
"""Readings beyond which each is drawn as a faint dot."""


def draw_fit(
    path: Path,
    at: Sequence[float],
    response: Sequence[float],
    law: Sequence[float],
    rivals: Mapping[str, Sequence[float]],
    *,
    label: str,
    title: str,
    at_unit: str = "s",
    unit: str = "S",
) -> Path:
    """Draw a fit as a PNG and return its path.

    Args:
        path: the file to write; its folder is created.
        at: [reading] time or number of steps.
        response: [reading] what was measured.
        law: [reading] the fitted law.
        rivals: label -> [reading] the other fitted curves.
        label: what the law is called.
        title: heading.
        at_unit: ``s``, or empty for numbers of steps.
        unit: unit of the response, ``S``, ``A`` or empty.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    x_scale, x_prefix = _scale(at, at_unit)
    y_scale, y_prefix = _scale(response, unit)
    order = sorted(range(len(at)), key=at.__getitem__)
    x = [at[k] / x_scale for k in order]

    def scaled(values: Sequence[float]) -> list[float]:
        return [values[k] / y_scale for k in order]

    measured, fitted = scaled(response), scaled(law)
    figure = Figure(figsize=(SCREEN.width_in, HEIGHT_in), dpi=SCREEN.dots_per_inch, layout="constrained")
    FigureCanvasAgg(figure)
    upper, lower = figure.subplots(2, 1, sharex=True, height_ratios=(3, 1))
    dots = {"linestyle": "none", "marker": ".", "color": _MEASURED, "markersize": 4.0 if len(x) > _MANY else 8.0}
    upper.plot(x, measured, **dots, alpha=0.5 if len(x) > _MANY else 0.9, label=f"measured, {len(x):,} readings")
    upper.plot(x, fitted, color=_LAW, linewidth=2.4, zorder=3, label=label)
    for (name, values), (colour, dashes) in zip(rivals.items(), _RIVALS, strict=False):
        upper.plot(x, scaled(values), color=colour, linewidth=1.3, linestyle=dashes, zorder=4, label=name)
    lower.plot(x, [m - f for m, f in zip(measured, fitted, strict=True)], **dots, alpha=0.6)
    lower.axhline(0, color=_LAW, linewidth=1.4)
    quantity = {"S": "conductance", "A": "current"}.get(unit, "response")
    of_unit = f" / {y_prefix}{unit}" if unit else ""
    _label(upper, "", quantity + of_unit)
    _label(lower, f"time / {x_prefix}{at_unit}" if at_unit else "steps", "residual" + of_unit)
    figure.align_ylabels()
    upper.set_title(title, fontsize=13, loc="left", color=_INK, pad=10)
    figure.legend(loc="outside lower center", ncols=2, frameon=False, fontsize=10.5)
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, format="png")
    return path


def _scale(values: Sequence[float], unit: str) -> tuple[float, str]:
    """What the values are divided by, and the SI prefix that says so."""
    power, letter = prefix(max(abs(value) for value in values), unit)
    return 10.0**power, letter


def _label(axes: "Axes", x: str, y: str) -> None:
    axes.set_xlabel(x, fontsize=12, color=_INK)
    axes.set_ylabel(y, fontsize=12, color=_INK)
    axes.tick_params(labelsize=10.5, colors=_INK)
    axes.grid(True, color="#e5e7eb", linewidth=0.9)
    axes.set_axisbelow(True)
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
    for side in ("bottom", "left"):
        axes.spines[side].set_color("#9ca3af")
