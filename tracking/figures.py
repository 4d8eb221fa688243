"""The picture of a sweep: every evaluation, its Pareto front, and the control; for a screen, or for a paper.

Drawn with Matplotlib's ``Figure`` and the Agg canvas: no display, no global state, any thread. Colours:
cividis, which reads the same with and without red-green colour blindness and in grey; the front is told by
shape and outline too, the control by its dashes.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tracking.labels import label, quantity, unit_of

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Point = Mapping[str, Any]
"""An evaluation: metric -> number."""


@dataclass(frozen=True, kw_only=True)
class Look:
    """Sizes of a picture; lengths on paper and of type in points, areas of marks in square points."""

    width_in: float
    height_in: float
    dots_per_inch: int
    """For formats of dots, and for clouds of points in the others."""
    label_pt: float
    text_pt: float
    """Type of everything but the labels of axes."""
    point_pt2: float
    front_pt2: float
    edge_pt: float
    """Outline of the marks of the front."""
    line_pt: float


SCREEN = Look(
    width_in=9.0,  # 900 px at 100 dots per inch, and twice that for dense screens
    height_in=5.4,
    dots_per_inch=200,
    label_pt=12.5,
    text_pt=11,
    point_pt2=34,
    front_pt2=70,
    edge_pt=1.7,
    line_pt=1.5,
)


def paper(width_mm: float) -> Look:
    """The look of a figure of that width in print: no type below 7 points, whatever the width."""
    width_in = width_mm / 25.4
    return Look(
        width_in=width_in,
        height_in=0.72 * width_in,
        dots_per_inch=600,
        label_pt=8,
        text_pt=7,
        point_pt2=6,
        front_pt2=16,
        edge_pt=0.8,
        line_pt=0.8,
    )


_MOST_VECTORS = 2000
"""Points from which their cloud becomes dots in a vector format, which readers would be slow to draw."""
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
    look: Look = SCREEN,
) -> Path:
    """Draw all evaluations of a sweep and return the path of the picture.

    Args:
        path: the file to write, whose suffix tells the format: png, svg or pdf; its folder is created.
        points: the evaluations of all configurations; those without ``x`` or ``y`` are left out.
        front: the evaluations on the Pareto front.
        control: the evaluation of the control, drawn as a line at its ``y``; ``None`` for no line.
        x: metric along the logarithmic axis (linear if a value is not positive).
        y: metric along the other axis.
        colour: metric shown by colour.
        title: heading, if any.
        look: its sizes.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    drawn = [point for point in points if _finite(point, x, y)]
    chosen = sorted((point for point in front if _finite(point, x, y)), key=lambda point: float(point[x]))
    figure = Figure(figsize=(look.width_in, look.height_in), dpi=look.dots_per_inch, layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.add_subplot()
    _prepare(axes, x, y, title, look)
    places = [float(point[x]) for point in [*drawn, *chosen]]
    if places and min(places) > 0:
        axes.set_xscale("log")
        _name_ticks(axes, x, max(places) / min(places))
    _scatter(axes, drawn, chosen, x, y, colour, look)
    if control is not None and _finite(control, y):
        _control_line(axes, float(control[y]), look)
    if chosen:
        axes.legend(loc="lower right", frameon=True, framealpha=0.9, edgecolor="none", fontsize=look.text_pt)
    if not drawn and not chosen:
        axes.text(0.5, 0.5, f"no evaluation has {x} and {y}", ha="center", transform=axes.transAxes)
    path.parent.mkdir(parents=True, exist_ok=True)
    save(figure, path)
    return path


def save(figure: "Figure", path: Path) -> None:
    """Write a figure in the format that the suffix of its path tells; equal figures are equal files."""
    dates = {".svg": "Date", ".pdf": "CreationDate"}
    if path.suffix not in dates:
        figure.savefig(path)
        return
    from matplotlib import rc_context

    # A font that journals take, and no number drawn by chance.
    with rc_context({"pdf.fonttype": 42, "svg.hashsalt": "memsweep"}):
        figure.savefig(path, metadata={dates[path.suffix]: None})


def _prepare(axes: "Axes", x: str, y: str, title: str | None, look: Look) -> None:
    axes.set_xlabel(label(x), fontsize=look.label_pt, color=_INK)
    axes.set_ylabel(label(y), fontsize=look.label_pt, color=_INK)
    if title:
        axes.set_title(title, fontsize=1.1 * look.label_pt, loc="left", color=_CONTROL, pad=10)
    axes.tick_params(which="both", labelsize=look.text_pt, colors=_INK)
    axes.grid(True, which="major", color="#e5e7eb", linewidth=0.6 * look.line_pt)
    axes.set_axisbelow(True)
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
    for side in ("bottom", "left"):
        axes.spines[side].set_color("#9ca3af")


def _name_ticks(axes: "Axes", x: str, ratio: float) -> None:
    """Write 1 nJ and not a power of ten, whose exponent would be too small to read in print."""
    unit = unit_of(x)

    def between(value: float, _: float) -> str:
        """Less than a decade has no or one whole power: 2 and 5 help."""
        return quantity(value, unit) if ratio < 10 and f"{value:e}"[0] in "25" else ""

    axes.xaxis.set_major_formatter(lambda value, _: quantity(value, unit))
    axes.xaxis.set_minor_formatter(between)
    if unit:
        axes.set_xlabel(label(x).rpartition(" / ")[0])


def _scatter(axes: "Axes", drawn: list[Point], chosen: list[Point], x: str, y: str, colour: str, look: Look) -> None:
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

    marks = put(drawn, s=look.point_pt2, alpha=0.75, linewidths=0, zorder=2, rasterized=len(drawn) > _MOST_VECTORS)
    if chosen:
        outline = {"edgecolors": _FRONT, "linewidths": look.edge_pt}
        marks = put(chosen, s=look.front_pt2, marker="D", zorder=4, label="Pareto front", **outline)
    if coloured:
        bar = axes.figure.colorbar(marks, ax=axes, pad=0.02, aspect=28)
        bar.minorticks_off()
        ticks = _ticks(shades)
        bar.set_ticks(ticks, labels=[f"{tick:,.0f}" if tick >= 100 else f"{tick:.3g}" for tick in ticks])
        bar.set_label(label(colour), fontsize=look.label_pt, color=_INK)
        bar.ax.tick_params(labelsize=look.text_pt, colors=_INK)
        bar.outline.set_visible(False)


def _control_line(axes: "Axes", height: float, look: Look) -> None:
    axes.axhline(height, color=_CONTROL, linewidth=look.line_pt, linestyle=(0, (6, 3)), zorder=3)
    axes.margins(y=0.09)
    axes.annotate(
        f"control without kinetics: {height:.3f}",
        # At the costly end, where no front is.
        xy=(1.0, height),
        xycoords=("axes fraction", "data"),
        xytext=(-0.5 * look.text_pt, 0.45 * look.text_pt),
        textcoords="offset points",
        horizontalalignment="right",
        fontsize=look.text_pt,
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
