"""The pictures of a study: what must be in them is, and odd curves are no error."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from matplotlib.colors import to_rgb
from matplotlib.image import imread

from tracking.robustness_figures import draw_accuracy, draw_sobol, draw_yield

LINE, CONTROL, NOMINAL, FIRST = "#1d4e89", "#111827", "#c2410c", "#9ca3af"


def curve(values: list[Any], chips: int = 20, spread: float = 0.1) -> list[dict[str, Any]]:
    rng = np.random.default_rng(0)
    points = []
    for value in values:
        accuracy = np.clip(rng.normal(0.7, spread, chips), 0, 1)
        q25, median, q75 = np.quantile(accuracy, [0.25, 0.5, 0.75])
        points.append(
            {
                "value": value,
                "accuracy": accuracy.tolist(),
                "median": median,
                "q25": q25,
                "q75": q75,
                "yield": 0.5,
                "yield_interval": [0.3, 0.7] if chips > 1 else None,
            }
        )
    return points


def index(first: float, total: float) -> dict[str, Any]:
    return {
        "first": first,
        "first_interval": [first - 0.1, first + 0.1],
        "total": total,
        "total_interval": [total + 0.01, total + 0.2],  # a percentile interval need not hold the estimate
    }


def share_near(path: Path, colour: str) -> float:
    image = imread(path)[..., :3]
    return float((np.abs(image - np.array(to_rgb(colour))).max(axis=-1) < 0.02).mean())


CURVES = {
    "device.d2d": curve([0.3, 0.0, 0.1]),
    "crossbar.retention_s": curve([0.0, 1.0, 1e4, 1e8]),
    "device.temperature_shift_K": curve([-40.0, 0.0, 40.0]),
    "pulse.adc_bits": curve([0, 2, 8]),
    "crossbar.programming": curve(["none", "milo2021"]),
    "device.stuck_high + device.stuck_low": curve([0.05], chips=1),
}


def test_line_chips_control_and_nominal_are_drawn(tmp_path: Path) -> None:
    path = draw_accuracy(tmp_path / "new" / "a.png", CURVES, control=0.9, nominal=0.8, part="test")
    for colour in (LINE, CONTROL, NOMINAL):
        assert share_near(path, colour) > 2e-4
    quiet = {
        name: [{**point, "accuracy": point["accuracy"][:1]} for point in points] for name, points in CURVES.items()
    }
    fewer = draw_accuracy(tmp_path / "b.png", quiet, control=0.9, nominal=0.8, part="test")
    one_chip = "#d1d5dc"  # as it comes out on white
    assert share_near(path, one_chip) > 1.5 * share_near(fewer, one_chip)


def test_yield_has_its_band(tmp_path: Path) -> None:
    path = draw_yield(tmp_path / "y.png", CURVES, target=0.9, part="validation")
    assert share_near(path, LINE) > 2e-4


@pytest.mark.parametrize("values", [[0.0], [5.0], [1e-9, 1.0], [0, 0.0001, 1000.0], [-1.0, 1000.0], [3, 4], [1.0, 1.0]])
def test_odd_values_are_no_error(tmp_path: Path, values: list[float]) -> None:
    curves = {"crossbar.line_resistance_ohm": curve(values)}
    assert draw_accuracy(tmp_path / "a.png", curves, control=0.5, nominal=0.5, part="validation").is_file()


def test_bars_of_both_orders_are_drawn(tmp_path: Path) -> None:
    parameters = {"device.d2d": index(0.4, 0.6), "device.c2c": index(-0.02, 0.0)}
    path = draw_sobol(tmp_path / "s.png", parameters, words="fix first: device.d2d " * 8)
    assert share_near(path, LINE) > 0.02
    assert share_near(path, FIRST) > 0.01
