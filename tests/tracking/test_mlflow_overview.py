"""The experiment that lists all sweeps, the marks of the front, the inputs: once each, whoever writes."""

import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
from mlflow import MlflowClient
from mlflow.entities import Run

from tracking import MlflowTracker, Summary, SweepRecord, TrialRecord
from tracking.mlflow_connection import refresh_statistics
from tracking.mlflow_note import note
from tracking.mlflow_overview import OVERVIEW

Build = Callable[[], MlflowTracker]
TrialBuilder = Callable[..., TrialRecord]


@pytest.fixture
def client(mlflow_uri: str) -> MlflowClient:
    return MlflowClient(mlflow_uri)


@pytest.fixture
def named(sweep: SweepRecord, request: pytest.FixtureRequest) -> SweepRecord:
    return replace(
        sweep,
        name=request.node.name,
        data={"training": "ab" * 32, "test": "cd" * 32},
        file="digits.yaml",
        commit="1a2b3c+",
        searched={"pulse.width_s": True, "readout.standardise": False},
    )


def row_of(client: MlflowClient, name: str) -> list[Run]:
    overview = client.get_experiment_by_name(OVERVIEW)
    assert overview is not None
    return list(client.search_runs([overview.experiment_id], f"tags.sweep = '{name}'"))


def finished(build: Build, named: SweepRecord, summary: Summary, trials: list[TrialRecord]) -> MlflowTracker:
    tracker = build()
    tracker.start(named)
    for trial in trials:
        tracker.log(trial)
    tracker.finish(summary)
    return tracker


def runs_of(client: MlflowClient, tracker: MlflowTracker, query: str) -> list[Run]:
    return list(client.search_runs([str(tracker.experiment_id)], query))


def test_one_row_a_sweep_with_what_came_of_it(
    mlflow_tracker: Build, client: MlflowClient, named: SweepRecord, summary: Summary, trial: TrialBuilder
) -> None:
    first = replace(summary, best_accuracy=0.9, hypervolume=3.5)
    for told in (first, first, replace(first, failed=0, hypervolume=3.25)):
        tracker = finished(mlflow_tracker, named, told, [trial(1)])
    [row] = row_of(client, named.name)
    assert row.info.status == "FINISHED"
    expected = {"best_accuracy": 0.9, "hypervolume": 3.25, "front_size": 2, "control_accuracy": 0.912, "failed": 0}
    assert expected.items() <= row.data.metrics.items()
    assert (row.data.tags["file"], row.data.tags["git_commit"]) == ("digits.yaml", "1a2b3c+")
    assert f"#/experiments/{tracker.experiment_id}/runs?" in row.data.tags["mlflow.note.content"]
    # What stays the same is one point, what changed has one more.
    assert len(client.get_metric_history(row.info.run_id, "best_accuracy")) == 1
    assert len(client.get_metric_history(row.info.run_id, "hypervolume")) == 2
    inputs = {(each.tags[0].value, each.dataset.digest) for each in row.inputs.dataset_inputs}
    assert inputs == {("training", ("ab" * 32)[:36]), ("test", ("cd" * 32)[:36])}


def test_list_that_was_deleted_is_not_made_again(
    mlflow_tracker: Build, client: MlflowClient, named: SweepRecord, summary: Summary
) -> None:
    finished(mlflow_tracker, named, summary, [])
    overview = client.get_experiment_by_name(OVERVIEW)
    assert overview is not None
    client.delete_experiment(overview.experiment_id)
    try:
        finished(mlflow_tracker, replace(named, name="unlisted"), summary, [])
    finally:
        client.restore_experiment(overview.experiment_id)
    assert row_of(client, "unlisted") == []


