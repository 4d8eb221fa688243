"""The page of an experiment as it opens: its charts, columns and order, kept with the experiment as a shared view.

MLflow's page stores such views in tags of the experiment and opens the one that its address names:

::

    tag      mlflow.sharedViewState.memsweep = {"name", "createdAt", "state": "{...}"}     (MLflow 3.17)
    address  #/experiments/<id>/runs?...&viewStateShareKey=memsweep
    menu     Views: all of them, by name

The charts have linear axes, so they show the logarithms that the tracker logs of what spans decades; a point has the
colour of its run. MLflow loads 100 runs at a time, in the order of the view: the best first.
"""

import json
from collections.abc import Sequence
from typing import Any

from tracking.base import SweepRecord
from tracking.mlflow_labels import PARAMETERS
from tracking.mlflow_runs import FRONT_QUERY
from tracking.mlflow_ui import VIEW_KEY
from tracking.mlflow_values import ENERGY, LOG10

VIEW_TAG = f"mlflow.sharedViewState.{VIEW_KEY}"
"""Tag of the experiment that holds the view."""
FRONT_VIEW_TAG = f"{VIEW_TAG}-front"
"""Tag that holds the same view of the front alone."""

_ACCURACY = "accuracy"
_MOST_AXES = 12
"""Axes that are told apart on a page as wide as a screen."""


def sweep_views(sweep: SweepRecord) -> dict[str, str]:
    """The views of a sweep, by the tags that hold them: of all its runs, and of its front.

    Two scatter charts of what is maximised against energy and parameters, the searched fields as parallel coordinates,
    and MLflow's own bar charts, one a metric, folded away.
    """
    score = score_of(sweep)
    fields = [f"{LOG10}.{name}" if decades else name for name, decades in sweep.searched.items()]
    sections = [
        _section("cost", f"{score} against cost", columns=2),
        _section("fields", f"Searched fields and {score}", columns=1),
        # The name under which MLflow puts the charts that it makes itself, of all metrics.
        _section("metrics", "Model metrics", columns=3, folded=True),
    ]
    charts = [
        _scatter("energy", f"{LOG10}_{ENERGY}", score),
        _scatter("parameters", PARAMETERS, score),
        _chart(
            "parallel",
            "PARALLEL",
            "fields",
            selectedParams=fields[: _MOST_AXES - 1],
            selectedMetrics=[score],
            showAllRuns=False,
        ),
    ]
    columns = [_metric(name) for name in dict.fromkeys([score, PARAMETERS, ENERGY, "test_accuracy"])]
    state = {
        "orderByKey": _metric(score),
        "selectedColumns": [*columns, *(f"params.`{name}`" for name in sweep.searched)],
        "compareRunSections": sections,
        "compareRunCharts": charts,
    }
    return {
        VIEW_TAG: _view(f"memsweep: {score} against cost", state),
        FRONT_VIEW_TAG: _view("memsweep: the front", {**state, "searchFilter": FRONT_QUERY}),
    }


def overview_view(metrics: Sequence[str]) -> str:
    """The value of ``VIEW_TAG`` for the experiment that lists all sweeps: ``metrics`` as columns, the newest first."""
    state = {
        "orderByKey": "attributes.start_time",
        "selectedColumns": [*map(_metric, metrics), "tags.`file`", "tags.`git_commit`"],
        "compareRunSections": [_section("metrics", "Model metrics", columns=3)],
        "compareRunCharts": [],
    }
    return _view("memsweep: all sweeps", state)


def score_of(sweep: SweepRecord) -> str:
    """What the page puts first: the first metric that is maximised."""
    return next((name for name, way in sweep.objectives.items() if way == "maximize"), _ACCURACY)


def _view(name: str, state: dict[str, Any]) -> str:
    whole = {
        **state,
        "orderByAsc": False,
        "runsHiddenMode": "SHOW_ALL",
        "isAccordionReordered": True,  # else the sections are sorted by their names
        "autoRefreshEnabled": True,
    }
    # The time is that of no clock, so that writing the view again changes nothing.
    return json.dumps({"name": name, "createdAt": 0, "state": json.dumps(whole, separators=(",", ":"))})


def _section(identity: str, name: str, *, columns: int, folded: bool = False) -> dict[str, Any]:
    return {"uuid": identity, "name": name, "display": not folded, "isReordered": True, "columns": columns}


def _scatter(identity: str, x: str, y: str) -> dict[str, Any]:
    axes = {axis: {"key": key, "type": "METRIC"} for axis, key in (("xaxis", x), ("yaxis", y))}
    return _chart(identity, "SCATTER", "cost", **axes)


def _chart(identity: str, kind: str, section: str, **settings: Any) -> dict[str, Any]:
    return {
        "uuid": identity,
        "type": kind,
        "metricSectionId": section,
        "deleted": False,
        "isGenerated": False,
        **settings,
    }


def _metric(name: str) -> str:
    return f"metrics.`{name}`"
