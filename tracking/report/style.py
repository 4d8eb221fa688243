"""The look that all figures of a report share: two themes, and colours that differ for every eye.

Marks have colours of Okabe and Ito's set, which are told apart with any colour vision and are seen on white and on
near-black alike; continuous values have cividis, less its end that would sink into the paper. What colour tells, a
shape, a dash or a place tells too. Ink, paper and grid come from the theme alone, so that a page can change it.
"""

from collections.abc import Sequence
from html import escape
from typing import Any

from plotly.graph_objects import Figure
from plotly.graph_objs.layout import Template

from tracking.labels import label

BLUE, VERMILLION, GREEN, ORANGE, GREY = "#0072B2", "#D55E00", "#009E73", "#E69F00", "#8b919c"
"""Evaluations and medians; what was chosen; published networks; second series; what stays in the background."""
BAND = "rgba(0, 114, 178, 0.28)"
"""A range round a line of ``BLUE``."""
HEIGHT_px = 440
"""Height of a figure that spans the page."""

_CIVIDIS = [
    "#00224e",
    "#123570",
    "#3b496c",
    "#575d6d",
    "#707173",
    "#8a8678",
    "#a59c74",
    "#c3b369",
    "#e1cc55",
    "#fee838",
]
_FONT = "system-ui, -apple-system, 'Segoe UI', 'Liberation Sans', Arial, sans-serif"


def _theme(*, ink: str, paper: str, grid: str, shades: list[str]) -> Template:
    axis = {
        "gridcolor": grid,
        "zerolinecolor": grid,
        "linecolor": GREY,
        "tickcolor": GREY,
        "showline": True,
        "ticks": "outside",
        "ticklen": 4,
        "automargin": True,
        "title": {"standoff": 8, "font": {"size": 13}},
    }
    scale = [[place / (len(shades) - 1), shade] for place, shade in enumerate(shades)]
    return Template(
        layout={
            "font": {"family": _FONT, "size": 13, "color": ink},
            "paper_bgcolor": paper,
            "plot_bgcolor": paper,
            "colorway": [BLUE, VERMILLION, GREEN, ORANGE],
            "xaxis": axis,
            "yaxis": axis,
            "coloraxis": {
                "colorscale": scale,
                "colorbar": {"outlinewidth": 0, "thickness": 12, "ticks": "outside", "title": {"font": {"size": 13}}},
            },
            "shapedefaults": {"line": {"color": ink}},
            "legend": {"orientation": "h", "x": 0, "y": 1.02, "yanchor": "bottom", "bgcolor": "rgba(0, 0, 0, 0)"},
            "hoverlabel": {"align": "left", "font": {"family": _FONT, "size": 12}},
            "margin": {"l": 56, "r": 16, "t": 16, "b": 48},
        }
    )


LIGHT = _theme(ink="#1f2937", paper="#ffffff", grid="#e5e7eb", shades=_CIVIDIS[:-1])
"""Dark ink on white."""
DARK = _theme(ink="#e5e7eb", paper="#161a21", grid="#2e3541", shades=_CIVIDIS[2:])
"""Light ink on near-black."""


def make_figure(*traces: Any, height: int = HEIGHT_px, **layout: Any) -> Figure:
    """A figure of the shared look, as wide as its place."""
    return Figure(data=list(traces), layout={"template": LIGHT, "height": height, "autosize": True, **layout})


def plain(text: str) -> str:
    """Text as a figure shows it, letter for letter: Plotly reads its labels as a kind of HTML."""
    return escape(text, quote=False).replace("\n", "<br>")


def axis_title(name: str) -> str:
    """A metric or field as the title of an axis."""
    return plain(label(name))


def with_room(values: Sequence[float]) -> dict[str, Any]:
    """What makes an axis show all of ``values``, and a little more, beside its traces."""
    low, high = min(values), max(values)
    room = 0.05 * (high - low)
    return {"autorangeoptions": {"include": [low - room, high + room]}}


def dashed(height: float, name: str, dash: str = "dash", **style: Any) -> dict[str, Any]:
    """A line across the figure at ``height``, explained in the legend."""
    line = {"dash": dash, "width": 1.6, **style}
    place = {"xref": "paper", "x0": 0, "x1": 1, "y0": height, "y1": height}
    return {"type": "line", **place, "line": line, "name": name, "showlegend": True}
