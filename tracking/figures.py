"""The picture of a sweep: every evaluation, its Pareto front, and the control.

Drawn with Matplotlib's ``Figure`` and the Agg canvas: no display, no global state, any thread. Colours:
cividis, which reads the same with and without red-green colour blindness and in grey; the front is told by
shape and outline too, the control by its dashes.
"""

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Point = Mapping[str, Any]
"""An evaluation: metric -> number."""

WIDTH_in, HEIGHT_in = 9.0, 5.4
"""Size: 900 px wide at 100 dots per inch, and saved at twice that for dense screens."""
DOTS_PER_INCH = 200

_LABELS = {
    "accuracy": "accuracy (validation part)",
    "test_accuracy": "accuracy (test part)",
    "parameters": "parameters",
    "macs": "multiply-accumulates per inference",
    "energy_J": "energy per inference / J",
    "latency_s": "latency per inference / s",
    "area_m2": "area / m²",
    "seconds": "time per configuration / s",
}
_UNITS = {"J": "J", "s": "s", "V": "V", "S": "S", "m2": "m²", "W": "W"}
_FRONT = "#c2410c"
_CONTROL = "#111827"
_INK = "#374151"


def draw_front(
    path: Path,
    points: Sequence[Point],
    front: Sequence[Point],
    control: Point | None,
    *,
    x: str = "energy_J",
    y: str = "accuracy",
    colour: str = "parameters",
    title: str | None = None,
) -> Path:
    """Draw all evaluations of a sweep as a PNG and return its path.

    Args:
        path: the file to write; its folder is created.
        points: the evaluations of all configurations; those without ``x`` or ``y`` are left out.
        front: the evaluations on the Pareto front.
        control: the evaluation of the control, drawn as a line at its ``y``; ``None`` for no line.
        x: metric along the logarithmic axis (linear if a value is not positive).
        y: metric along the other axis.
        colour: metric shown by colour.
        title: heading, if any.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    drawn = [point for point in points if _finite(point, x, y)]
    chosen = sorted((point for point in front if _finite(point, x, y)), key=lambda point: float(point[x]))
    figure = Figure(figsize=(WIDTH_in, HEIGHT_in), dpi=DOTS_PER_INCH, layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.add_subplot()
    _prepare(axes, x, y, title)
    if all(float(point[x]) > 0 for point in [*drawn, *chosen]) and (drawn or chosen):
        axes.set_xscale("log")
    _scatter(axes, drawn, chosen, x, y, colour)
    if control is not None and _finite(control, y):
        _control_line(axes, float(control[y]))
    if chosen:
        axes.legend(loc="lower right", frameon=True, framealpha=0.9, edgecolor="none", fontsize=11)
    if not drawn and not chosen:
        axes.text(0.5, 0.5, f"no evaluation has {x} and {y}", ha="center", transform=axes.transAxes)
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, format="png")
    return path


def _prepare(axes: "Axes", x: str, y: str, title: str | None) -> None:
    axes.set_xlabel(_label(x), fontsize=12.5, color=_INK)
    axes.set_ylabel(_label(y), fontsize=12.5, color=_INK)
    if title:
        axes.set_title(title, fontsize=14, loc="left", color=_CONTROL, pad=10)
    axes.tick_params(labelsize=11, colors=_INK)
    axes.grid(True, which="major", color="#e5e7eb", linewidth=0.9)
    axes.set_axisbelow(True)
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
    for side in ("bottom", "left"):
        axes.spines[side].set_color("#9ca3af")


def _scatter(axes: "Axes", drawn: list[Point], chosen: list[Point], x: str, y: str, colour: str) -> None:
    from matplotlib.colors import LogNorm, Normalize

    shades = [float(point[colour]) for point in [*drawn, *chosen] if _finite(point, colour)]
    coloured = bool(shades) and min(shades) < max(shades)
    norm = None
    if coloured:
        norm = (LogNorm if min(shades) > 0 else Normalize)(min(shades), max(shades))

    def put(points: list[Point], **style: Any) -> Any:
        style |= {"c": [_shade(point, colour) for point in points], "cmap": "cividis", "norm": norm}
        if not coloured:
            style = {name: value for name, value in style.items() if name not in ("c", "cmap", "norm")}
            style["color"] = "#2f4b7c"
        return axes.scatter([float(point[x]) for point in points], [float(point[y]) for point in points], **style)

    marks = put(drawn, s=34, alpha=0.75, linewidths=0, zorder=2)
    if chosen:
        marks = put(chosen, s=70, marker="D", edgecolors=_FRONT, linewidths=1.7, zorder=4, label="Pareto front")
    if coloured:
        bar = axes.figure.colorbar(marks, ax=axes, pad=0.02, aspect=28)
        bar.minorticks_off()
        ticks = _ticks(shades)
        bar.set_ticks(ticks, labels=[f"{tick:,.0f}" if tick >= 100 else f"{tick:.3g}" for tick in ticks])
        bar.set_label(_label(colour), fontsize=12.5, color=_INK)
        bar.ax.tick_params(labelsize=11, colors=_INK)
        bar.outline.set_visible(False)


def _control_line(axes: "Axes", height: float) -> None:
    axes.axhline(height, color=_CONTROL, linewidth=1.5, linestyle=(0, (6, 3)), zorder=3)
    axes.margins(y=0.09)
    axes.annotate(
        f"control without kinetics: {height:.3f}",
        # At the costly end, where no front is.
        xy=(1.0, height),
        xycoords=("axes fraction", "data"),
        xytext=(-6, 5),
        textcoords="offset points",
        horizontalalignment="right",
        fontsize=11,
        color=_CONTROL,
        bbox={"boxstyle": "square,pad=0.15", "facecolor": "white", "edgecolor": "none", "alpha": 0.8},
        zorder=5,
    )


def _ticks(shades: list[float]) -> list[float]:
    """The values themselves if they are few, else a few between their ends."""
    values = sorted(set(shades))
    if len(values) <= 6:
        return values
    low, high = values[0], values[-1]
    steps = [step / 4 for step in range(5)]
    if low > 0:
        return [float(f"{low * (high / low) ** step:.3g}") for step in steps[1:-1]]
    return [low + (high - low) * step for step in steps]


def _finite(point: Point, *names: str) -> bool:
    values = [point.get(name) for name in names]
    return all(value is not None and math.isfinite(float(value)) for value in values)


def _shade(point: Point, colour: str) -> float:
    return float(point[colour]) if _finite(point, colour) else math.nan


def _label(metric: str) -> str:
    if metric in _LABELS:
        return _LABELS[metric]
    words, _, unit = metric.rpartition("_")
    if words and unit in _UNITS:
        return f"{words.replace('_', ' ')} / {_UNITS[unit]}"
    return metric.replace("_", " ")
