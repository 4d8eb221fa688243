"""One objective against another: every evaluation, the front, the control and the published networks."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from plotly.graph_objects import Figure, Scatter

from tracking.labels import is_share, unit_of, words, written
from tracking.report.content import PaperPoint
from tracking.report.scale import Scale, scale_of
from tracking.report.style import GREEN, GREY, VERMILLION, axis_title, dashed, make_figure, plain, with_room

Point = Mapping[str, Any]
"""Flat: ``trial``, fields and metrics by their names; what is missing is None, NaN or not there."""

_OUTLINE = {"color": VERMILLION, "width": 1.8}
_DOTS_MOST = 1500
"""Dots up to which all are drawn."""
_CELLS = (120, 70)
"""Cells across and up the figure, about a dot large, of which each shows one dot if there are more."""
_MARGIN_px = {"l": 72, "r": 130, "t": 52, "b": 56}
"""Room for the axes, the legend and the colours: Plotly draws a figure twice where it has to make room."""


def front_figure(
    points: Sequence[Point],
    front: Sequence[Point],
    control: Point | None,
    *,
    x: str = "energy_J",
    y: str = "accuracy",
    colour: str = "parameters",
    paper: Sequence[PaperPoint] = (),
    hover: Sequence[str] = (),
) -> Figure:
    """Draw all evaluations of a sweep; the front by its shape, outline and line, the control by its dashes.

    Args:
        points: the evaluations; those without ``x`` or ``y`` are left out, those of the front may be among them.
        front: the evaluations on the Pareto front.
        control: metrics of the control, a line at its ``y`` and, if it has ``x``, a mark; ``None`` for neither.
        x: metric along the axis, logarithmic if all its values are positive.
        y: metric along the other axis.
        colour: metric or field shown by colour.
        paper: published networks; drawn where ``y`` is an accuracy and they have ``x``.
        hover: names of what is told of a point that is pointed at, beside ``x`` and ``y``.

    Of very many evaluations off the front, those that would lie on another are left out, and the legend says so. The
    traces of evaluations carry their trials as ``customdata``.
    """
    chosen = sorted((point for point in front if _drawable(point, x, y)), key=lambda point: float(point[x]))
    kept = {point["trial"] for point in chosen}
    others = [point for point in points if _drawable(point, x, y) and point["trial"] not in kept]
    found = len(others)
    others = _uncovered(others, x, y) if found > _DOTS_MOST else others
    shades = scale_of([point.get(colour) for point in [*others, *chosen]], unit_of(colour))

    def marks(group: Sequence[Point], places: NDArray[np.float64], name: str, **marker: Any) -> Any:
        return Scatter(
            x=np.array([float(point[x]) for point in group]),
            y=np.array([float(point[y]) for point in group]),
            customdata=np.array([point["trial"] for point in group]),
            text=[_told(point, (x, y, colour, *hover)) for point in group] if hover else None,
            hovertemplate="%{text}<extra></extra>" if hover else f"trial %{{customdata}}<extra>{plain(name)}</extra>",
            mode="markers",
            name=name,
            showlegend=False,
            marker={"color": places, "coloraxis": "coloraxis", **marker},
        )

    middle = len(others)
    dot, diamond = {"size": 6, "opacity": 0.6}, {"size": 11, "symbol": "diamond", "line": _OUTLINE}
    traces = []
    if others:
        entry = f"{len(others):,} of {found:,} evaluated, one a place" if len(others) < found else "evaluated"
        traces += [marks(others, shades.places[:middle], "evaluated", **dot), _legend_entry(entry, dot)]
    if chosen:
        traces += [marks(chosen, shades.places[middle:], "front", **diamond), _legend_entry("Pareto front", diamond)]
    traces += _control_mark(control, x, y) + _paper_marks(paper, x, y)
    figure = make_figure(
        *traces,
        xaxis=_axis(x, [float(point[x]) for point in [*others, *chosen]]),
        yaxis=_axis(y, [float(point[y]) for point in [*others, *chosen]]),
        coloraxis=_colour_axis(shades, colour),
        hovermode="closest",
        margin=_MARGIN_px,
    )
    if control is not None and _drawable(control, y):
        height = float(control[y])
        figure.add_shape(dashed(height, f"control without kinetics: {written(y, height)}"))
        if figure.layout.yaxis.type == "linear":
            figure.update_yaxes(with_room([height, *(float(point[y]) for point in [*others, *chosen])]))
    if not traces:
        words = f"no evaluation has {x} and {y}"
        figure.add_annotation(text=plain(words), x=0.5, y=0.5, xref="paper", yref="paper", showarrow=False)
    return figure


def _uncovered(points: Sequence[Point], x: str, y: str) -> list[Point]:
    """The first evaluation of every cell of a grid over the figure."""
    cells = []
    for name, count in zip((x, y), _CELLS, strict=True):
        values = np.array([float(point[name]) for point in points])
        places = np.log(values) if _axis(name, values.tolist())["type"] == "log" else values
        span = float(places.max() - places.min()) or 1.0
        cells.append(np.floor((places - places.min()) / span * (count - 1)).astype(int))
    _, first = np.unique(np.stack(cells), axis=1, return_index=True)
    return [points[place] for place in np.sort(first)]


def _legend_entry(name: str, marker: dict[str, Any]) -> Any:
    """What stands in the legend for marks whose colour tells something."""
    return Scatter(x=[None], y=[None], mode="markers", name=name, marker={"color": GREY, **marker})


def _axis(name: str, values: Sequence[float]) -> dict[str, Any]:
    """An axis of a metric: logarithmic for what is positive, shares apart."""
    axis: dict[str, Any] = {"title": {"text": axis_title(name)}, "type": "linear"}
    if is_share(name) or not values:
        return axis
    if min(values) > 0:
        # Less than three decades: ticks at 1, 2 and 5; more: at powers of ten.
        axis |= {"type": "log", "dtick": "D2" if max(values) < 1e3 * min(values) else 1}
    # A number with its prefix, such as 10 p, takes less room than powers of ten.
    return axis | {"tickformat": "~s"}


def _colour_axis(shades: Scale, colour: str) -> dict[str, Any]:
    low, high = shades.ends
    bar = {"title": {"text": axis_title(colour), "side": "right"}, "tickvals": shades.ticks, "ticktext": shades.texts}
    return {"cmin": low, "cmax": high, "colorbar": bar}


def _control_mark(control: Point | None, x: str, y: str) -> list[Any]:
    if control is None or not _drawable(control, x, y):
        return []
    return [
        Scatter(
            x=[float(control[x])],
            y=[float(control[y])],
            mode="markers",
            marker={"symbol": "x-thin", "size": 12, "line": {"width": 3, "color": GREY}},
            name="control, at its parameters" if x == "parameters" else "control",
            hovertemplate="control without kinetics<br>%{x}, %{y:.3f}<extra></extra>",
        )
    ]


def _paper_marks(paper: Sequence[PaperPoint], x: str, y: str) -> list[Any]:
    """Stars for the paper's own networks, triangles for the conventional ones beside them."""
    if y not in ("accuracy", "test_accuracy") or x not in ("parameters", "macs"):
        return []
    traces = []
    for reference, name, symbol in (
        (False, "published, kinetics", "star"),
        (True, "published, conventional", "triangle-up"),
    ):
        group = [point for point in paper if point.is_reference == reference and getattr(point, x) is not None]
        if group:
            traces.append(
                Scatter(
                    x=[float(getattr(point, x)) for point in group],
                    y=[point.accuracy for point in group],
                    mode="markers+text",
                    text=[plain(point.label) for point in group],
                    textposition="bottom center",
                    textfont={"size": 11},
                    cliponaxis=False,
                    marker={"symbol": symbol, "size": 12, "color": GREEN},
                    name=name,
                    hovertemplate="%{text}, as published<br>%{x:,}, %{y:.3f}<extra></extra>",
                )
            )
    return traces


def _told(point: Point, names: Sequence[str]) -> str:
    lines = [f"{words(name)}: {written(name, point.get(name))}" for name in dict.fromkeys(names)]
    return plain("\n".join([f"trial {point['trial']}", *lines]))


def _drawable(point: Point, *names: str) -> bool:
    values = [point.get(name) for name in names]
    return all(value is not None and math.isfinite(float(value)) for value in values)
