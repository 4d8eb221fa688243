"""What figures draw: every evaluation that has a place, told places by hand, and odd values without an error."""

import math
from typing import Any

import numpy as np
import pytest

from tests.tracking.report.contents import make_content
from tracking.report.content import Importance
from tracking.report.front_figure import front_figure
from tracking.report.growth_figure import growth_figure
from tracking.report.importance_figure import importance_figure, interactions_figure
from tracking.report.parallel_figure import parallel_figure
from tracking.report.portrait_figures import chips_figure, confusion_figure, drive_figure
from tracking.report.robustness_figures import curve_figure, yield_figure

CONTROL = {"accuracy": 0.9, "parameters": 610}


def points(count: int) -> list[dict[str, Any]]:
    rng = np.random.default_rng(1)
    energies, accuracies = 10 ** rng.normal(-9, 1, count), rng.uniform(0.5, 1, count)
    parameters = rng.choice([10, 20], count)
    columns = zip(range(count), energies, accuracies, parameters, strict=True)
    return [dict(zip(("trial", "energy_J", "accuracy", "parameters"), map(float, row), strict=True)) for row in columns]


def trials_of(figure: Any) -> list[int]:
    return [int(trial) for trace in figure.data if trace.customdata is not None for trial in trace.customdata]


def test_a_front_shows_each_trial_once() -> None:
    everything = points(300)
    figure = front_figure(everything, everything[:7], CONTROL)
    assert sorted(trials_of(figure)) == list(range(300))
    assert sorted(figure.data[2].customdata) == list(range(7))
    assert figure.layout.xaxis.type == "log"
    assert figure.layout.shapes[0].y0 == 0.9


def test_of_very_many_dots_only_covered_ones_are_left_out() -> None:
    everything = points(5000)
    figure = front_figure(everything, everything[:5], None)
    shown = set(trials_of(figure))
    assert set(range(5)) <= shown
    assert 1000 < len(shown) < 4000
    assert f"{len(shown) - 5:,} of 4,995 evaluated" in figure.data[1].name
    places = np.array([[math.log10(point["energy_J"]), point["accuracy"]] for point in everything])
    unit = np.ptp(places, axis=0)
    seen = places[sorted(shown)]
    for hidden in set(range(5000)) - shown:
        # Less than a dot off, in shares of the figure's sides.
        off = np.abs(seen - places[hidden]) / unit
        assert ((off[:, 0] < 1 / 119) & (off[:, 1] < 1 / 69)).any()


@pytest.mark.parametrize(
    ("y", "shown"), [("accuracy", 3), ("test_accuracy", 3), ("accuracy_std", 0), ("accuracy_yield", 0)]
)
def test_published_networks_stand_on_axes_of_accuracy_alone(y: str, shown: int) -> None:
    rows = [{"trial": 0, "parameters": 600, y: 0.9}]
    figure = front_figure(rows, rows, None, x="parameters", y=y, paper=make_content().paper)
    published = [trace for trace in figure.data if trace.name.startswith("published")]
    assert sum(len(trace.x) for trace in published) == shown


@pytest.mark.parametrize(
    "values", [{}, {"energy_J": None}, {"energy_J": math.nan}, {"energy_J": 0.0, "accuracy": math.inf}]
)
def test_points_without_a_place_are_left_out(values: dict[str, Any]) -> None:
    odd = {"trial": 9, "accuracy": 0.5, **values}
    assert trials_of(front_figure([odd], [odd], {"accuracy": None})) == []


def test_growth_goes_on_to_the_last_trial() -> None:
    growth = {"trial": [0, 4], "hypervolume": [0.1, 0.2], "front_size": [1, 2], "best_accuracy": [0.5, 0.6]}
    figure = growth_figure(growth, last=9, control=0.7)
    assert [list(trace.x) for trace in figure.data] == [[0, 4, 9]] * 3
    assert list(figure.data[1].y) == [1, 2, 2]
    assert figure.layout.shapes[0].yref == "y3"
    assert len(growth_figure({}).data) == 0


def test_parallel_leaves_out_what_does_not_vary() -> None:
    rows = [{**point, "kind": "mlp", "bits": bits} for point, bits in zip(points(3), (None, 4, 8), strict=True)]
    lines = parallel_figure(rows, ["kind", "bits"], ["accuracy"]).data[0]
    assert [axis.name for axis in lines.dimensions] == ["bits", "accuracy"]
    assert lines.dimensions[0].ticktext == ("-", "4", "8")


def test_the_field_that_decides_most_is_on_top() -> None:
    found = [
        Importance(objective="accuracy", fields={"a": 0.9, "b": 0.1}, pairs=[("a", "b", 0.2)], baseline=""),
        Importance(objective="energy_J", fields={"b": 0.7, "c": 0.3}, pairs=[], baseline=""),
    ]
    figure = importance_figure(found)
    assert list(figure.data[0].y) == ["a", "b", "c"]
    assert list(figure.data[1].x) == [0.0, 0.7, 0.3]
    assert figure.layout.yaxis.autorange == "reversed"
    assert list(interactions_figure(found[0]).data[0].x) == [0.2]


def test_pulses_have_their_charge_and_readings_their_states() -> None:
    example = make_content().portraits[0].examples[0]
    figure = drive_figure(example)
    pulses, readings = figure.data[0], figure.data[-1]
    area = np.trapezoid(pulses.y, pulses.x)
    assert area == pytest.approx(np.dot(example.pulse_V, example.pulse_width_s), rel=1e-12)
    assert list(readings.y) == [example.state[step] for step in example.read_steps]
    assert len(figure.data) == 3 + len(example.states)


def test_recall_by_hand() -> None:
    figure = confusion_figure(["a", "b", "c"], [[8, 2, 0], [0, 0, 0], [1, 0, 3]])
    cells, recall = figure.data
    assert list(recall.x) == [0.8, 0.0, 0.75]
    np.testing.assert_allclose(cells.z[2], [0.25, 0, 0.75])
    assert cells.text[0] == (8, 2, 0) or list(cells.text[0]) == [8, 2, 0]


def test_every_class_has_its_name_on_hover() -> None:
    names = [f"class {place}" for place in range(120)]
    figure = confusion_figure(names, np.eye(120, dtype=int).tolist())
    assert len(figure.layout.yaxis.ticktext) < 120
    recall = figure.data[1]
    assert list(recall.customdata) == names
    assert "%{customdata}" in recall.hovertemplate


def test_the_quantile_of_the_chips_is_drawn() -> None:
    figure = chips_figure([0.1 * place for place in range(11)], part="test", control=0.4)
    assert [shape.x0 for shape in figure.layout.shapes] == [pytest.approx(0.05), 0.4]


def test_curves_go_by_their_values() -> None:
    curves = make_content().studies[0].result["curves"]
    for name, curve in curves.items():
        backwards = list(curve)[::-1]
        figure = curve_figure(name, backwards, control=0.9, nominal=0.95)
        middle = next(trace for trace in figure.data if trace.marker.size == 7)
        assert sorted(middle.y) == sorted(point["median"] for point in curve)
        assert (np.diff(middle.x) > 0).all()
        assert len(yield_figure(name, curve).layout.xaxis.ticktext) == len(curve)
    retention = curve_figure("crossbar.retention_s", curves["crossbar.retention_s"], control=0.9, nominal=0.95)
    assert retention.layout.xaxis.ticktext == ("0", "1 s", "10,000 s", "1e8 s")
