"""The picture of a sweep: size, and that what should be in it is."""

import math
import re
import struct
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tracking import draw_front
from tracking.figures import paper


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


def test_a_figure_for_a_paper_has_its_width_and_no_small_type(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from matplotlib.figure import Figure
    from matplotlib.text import Text

    saved: list[Figure] = []
    savefig = Figure.savefig

    def keep(figure: Figure, *arguments: Any, **named: Any) -> None:
        saved.append(figure)
        savefig(figure, *arguments, **named)

    monkeypatch.setattr(Figure, "savefig", keep)
    points = evaluations()
    path = draw_front(tmp_path / "f.pdf", points, points[:5], {"accuracy": 0.975}, look=paper(85))
    content = path.read_bytes()
    box = re.findall(rb"/MediaBox \[ ?([\d. ]+)", content)[0].split()
    assert float(box[2]) == pytest.approx(85 / 25.4 * 72, abs=0.1)
    assert b"/FontFile2" in content  # embedded, as TrueType
    assert b"/Type3" not in content
    assert content.count(b"/Subtype /Image") == 1  # the colour bar; all else is lines
    texts = [text for text in saved[0].findobj(Text) if isinstance(text, Text) and text.get_text()]
    assert len(texts) > 8
    assert min(text.get_fontsize() for text in texts) >= 7
    assert not any("mathdefault" in text.get_text() or "^" in text.get_text() for text in texts)
    assert {text.get_text() for text in texts} >= {"energy per inference", "1 pJ", "control without kinetics: 0.975"}


@pytest.mark.parametrize("suffix", ["pdf", "svg"])
def test_equal_figures_are_equal_files_and_a_cloud_is_drawn_as_dots(suffix: str, tmp_path: Path) -> None:
    few, many = evaluations(60), evaluations(4_000)
    paths = [draw_front(tmp_path / f"{name}.{suffix}", few, few[:5], None, look=paper(85)) for name in "ab"]
    assert paths[0].read_bytes() == paths[1].read_bytes()
    cloud = draw_front(tmp_path / f"cloud.{suffix}", many, few[:5], None, look=paper(85))
    assert cloud.stat().st_size < 400_000


@pytest.mark.parametrize(("energies", "named"), [((2e-9, 7e-9), {"2 nJ", "5 nJ"}), ((9e-10, 2e-6), {"1 nJ", "1 µJ"})])
def test_ticks_are_quantities(
    energies: tuple[float, float], named: set[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from matplotlib.figure import Figure

    shown: set[str] = set()

    def look(figure: Figure, *_: Any, **__: Any) -> None:
        figure.canvas.draw()
        axis = figure.axes[0].xaxis
        shown.update(label.get_text() for label in [*axis.get_majorticklabels(), *axis.get_minorticklabels()])

    monkeypatch.setattr(Figure, "savefig", look)
    points = [{"accuracy": 0.9, "energy_J": energy, "parameters": 3} for energy in energies]
    draw_front(tmp_path / "f.png", points, [], None)
    assert named <= shown
