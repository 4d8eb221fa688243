"""The picture of a sweep: size, and that what should be in it is."""

import math
import struct
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tracking import draw_front


def evaluations(count: int = 60) -> list[dict[str, Any]]:
    rng = np.random.default_rng(0)
    energies = 10 ** rng.uniform(-13, -8, count)
    return [
        {"energy_J": energy, "accuracy": 0.99 + 0.02 * math.log10(energy) / 13, "parameters": parameters}
        for energy, parameters in zip(energies, rng.choice([610, 1210, 2410], count), strict=True)
    ]


def pixels(path: Path) -> Any:
    from matplotlib.image import imread

    return imread(path)[..., :3]


def share_near(image: Any, colour: str) -> float:
    from matplotlib.colors import to_rgb

    return float((np.abs(image - np.array(to_rgb(colour))).max(axis=-1) < 0.02).mean())


def test_is_a_png_of_twice_900_pixels(tmp_path: Path) -> None:
    points = evaluations()
    path = draw_front(tmp_path / "folder" / "front.png", points, points[:5], {"accuracy": 0.975})
    header = path.read_bytes()[:24]
    assert header.startswith(b"\x89PNG\r\n\x1a\n")
    assert struct.unpack(">II", header[16:24]) == (1800, 1080)


def test_front_control_and_points_are_all_drawn(tmp_path: Path) -> None:
    points = evaluations()
    control = {"accuracy": 0.975}
    full = pixels(draw_front(tmp_path / "full.png", points, points[:5], control))
    no_front = pixels(draw_front(tmp_path / "no_front.png", points, [], control))
    no_control = pixels(draw_front(tmp_path / "no_control.png", points, points[:5], None))
    nothing = pixels(draw_front(tmp_path / "nothing.png", [], [], None))
    orange, ink = "#c2410c", "#111827"
    assert share_near(full, orange) > 5e-4
    assert share_near(no_front, orange) == 0
    assert share_near(full, ink) > 5 * share_near(no_control, ink)
    assert (full < 0.98).any(axis=-1).mean() > 1.5 * (nothing < 0.98).any(axis=-1).mean()


@pytest.mark.parametrize(
    "points",
    [
        [],
        [{"accuracy": 0.5}],
        [{"accuracy": 0.5, "energy_J": 0.0}],
        [{"accuracy": 0.5, "energy_J": 1e-9}],
        [{"accuracy": None, "energy_J": 1e-9, "parameters": 3}],
        [{"accuracy": math.nan, "energy_J": 1e-9}, {"accuracy": 0.5, "energy_J": math.inf}],
        [{"accuracy": 0.5, "energy_J": 1e-9, "parameters": None}, *evaluations(3)],
    ],
)
def test_missing_and_odd_values_are_no_error(tmp_path: Path, points: list[dict[str, Any]]) -> None:
    assert draw_front(tmp_path / "front.png", points, points, {"accuracy": None}).is_file()


def test_other_metrics_and_many_shades(tmp_path: Path) -> None:
    points = [{"latency_s": 1e-6 * n, "macs": 100.0 * n, "peak_V": -n} for n in range(1, 40)]
    path = draw_front(tmp_path / "f.png", points, points[:1], None, x="peak_V", y="macs", colour="latency_s")
    assert share_near(pixels(path), "#c2410c") > 0
