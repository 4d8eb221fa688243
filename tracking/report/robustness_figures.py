"""The figures of a study of robustness: accuracy and yield against a field, sensitivities, corners.

A figure a field, all of one height scale where they stand together (``y_range``).
"""

from collections.abc import Mapping, Sequence
from typing import Any

from plotly.graph_objects import Bar, Figure, Scatter

from tracking.labels import unit_of
from tracking.report.scale import Scale, scale_of
from tracking.report.style import BAND, BLUE, GREY, ORANGE, VERMILLION, axis_title, dashed, make_figure, plain

Curve = Sequence[Mapping[str, Any]]
"""Points with ``value``, ``accuracy`` [chip], ``median``, ``q25``, ``q75``, ``yield`` and ``yield_interval``."""

_HEIGHT_px = 290


def curve_figure(
    name: str, curve: Curve, *, control: float, nominal: float, y_range: tuple[float, float] | None = None
) -> Figure:
    """Draw accuracy against a field: median in the band of the quartiles, and every chip.

    Args:
        name: the field.
        curve: its points.
        control: accuracy of the control, the dashed line.
        nominal: accuracy of the nominal device, the dotted line.
        y_range: ends of the axis of accuracy; ``None`` for those of the values.
    """
    scale, points = _along(name, curve)
    gaps = [b - a for a, b in zip(sorted(scale.places), sorted(scale.places)[1:], strict=False) if b > a]
    width = 0.3 * float(min(gaps)) if gaps else 0.3
    places, values = [], []
    for place, point in zip(scale.places, points, strict=True):
        chips = point["accuracy"]
        # Side by side in the order of the chips, so that a chip has its place in every column.
        places += [float(place) + width * (number / max(len(chips) - 1, 1) - 0.5) for number in range(len(chips))]
        values += chips
    dots = Scatter(
        x=places, y=values, mode="markers", marker={"size": 3.5, "color": GREY, "opacity": 0.5}, hoverinfo="skip"
    )
    ends = [(point["q25"], point["q75"]) for point in points]
    figure = _banded(name, scale, [point["median"] for point in points], ends, "median %{y:.3f}")
    figure.add_trace(dots)
    figure.update_yaxes(title={"text": "accuracy"}, range=y_range)
    figure.add_shape(dashed(nominal, "nominal device", "dot", color=VERMILLION))
    figure.add_shape(dashed(control, "control"))
    return figure


def yield_figure(name: str, curve: Curve) -> Figure:
    """Draw the share of the chips that are good enough against a field, in its exact binomial interval."""
    scale, points = _along(name, curve)
    ends = [point["yield_interval"] or (point["yield"], point["yield"]) for point in points]
    figure = _banded(name, scale, [point["yield"] for point in points], ends, "yield %{y:.1%}")
    figure.update_yaxes(title={"text": "yield"}, range=[-0.04, 1.04], tickformat=".0%")
    return figure


def sobol_figure(parameters: Mapping[str, Mapping[str, Any]]) -> Figure:
    """Draw first and total order index of each parameter with their intervals, the largest total index on top."""
    names = sorted(parameters, key=lambda name: float(parameters[name]["total"]))
    bars = []
    for kind, words, colour, hatch in (
        ("first", "first order: alone", ORANGE, "/"),
        ("total", "total order: with all interactions", BLUE, ""),
    ):
        values = [float(parameters[name][kind]) for name in names]
        ends = [parameters[name][f"{kind}_interval"] for name in names]
        bars.append(
            Bar(
                y=[axis_title(name) for name in names],
                x=values,
                orientation="h",
                name=words,
                marker={"color": colour, "pattern": {"shape": hatch, "size": 5, "solidity": 0.35}},
                error_x={
                    "type": "data",
                    # A percentile interval need not hold the estimate.
                    "array": [max(end[1] - value, 0.0) for value, end in zip(values, ends, strict=True)],
                    "arrayminus": [max(value - end[0], 0.0) for value, end in zip(values, ends, strict=True)],
                    "thickness": 1.4,
                    "color": GREY,
                },
                hovertemplate="%{y}: %{x:.3f}<extra></extra>",
            )
        )
    return make_figure(
        *bars,
        height=110 + 50 * max(len(names), 1),
        barmode="group",
        xaxis={"title": {"text": "share of the variance of accuracy"}},
        legend={"traceorder": "reversed"},
    )