def test_front_is_marked_with_its_test_scores_and_searches_of_the_note_find_it(
    mlflow_tracker: Build, client: MlflowClient, named: SweepRecord, summary: Summary, trial: TrialBuilder
) -> None:
    scored = [{**row, "evaluation": {**row["evaluation"], "test_accuracy": 0.8}} for row in summary.pareto]
    both = replace(summary, pareto=scored)
    trials = [trial(number, duplicate_of=1 if number == 3 else None) for number in range(5)]
    tracker = finished(mlflow_tracker, named, both, trials)
    marked = runs_of(client, tracker, 'tags.on_front = "true"')
    assert {(run.data.tags["trial"], run.data.metrics["test_accuracy"]) for run in marked} == {("1", 0.8), ("4", 0.8)}
    [copy] = runs_of(client, tracker, "tags.duplicate_of = '1'")
    assert copy.data.tags["trial"] == "3"
    assert copy.info.run_name == "0003 · 40 ns"
    assert copy.data.tags["mlflow.runColor"] == "#3a5489"
    query = note(named, both).split("`metrics.accuracy > 0.95 and ")[1].split("`")[0]
    assert len(runs_of(client, tracker, f"metrics.accuracy > 0.85 and {query}")) == 5
    # The front of a sweep that went on is another one.
    finished(mlflow_tracker, named, replace(summary, pareto=scored[:1]), trials)
    [left] = runs_of(client, tracker, 'tags.on_front = "true"')
    assert left.data.tags["trial"] == "1"
    assert len(client.get_metric_history(left.info.run_id, "test_accuracy")) == 1


def test_report_is_kept_and_linked(
    mlflow_tracker: Build, client: MlflowClient, named: SweepRecord, summary: Summary, tmp_path: Path
) -> None:
    report = tmp_path / "report.html"
    report.write_text("<!doctype html>")
    tracker = finished(mlflow_tracker, named, replace(summary, files={"report": report}), [])
    [run] = runs_of(client, tracker, "tags.kind = 'sweep'")
    assert "report.html" in {file.path for file in client.list_artifacts(run.info.run_id)}
    link = f"[Report](#/experiments/{tracker.experiment_id}/runs/{run.info.run_id}/artifacts/report.html?"
    assert link in run.data.tags["mlflow.note.content"]
    assert client.get_experiment(str(tracker.experiment_id)).tags["mlflow.note.content"].count(link) == 1


def test_sorting_by_a_metric_compares_no_run_with_each_metric(tmp_path: Path) -> None:
    """The two tables as MLflow makes them, and the core of its query."""
    file = tmp_path / "mlflow.db"
    query = (
        "EXPLAIN QUERY PLAN SELECT DISTINCT runs.name, one.value FROM runs LEFT JOIN (SELECT run_uuid, value FROM "
        "latest_metrics WHERE key = 'm0') AS one ON runs.run_uuid = one.run_uuid ORDER BY one.value DESC"
    )

    def compares_all() -> bool:
        with closing(sqlite3.connect(file)) as connection:
            return any(row[3].startswith("SCAN one") for row in connection.execute(query))

    with closing(sqlite3.connect(file)) as connection:
        connection.execute("CREATE TABLE runs (run_uuid VARCHAR(32) PRIMARY KEY, name VARCHAR(250))")
        columns = "key VARCHAR(250), value FLOAT, run_uuid VARCHAR(32), PRIMARY KEY (key, run_uuid)"
        connection.execute(f"CREATE TABLE latest_metrics ({columns})")
        connection.executemany("INSERT INTO runs VALUES (?, '')", [(str(run),) for run in range(1000)])
        rows = [(f"m{metric}", 0.5, str(run)) for run in range(1000) for metric in range(5)]
        connection.executemany("INSERT INTO latest_metrics VALUES (?, ?, ?)", rows)
        connection.commit()
    assert compares_all()
    refresh_statistics(f"sqlite:///{file}")
    assert not compares_all()


def test_statistics_of_what_is_no_database_are_left_alone(tmp_path: Path) -> None:
    torn = tmp_path / "torn.db"
    torn.write_bytes(b"not a database" * 100)
    for uri in (f"sqlite:///{torn}", f"sqlite:///{tmp_path / 'none.db'}", "http://127.0.0.1:9"):
        refresh_statistics(uri)
    assert torn.read_bytes() == b"not a database" * 100
    assert not (tmp_path / "none.db").exists()
