"""Studies of robustness in every tracker: beside trials, once, and never in the place of another."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from mlflow import MlflowClient
from mlflow.entities import Run

from tracking import MemoryTracker, MlflowTracker, RecordRefusedError, StudyRecord, SweepRecord, TrialRecord

Build = Callable[[], MlflowTracker]


@pytest.fixture
def study(tmp_path: Path, trial: Callable[..., TrialRecord]) -> StudyRecord:
    picture = tmp_path / "accuracy.png"
    picture.write_bytes(b"\x89PNG\r\n")
    return StudyRecord(
        sweep="digits",
        number=4,
        state="finished",
        configuration=trial(4).configuration,
        evaluation={"nominal_accuracy": 0.9, "worst_corner_accuracy": None},
        study="robustness",
        settings={"chips": 50, "curves": {"device.d2d": [0, 0.1]}},
        curves={f"device.d2d.{n}": [0.9, 0.8 - n / 1e4] for n in range(600)},  # more than a batch
        table=[
            {"field": "device.d2d", "value": 0, "median": 0.9},
            {"field": "device.d2d", "value": 0.1, "median": 0.8},
        ],
        files={"accuracy": picture},
    )


def runs(uri: str, name: str, kind: str) -> list[Run]:
    client = MlflowClient(uri)
    experiment = client.get_experiment_by_name(name)
    assert experiment is not None
    return list(client.search_runs([experiment.experiment_id], f"tags.kind = '{kind}'"))


def test_mlflow_keeps_one_run_with_curves_table_and_figures(
    mlflow_tracker: Build, mlflow_uri: str, sweep: SweepRecord, study: StudyRecord, trial: Callable[..., TrialRecord]
) -> None:
    sweep, study = replace(sweep, name="studied"), replace(study, sweep="studied")
    for _ in range(2):
        tracker = mlflow_tracker()
        tracker.start(sweep)
        tracker.log(study)
        tracker.log(trial(4, sweep="studied"))
        tracker.log(study)
    [run] = runs(mlflow_uri, "studied", "robustness")
    assert len(runs(mlflow_uri, "studied", "configuration")) == 1
    assert run.info.status == "FINISHED"
    assert (run.data.tags["study"], run.data.tags["trial"]) == ("robustness", "4")
    assert run.data.params["study.chips"] == "50"
    assert run.data.metrics["nominal_accuracy"] == 0.9
    client = MlflowClient(mlflow_uri)
    for name in ("device.d2d.0", "device.d2d.599"):
        history = client.get_metric_history(run.info.run_id, name)
        assert [(metric.step, metric.value) for metric in history] == list(enumerate(study.curves[name]))
    assert {file.path for file in client.list_artifacts(run.info.run_id)} == {"accuracy.png", "table.json"}


def test_mlflow_refuses_another_study_of_the_same_name(
    mlflow_tracker: Build, mlflow_uri: str, sweep: SweepRecord, study: StudyRecord
) -> None:
    tracker = mlflow_tracker()
    tracker.start(replace(sweep, name="apart"))
    tracker.log(study)
    with pytest.raises(RecordRefusedError, match="another name"):
        tracker.log(replace(study, settings={"chips": 7}))
    tracker.log(replace(study, study="second", settings={"chips": 7}))
    assert len(runs(mlflow_uri, "apart", "robustness")) == 2


def test_memory_does_the_same(sweep: SweepRecord, study: StudyRecord, trial: Callable[..., TrialRecord]) -> None:
    tracker = MemoryTracker()
    tracker.start(sweep)
    tracker.log(study)
    tracker.log(study)
    tracker.log(trial(4))
    assert list(tracker.studies) == [("robustness", 4)]
    assert list(tracker.trials) == [4]
    with pytest.raises(RecordRefusedError, match="another name"):
        tracker.log(replace(study, settings={"chips": 7}))
