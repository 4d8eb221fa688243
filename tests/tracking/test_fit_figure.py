"""The picture of a fit: size, and that what should be in it is."""

import struct
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tracking.fit_figure import draw_fit


def draw(path: Path, **changes: Any) -> Path:
    at = np.linspace(0, 2e-3, 100)
    curve = 1e-4 * np.exp(-at / 5e-4)
    values: dict[str, Any] = {
        "at": at.tolist(),
        "response": (curve + 3e-6 * np.sin(40 * at / 1e-3)).tolist(),
        "law": curve.tolist(),
        "rivals": {"one": (curve * 0.8).tolist(), "two": (curve * 0.6).tolist()},
        "label": "law",
        "title": "trace.csv",
    }
    return draw_fit(path, **(values | changes))


def share_near(path: Path, colour: str) -> float:
    from matplotlib.colors import to_rgb
    from matplotlib.image import imread

    return float((np.abs(imread(path)[..., :3] - np.array(to_rgb(colour))).max(axis=-1) < 0.02).mean())


def test_measurement_law_and_rivals_are_all_drawn(tmp_path: Path) -> None:
    path = draw(tmp_path / "folder" / "fit.png")
    assert struct.unpack(">II", path.read_bytes()[16:24]) == (1800, 1240)
    law, one, two = "#c2410c", "#1d4ed8", "#0f766e"
    assert share_near(path, law) > 2e-3
    assert share_near(path, one) > 2e-4
    assert share_near(path, two) > 2e-4
    alone = draw(tmp_path / "alone.png", rivals={})
    assert share_near(alone, one) == share_near(alone, two) == 0
    assert share_near(alone, law) > 2e-3


@pytest.mark.parametrize(
    "changes",
    [
        {"at_unit": "", "unit": ""},
        {"unit": "A", "response": [0.0] * 100, "law": [0.0] * 100},
        {"response": [-1e-20] * 100, "law": [1e9] * 100},
        {"at": [1.0] * 100},
    ],
)
def test_odd_values_are_no_error(tmp_path: Path, changes: dict[str, Any]) -> None:
    assert draw(tmp_path / "fit.png", **changes).is_file()
