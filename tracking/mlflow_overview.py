"""All sweeps on one page: an experiment that holds one run a sweep, with what the sweep came to."""

import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from tracking.base import Summary, SweepRecord
from tracking.mlflow_runs import Runs
from tracking.mlflow_ui import experiment_link
from tracking.mlflow_values import datasets_of, metrics_of, tags_of
from tracking.mlflow_view import VIEW_TAG, overview_view

if TYPE_CHECKING:
    from mlflow import MlflowClient

OVERVIEW = "memsweep: all sweeps"
"""Name of the experiment; no sweep can have it."""
_COLUMNS = ("best_accuracy", "control_accuracy", "front_size", "hypervolume", "finished", "failed", "seconds")
_VIEW = overview_view(_COLUMNS)


def outcome_of(summary: Summary) -> dict[str, Any]:
    """What a sweep came to, in numbers."""
    return {
        "finished": summary.finished,
        "failed": summary.failed,
        "seconds": summary.seconds,
        "best_accuracy": summary.best_accuracy,
        "front_size": len(summary.pareto),
        "hypervolume": summary.hypervolume,
        **{f"control_{name}": value for name, value in summary.control.items()},
    }


def origin_tags(sweep: SweepRecord) -> dict[str, str]:
    """Where a sweep came from."""
    commit = {} if sweep.commit is None else {"git_commit": sweep.commit, "mlflow.source.git.commit": sweep.commit}
    return {
        "sweep": sweep.name,
        "task": sweep.task,
        "seed": str(sweep.seed),
        **({} if sweep.file is None else {"file": sweep.file}),
        **commit,
    }


def list_sweep(client: "MlflowClient", sweep: SweepRecord, summary: Summary, experiment_id: str) -> None:
    """Put a sweep, or put it anew, on the list. Who deletes the experiment of the list wants none."""
    overview = client.get_experiment_by_name(OVERVIEW)
    if overview is None:
        overview = _create(client)
    if overview is None or overview.lifecycle_stage != "active":
        return
    if overview.tags.get(VIEW_TAG) != _VIEW:
        client.set_experiment_tag(overview.experiment_id, VIEW_TAG, _VIEW)
    runs = Runs(client, str(overview.experiment_id), new=False)
    tags = {
        "kind": "overview",
        **origin_tags(sweep),
        "mlflow.note.content": f"[Charts and runs of {sweep.name}]({experiment_link(experiment_id)})",
    }
    run = runs.find_or_create(sweep.name, sweep.name, tags)
    replace_outcome(client, run.run_id, outcome_of(summary), tags)
    if sweep.data:
        client.log_inputs(run.run_id, datasets=datasets_of(sweep))
    if not run.ended:
        client.set_terminated(run.run_id, "FINISHED")


def replace_outcome(client: "MlflowClient", run_id: str, values: Mapping[str, Any], tags: Mapping[str, str]) -> None:
    """Bring metrics and tags of a run up to date; what it holds already is left alone.

    The newest of the values of a metric is the one that counts, so a value that has changed is logged with the time.
    """
    held = client.get_run(run_id).data.metrics
    metrics = [each for each in metrics_of(values, time.time_ns() // 10**6) if held.get(each.key) != each.value]
    client.log_batch(run_id, metrics=metrics, tags=tags_of(tags))


def _create(client: "MlflowClient") -> Any:
    tags = {
        "mlflow.experimentKind": "custom_model_development",
        "mlflow.note.content": "A run a sweep: what it came to, the newest first. The description of a run leads to "
        "the charts of its sweep.",
        VIEW_TAG: _VIEW,
    }
    from mlflow.exceptions import MlflowException

    try:
        client.create_experiment(OVERVIEW, tags=tags)
    except MlflowException as error:
        if error.error_code != "RESOURCE_ALREADY_EXISTS":  # another sweep that ends at this moment made it
            raise
    return client.get_experiment_by_name(OVERVIEW)
