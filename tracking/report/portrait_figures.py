"""One configuration, looked at closely: drive and response, energy by component, confusions, spread over the chips."""

from collections.abc import Mapping, Sequence

import numpy as np
from plotly.graph_objects import Bar, Box, Figure, Heatmap, Scatter

from tracking.labels import quantity
from tracking.report.content import Example
from tracking.report.style import BLUE, GREY, VERMILLION, dashed, make_figure, plain

_NAME_MOST = 14
"""Letters of a class along an axis; all of its name is told on hover."""
_COUNTS_MOST = 15
"""Classes up to which the table of confusions has its counts written in it."""


def drive_figure(example: Example) -> Figure:
    """Draw the pulses that one device sees of a case, and below them its state over the same time.

    The nominal device is a thick line with a mark at every reading, devices of real chips are thin ones.
    """
    starts, widths = np.array(example.time_s[: len(example.pulse_V)]), np.array(example.pulse_width_s)
    heights, flat = np.array(example.pulse_V), np.zeros(len(example.pulse_V))
    # A pulse is four corners; what lies between two of them is the rest at 0 V.
    pulses = Scatter(
        x=np.stack([starts, starts, starts + widths, starts + widths], axis=1).ravel(),
        y=np.stack([flat, heights, heights, flat], axis=1).ravel(),
        mode="lines",
        line={"width": 1.3, "color": BLUE},
        fill="tozeroy",
        name="pulses",
        hovertemplate="%{y:.3g} V at %{x}s<extra></extra>",
    )
    chips = [
        Scatter(
            x=list(example.time_s),
            y=list(states),
            mode="lines",
            line={"width": 1, "color": GREY},
            opacity=0.7,
            name="devices of real chips",
            showlegend=number == 0,
            yaxis="y2",
            hoverinfo="skip",
        )
        for number, states in enumerate(example.states)
    ]
    nominal = Scatter(
        x=list(example.time_s),
        y=list(example.state),
        mode="lines",
        line={"width": 2.4, "color": VERMILLION},
        name="nominal device",
        yaxis="y2",
        hovertemplate="state %{y:.4g} at %{x}s<extra></extra>",
    )
    readings = Scatter(
        x=[example.time_s[step] for step in example.read_steps],
        y=[example.state[step] for step in example.read_steps],
        mode="markers",
        marker={"symbol": "circle-open", "size": 7, "color": VERMILLION, "line": {"width": 1.5}},
        name="read",
        yaxis="y2",
        hoverinfo="skip",
    )
    return make_figure(
        pulses,
        *chips,
        nominal,
        readings,
        height=400,
        xaxis={"title": {"text": "time / s"}, "tickformat": "~s", "anchor": "y2"},
        yaxis={"title": {"text": "pulse / V"}, "domain": [0.58, 1], "rangemode": "tozero"},
        yaxis2={"title": {"text": "state"}, "domain": [0, 0.5], "anchor": "x"},
    )


def energy_figure(energy_J: Mapping[str, float]) -> Figure:
    """Draw the energy of an inference by component, largest on top, with its share of the whole."""
    names = [name for name in energy_J if energy_J[name] > 0][::-1]
    values = [float(energy_J[name]) for name in names]
    whole = sum(values)
    bars = Bar(
        y=[plain(name.replace("_", " ")) for name in names],
        x=values,
        orientation="h",
        marker={"color": BLUE},
        text=[f" {quantity(value, 'J')}, {value / whole:.1%} " for value in values],
        textposition="auto",
        hoverinfo="skip",
    )
    return make_figure(
        bars,
        height=86 + 34 * max(len(names), 2),
        xaxis={"title": {"text": "energy per inference / J"}, "tickformat": "~s", "nticks": 6},
        yaxis={"showgrid": False},
        showlegend=False,
    )


def confusion_figure(classes: Sequence[str], confusion: Sequence[Sequence[int]]) -> Figure:
    """Draw the cases [true class, predicted class] with their counts, and beside them the recall of every class."""
    counts = np.array(confusion, float)
    totals = counts.sum(axis=1, keepdims=True)
    shares = np.divide(counts, totals, out=np.zeros_like(counts), where=totals > 0)
    few = len(classes) <= _COUNTS_MOST
    names = [plain(name if len(name) <= _NAME_MOST else f"{name[: _NAME_MOST - 1]}…") for name in classes]
    # Places, not names, along the axes: two classes may be called the same.
    places = list(range(len(names)))
    cells = Heatmap(
        z=shares,
        x=places,
        y=places,
        text=counts.astype(int).tolist(),
        texttemplate="%{text}" if few else None,
        textfont={"size": 11},
        customdata=[[f"true {plain(true)}, taken for {plain(taken)}" for taken in classes] for true in classes],
        hovertemplate="%{customdata}: %{text} (%{z:.1%})<extra></extra>",
        coloraxis="coloraxis",
        xgap=1,
        ygap=1,
    )
    recall = Bar(
        x=np.diag(shares),
        y=places,
        orientation="h",
        xaxis="x2",
        marker={"color": BLUE},
        text=[f"{share:.2f}" for share in np.diag(shares)] if few else None,
        textposition="inside",
        insidetextanchor="end",
        customdata=[plain(name) for name in classes],
        hovertemplate="recall of %{customdata}: %{x:.1%}<extra></extra>",
        showlegend=False,
    )
    # Every class has its tick if there is room for it.
    step = max(1, -(-len(places) // 40))
    ticks = {"tickvals": places[::step], "ticktext": names[::step], "showgrid": False, "ticks": "", "showline": False}
    return make_figure(
        cells,
        recall,
        height=150 + max(260, min(24 * len(names), 700)),
        xaxis={"title": {"text": "taken for"}, "domain": [0, 0.78], **ticks},
        yaxis={"title": {"text": "true class"}, "autorange": "reversed", **ticks},
        xaxis2={"title": {"text": "recall"}, "domain": [0.82, 1], "range": [0, 1], "tickvals": [0, 1], "anchor": "y"},
        coloraxis={"cmin": 0, "cmax": 1, "showscale": False},
    )


def chips_figure(accuracy: Sequence[float], *, part: str, control: float | None = None) -> Figure:
    """Draw the accuracy of every scored chip beside the box of their quartiles; the control as a line."""
    box = Box(
        x=list(accuracy),
        y0=0,
        name="chips",
        orientation="h",
        boxpoints="all",
        jitter=0.7,
        pointpos=-1.7,
        marker={"size": 6, "color": BLUE, "opacity": 0.65},
        line={"width": 1.8},
        fillcolor="rgba(0, 114, 178, 0.22)",
        hoveron="points",
        hovertemplate="%{x:.4f}<extra></extra>",
    )
    low = float(np.quantile(accuracy, 0.05))
    lines = [(low, f"5 % quantile: {low:.3f}", "dot", {"color": VERMILLION})]
    if control is not None:
        lines.append((control, f"control without kinetics: {control:.3f}", "dash", {}))
    upright = {"yref": "paper", "y0": 0, "y1": 1, "xref": "x"}
    figure = make_figure(
        box,
        height=250,
        xaxis={"title": {"text": f"accuracy of a chip ({plain(part)} part)"}},
        yaxis={"visible": False},
    )
    figure.update_traces(showlegend=False)
    for place, words, dash, style in lines:
        figure.add_shape({**dashed(0, words, dash, **style), **upright, "x0": place, "x1": place})
    return figure
