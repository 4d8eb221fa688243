"""How the front of a sweep grew: hypervolume, size of the front and best accuracy after each trial."""

import math
from collections.abc import Mapping, Sequence

from plotly.graph_objects import Figure, Scatter

from tracking.labels import quantity
from tracking.report.style import BLUE, dashed, make_figure, plain, with_room

_PANELS = {"hypervolume": "hypervolume", "front_size": "front size", "best_accuracy": "best accuracy"}
_GAP = 0.06


def growth_figure(
    growth: Mapping[str, Sequence[float]], *, unit: str = "", last: int | None = None, control: float | None = None
) -> Figure:
    """Draw a panel for each measure of growth over the same trials, as steps.

    Args:
        growth: ``trial``, ``hypervolume``, ``front_size``, ``best_accuracy`` after each trial where one changed.
        unit: of the hypervolume, in words.
        last: the last trial, which the steps are drawn to; ``None`` to end with the last change.
        control: accuracy of the control, a line in the panel of accuracy.
    """
    shown = [name for name in _PANELS if growth.get(name)]
    axes = [f"y{place + 1}".removesuffix("1") for place in range(len(shown))]
    trials = list(growth.get("trial", ()))
    end = [] if last is None or not trials or last <= trials[-1] else [last]
    height = (1 + _GAP) / max(len(shown), 1) - _GAP
    figure = make_figure(height=130 * max(len(shown), 1) + 80, showlegend=False, hovermode="x unified")
    for row, (name, axis) in enumerate(zip(shown, axes, strict=True)):
        values = list(growth[name])
        top = 1 - row * (height + _GAP)
        style = {"title": {"text": _PANELS[name]}, "domain": [max(top - height, 0.0), top]}
        style |= {"rangemode": "tozero", "tickformat": "d"} if name == "front_size" else {}
        figure.update_layout({axis.replace("y", "yaxis"): style})
        words = f"hypervolume ({unit})" if name == "hypervolume" and unit else _PANELS[name]
        figure.add_trace(
            Scatter(
                x=[*trials, *end],
                y=[*values, *values[-1:]] if end else values,
                line={"shape": "hv", "width": 2.2, "color": BLUE},
                mode="lines",
                yaxis=axis,
                hovertemplate=f"{plain(words)}: %{{y:.4~g}}<extra></extra>",
            )
        )
    figure.update_xaxes(title={"text": "trial"}, anchor=axes[-1] if axes else "y", rangemode="tozero")
    if control is not None and math.isfinite(control) and "best_accuracy" in shown:
        axis = axes[shown.index("best_accuracy")]
        figure.update_layout({axis.replace("y", "yaxis"): with_room([*growth["best_accuracy"], control])})
        figure.add_shape({**dashed(control, ""), "showlegend": False, "yref": axis})
        place = {"x": 1, "xref": "paper", "xanchor": "right", "y": control, "yref": axis, "yanchor": "bottom"}
        figure.add_annotation(text=f"control {quantity(control)}", showarrow=False, font={"size": 11}, **place)
    return figure
