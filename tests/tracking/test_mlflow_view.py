"""The page as it opens, and the names and colours of runs on it."""

import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tracking import SweepRecord
from tracking.mlflow_labels import FEWEST, MOST, run_colour, run_name
from tracking.mlflow_values import metrics_of, params_of, with_log_energy
from tracking.mlflow_view import FRONT_VIEW_TAG, VIEW_TAG, overview_view, sweep_views

SEARCHED = {"pulse.width_s": True, "readout.hidden": False}


def state_of(view: str) -> dict[str, Any]:
    """As MLflow 3.17 reads it."""
    envelope = json.loads(view)
    assert isinstance(envelope["name"], str)
    assert isinstance(envelope["createdAt"], int)
    state: dict[str, Any] = json.loads(envelope["state"])
    return state


def test_charts_show_what_runs_hold(sweep: SweepRecord) -> None:
    searched = replace(sweep, searched=SEARCHED)
    state = state_of(sweep_views(searched)[VIEW_TAG])
    energy, parameters, parallel = state["compareRunCharts"]
    assert (energy["type"], energy["xaxis"]["key"], energy["yaxis"]["key"]) == ("SCATTER", "log10_energy_J", "accuracy")
    assert (parameters["xaxis"]["key"], parameters["yaxis"]["key"]) == ("parameters", "accuracy")
    assert parallel["selectedParams"] == ["log10.pulse.width_s", "readout.hidden"]
    params = params_of({"pulse.width_s": 1e-8, "readout.hidden": 16}, ["pulse.width_s"])
    metrics = metrics_of(with_log_energy({"accuracy": 0.9, "parameters": 300, "energy_J": 2e-9}), 0)
    logged = {each.key: float(each.value) for each in (*params, *metrics)}
    assert logged["log10.pulse.width_s"] == -8.0
    assert logged["log10_energy_J"] == pytest.approx(-8.69897, abs=1e-6)
    drawn = {energy["xaxis"]["key"], parameters["xaxis"]["key"], *parallel["selectedParams"], "accuracy"}
    assert drawn <= set(logged)
    sections = {section["uuid"] for section in state["compareRunSections"]}
    assert {chart["metricSectionId"] for chart in state["compareRunCharts"]} <= sections


def test_order_columns_and_charts_of_mlflow_itself(sweep: SweepRecord) -> None:
    views = sweep_views(replace(sweep, searched=SEARCHED))
    state = state_of(views[VIEW_TAG])
    assert (state["orderByKey"], state["orderByAsc"]) == ("metrics.`accuracy`", False)
    assert state["selectedColumns"][:4] == [
        f"metrics.`{name}`" for name in ("accuracy", "parameters", "energy_J", "test_accuracy")
    ]
    assert state["selectedColumns"][4:] == ["params.`pulse.width_s`", "params.`readout.hidden`"]
    own = state["compareRunSections"][-1]
    assert (own["name"], own["display"]) == ("Model metrics", False)
    assert state_of(views[FRONT_VIEW_TAG]) == {**state, "searchFilter": 'tags.on_front = "true"'}


def test_other_objectives_are_put_first(sweep: SweepRecord) -> None:
    robust = replace(sweep, objectives={"energy_J": "minimize", "accuracy_low": "maximize"}, searched=SEARCHED)
    state = state_of(sweep_views(robust)[VIEW_TAG])
    assert state["orderByKey"] == "metrics.`accuracy_low`"
    assert state["compareRunCharts"][0]["yaxis"]["key"] == "accuracy_low"


def test_view_of_many_fields_fits_into_a_tag(sweep: SweepRecord) -> None:
    wide = {f"device.some_field_of_many_{number}_s": number % 2 == 0 for number in range(40)}
    for view in (*sweep_views(replace(sweep, searched=wide)).values(), overview_view(["best_accuracy"])):
        assert len(view) < 5000


@pytest.mark.parametrize(
    ("searched", "changes", "name"),
    [
        ({"pulse.width_s": True, "readout.hidden": False}, {}, "0171 · mlp 16 · 20.9 ns"),
        ({"pulse.width_s": True, "pulse.interval_s": True, "pulse.amplitude_V": False}, {}, "0171 · 20.9 ns · 1.43 V"),
        ({"readout.kind": False, "device.law": False}, {"readout.kind": "ridge"}, "0171 · ridge · drift_diffusion"),
        ({"readout.hidden": False}, {"readout.hidden": (32, 16)}, "0171 · mlp 32-16"),
        ({"pulse.read_every": False, "device.floor": False}, {}, "0171"),
        ({}, {}, "0171"),
    ],
)
def test_runs_are_named_by_what_they_are(
    sweep: SweepRecord, searched: dict[str, bool], changes: dict[str, Any], name: str
) -> None:
    configuration = {
        "device.law": "drift_diffusion",
        "device.floor": 0.01,
        "pulse.width_s": 2.088e-8,
        "pulse.interval_s": 1e-6,
        "pulse.amplitude_V": 1.428,
        "pulse.read_every": 2,
        "readout.kind": "mlp",
        "readout.hidden": 16,
        **changes,
    }
    assert run_name(replace(sweep, searched=searched), 171, configuration) == name


def brightness(colour: str) -> float:
    red, green, blue = (int(colour[place : place + 2], 16) for place in (1, 3, 5))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def test_colours_of_the_ends() -> None:
    assert run_colour({"parameters": FEWEST}) == run_colour({"parameters": 1}) == "#440154"
    assert run_colour({"parameters": MOST}) == run_colour({"parameters": 10 * MOST}) == "#fde725"
    assert run_colour({"parameters": 0}) is None
    assert run_colour({}) is None


@given(st.integers(FEWEST, MOST // 2))
def test_more_parameters_are_brighter(parameters: int) -> None:
    dark, bright = run_colour({"parameters": parameters}), run_colour({"parameters": 2 * parameters})
    assert dark is not None
    assert bright is not None
    assert brightness(bright) > brightness(dark)
