"""Every evaluated configuration as a line across its fields and metrics."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from plotly.graph_objects import Figure, Parcoords

from tracking.labels import unit_of
from tracking.report.scale import Scale, scale_of
from tracking.report.style import axis_title, make_figure


def parallel_figure(
    points: Sequence[Mapping[str, Any]], fields: Sequence[str], metrics: Sequence[str], *, colour: str = "accuracy"
) -> Figure:
    """Draw parallel coordinates: an axis a field, then an axis a metric; drag along an axis to brush.

    Args:
        points: flat evaluations: ``trial``, fields and metrics by their names.
        fields: fields to show, those of a single value are left out.
        metrics: metrics to show.
        colour: metric or field shown by colour, too.

    The trace carries the trials of its lines, in their order, as ``customdata``; an axis its name as ``name``.
    """
    shown = [(name, scale_of([point.get(name) for point in points], unit_of(name))) for name in (*fields, *metrics)]
    shades = scale_of([point.get(colour) for point in points])
    low, high = shades.ends
    lines = Parcoords(
        customdata=np.array([point["trial"] for point in points]),
        dimensions=[_axis(name, scale) for name, scale in shown if name in metrics or len(set(scale.places)) > 1],
        line={"color": shades.places, "coloraxis": "coloraxis"},
        labelangle=-20,
        labelfont={"size": 12},
        tickfont={"size": 11},
        unselected={"line": {"opacity": 0.06}},
    )
    return make_figure(
        lines,
        height=420,
        margin={"l": 60, "r": 70, "t": 92, "b": 24},
        coloraxis={"cmin": low, "cmax": high, "showscale": False},
    )


def _axis(name: str, scale: Scale) -> dict[str, Any]:
    title = axis_title(name).removesuffix(" (validation part)")
    ticks = {"tickvals": scale.ticks, "ticktext": scale.texts}
    return {"name": name, "label": title, "values": scale.places, "range": list(scale.ends), **ticks}
