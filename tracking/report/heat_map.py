"""Small pictures of samples and feature maps."""

import base64
import io
from collections.abc import Sequence

import numpy as np


def picture(values: Sequence[Sequence[float]], low: float, high: float) -> str:
    """A map [row, column] as a PNG of one pixel a value, in a ``data:`` address; cividis from ``low`` to ``high``."""
    from matplotlib.image import imsave

    file = io.BytesIO()
    top = high if high > low else low + 1.0
    imsave(file, np.atleast_2d(np.array(values, float)), vmin=low, vmax=top, cmap="cividis", format="png")
    return "data:image/png;base64," + base64.b64encode(file.getvalue()).decode("ascii")


def ends(maps: Sequence[Sequence[Sequence[float]]]) -> tuple[float, float]:
    """The smallest and the largest value of some maps."""
    values = [np.array(each, float) for each in maps]
    return min(float(each.min()) for each in values), max(float(each.max()) for each in values)