def corners_figure(corners: Sequence[Mapping[str, Any]], *, nominal: float) -> Figure:
    """Draw the accuracy in each corner, the worst on top; the nominal device as a line."""
    ordered = sorted(corners, key=lambda corner: -float(corner["accuracy"]))
    names = [
        ", ".join(
            [*(f"{name} {side}" for name, side in corner["coefficients"].items()), f"{corner['temperature_K']:g} K"]
        )
        for corner in ordered
    ]
    dots = Scatter(
        x=[float(corner["accuracy"]) for corner in ordered],
        y=[plain(name) for name in names],
        mode="markers",
        marker={"symbol": "diamond", "size": 10, "color": BLUE},
        hovertemplate="%{y}: %{x:.3f}<extra></extra>",
        showlegend=False,
    )
    figure = make_figure(
        dots, height=110 + 26 * max(len(names), 2), xaxis={"title": {"text": "accuracy in the corner"}}
    )
    upright = {"xref": "x", "yref": "paper", "x0": nominal, "x1": nominal, "y0": 0, "y1": 1}
    figure.add_shape({**dashed(0, f"nominal device: {nominal:.3f}", "dot", color=VERMILLION), **upright})
    return figure


def _banded(name: str, scale: Scale, middle: list[float], ends: Sequence[Sequence[float]], hover: str) -> Figure:
    """A line in a band; where values have no order, a mark on a bar for each."""
    marks = Scatter(
        x=scale.places,
        y=middle,
        mode="lines+markers" if scale.ordered else "markers",
        line={"color": BLUE, "width": 2.2},
        marker={"size": 7, "color": BLUE},
        hovertemplate=hover + "<extra></extra>",
    )
    low, high = [end[0] for end in ends], [end[1] for end in ends]
    figure = make_figure(height=_HEIGHT_px, showlegend=False)
    if scale.ordered:
        edge = {"mode": "lines", "line": {"width": 0}, "hoverinfo": "skip"}
        figure.add_trace(Scatter(x=scale.places, y=low, **edge))
        figure.add_trace(Scatter(x=scale.places, y=high, fill="tonexty", fillcolor=BAND, **edge))
    else:
        marks.error_y = {
            "type": "data",
            "array": [end - value for end, value in zip(high, middle, strict=True)],
            "arrayminus": [value - end for end, value in zip(low, middle, strict=True)],
            "thickness": 6,
            "width": 0,
            "color": BAND,
        }
    figure.add_trace(marks)
    left, right = scale.ends
    margin = 0.08 * (right - left) if scale.ordered else 0.5
    ticks = {
        "tickvals": scale.ticks,
        "ticktext": scale.texts,
        "range": [left - margin, right + margin],
        "tickfont": {"size": 11},
    }
    figure.update_xaxes(title={"text": axis_title(name)}, **ticks)
    return figure


def _along(name: str, curve: Curve) -> tuple[Scale, list[Mapping[str, Any]]]:
    """The places of a curve's points, and the points in the order of their places."""
    # Bits count converters of which 0 stands for an ideal one.
    words = name.endswith("bits") and any(point["value"] == 0 for point in curve)
    values = ["none" if words and point["value"] == 0 else point["value"] for point in curve]
    scale = scale_of(values, unit_of(name))
    order = scale.places.argsort(kind="stable")
    return Scale(scale.places[order], scale.ticks, scale.texts, scale.ordered), [curve[place] for place in order]
