"""Which fields decide about which objective, alone and in pairs."""

from collections.abc import Sequence

from plotly.graph_objects import Bar, Figure

from tracking.report.content import Importance
from tracking.report.style import BLUE, ORANGE, VERMILLION, axis_title, make_figure

_STYLES = ((BLUE, ""), (ORANGE, "/"), (VERMILLION, "x"), ("#56B4E9", "."))
"""Colour and hatching of the objectives."""
_PAIRS_MOST = 10
"""Pairs that are drawn."""


def importance_figure(importance: Sequence[Importance]) -> Figure:
    """Draw a group of bars a field, a bar an objective; the field that decides most, over all, on top."""
    totals: dict[str, float] = {}
    for each in importance:
        for name, share in each.fields.items():
            totals[name] = totals.get(name, 0.0) + share
    names = sorted(totals, key=lambda name: -totals[name])
    bars = []
    for number, each in enumerate(importance):
        colour, hatch = _STYLES[number % len(_STYLES)]
        shares = [each.fields.get(name, 0.0) for name in names]
        title = axis_title(each.objective)
        bars.append(
            Bar(
                y=[axis_title(name) for name in names],
                x=shares,
                orientation="h",
                name=title,
                marker={"color": colour, "pattern": {"shape": hatch, "size": 5, "solidity": 0.35}},
                hovertemplate=f"%{{y}}: %{{x:.1%}}<extra>{title}</extra>",
            )
        )
    return make_figure(
        *bars,
        height=90 + (14 * max(len(bars), 1) + 12) * max(len(names), 1),
        barmode="group",
        bargap=0.25,
        xaxis={"title": {"text": "share of the importance"}, "tickformat": ".0%", "rangemode": "tozero"},
        yaxis={"autorange": "reversed"},
    )


def interactions_figure(importance: Importance) -> Figure:
    """Draw what two fields tell together beyond what each tells alone: a bar a pair, the largest on top."""
    pairs = importance.pairs[:_PAIRS_MOST]
    bars = Bar(
        y=[f"{axis_title(first)}<br>with {axis_title(second)}" for first, second, _ in pairs],
        x=[value for _, _, value in pairs],
        width=0.55,
        orientation="h",
        marker={"color": BLUE},
        hovertemplate="%{y}: %{x:.3f}<extra></extra>",
    )
    return make_figure(
        bars,
        height=86 + 44 * max(len(pairs), 2),
        xaxis={"title": {"text": "told together"}, "rangemode": "tozero"},
        yaxis={"autorange": "reversed"},
        showlegend=False,
    )
