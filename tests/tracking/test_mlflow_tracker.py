"""What MLflow holds after a sweep, read back through its client; and what happens if it cannot be reached."""

import csv
import io
import json
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from mlflow import MlflowClient
from mlflow.entities import Experiment, Run

from tracking import (
    MlflowTracker,
    RecordRefusedError,
    Summary,
    SweepRecord,
    TrackerError,
    TrialRecord,
)

TrialBuilder = Callable[..., TrialRecord]
Build = Callable[[], MlflowTracker]


@pytest.fixture
def named(sweep: SweepRecord, request: pytest.FixtureRequest) -> SweepRecord:
    return replace(sweep, name=request.node.name)


@pytest.fixture
def client(mlflow_uri: str) -> MlflowClient:
    return MlflowClient(mlflow_uri)


def experiment_of(client: MlflowClient, tracker: MlflowTracker) -> Experiment:
    assert tracker.experiment_id is not None
    return client.get_experiment(tracker.experiment_id)


def runs_of(client: MlflowClient, tracker: MlflowTracker, kind: str = "configuration") -> list[Run]:
    return list(client.search_runs([str(tracker.experiment_id)], f"tags.kind = '{kind}'"))


def log_one(build: Build, named: SweepRecord, record: TrialRecord) -> MlflowTracker:
    tracker = build()
    tracker.start(named)
    tracker.log(record)
    return tracker


def test_run_holds_every_field_metric_and_tag(
    mlflow_tracker: Build, client: MlflowClient, named: SweepRecord, trial: TrialBuilder
) -> None:
    evaluation = {
        "accuracy": np.float32(0.5),
        "parameters": 610,
        "energy_J": 2e-9,
        "latency_s": float("nan"),
        "violations": float("inf"),
        "test_accuracy": None,
    }
    tracker = log_one(mlflow_tracker, named, trial(17, evaluation=evaluation))
    (run,) = runs_of(client, tracker)
    assert run.info.run_name == "0017"
    assert run.info.status == "FINISHED"
    assert run.data.params == {
        "device.law": "drift_diffusion",
        "device.d2d": "0.05",
        "pulse.width_s": "1.8e-07",
        "readout.hidden": "[8, 16]",
        "readout.standardise": "true",
        "readout.limit": "null",
    }
    assert run.data.metrics == {"accuracy": 0.5, "parameters": 610.0, "energy_J": 2e-9, "log10_energy_J": -8.69897}
    expected = {"kind": "configuration", "sweep": named.name, "trial": "17", "task": "digits"}
    assert expected.items() <= run.data.tags.items()
    assert run.data.tags["memsweep.trial"] == "17"


def test_fields_at_their_defaults_are_params_of_the_summary_run_alone(
    mlflow_tracker: Build, client: MlflowClient, named: SweepRecord, trial: TrialBuilder, summary: Summary
) -> None:
    defaults = {"device.d2d": 0.05, "readout.hidden": (8, 16), "device.law": "wox"}  # the law is another one here
    named = replace(named, defaults=defaults)
    tracker = log_one(mlflow_tracker, named, trial(1))
    for _ in range(2):
        tracker.finish(summary)
    (run,), (told,) = runs_of(client, tracker), runs_of(client, tracker, "sweep")
    assert set(run.data.params) == set(trial(1).configuration) - {"device.d2d", "readout.hidden"}
    assert told.data.params == {"device.d2d": "0.05", "readout.hidden": "[8, 16]", "device.law": "wox"}


def test_experiment_of_an_earlier_version_is_continued_and_from_then_on_told_apart(
    mlflow_tracker: Build, client: MlflowClient, named: SweepRecord, trial: TrialBuilder
) -> None:
    tracker = log_one(mlflow_tracker, named, trial(0))
    client.delete_experiment_tag(str(tracker.experiment_id), "memsweep.identity")
    mlflow_tracker().start(named)
    with pytest.raises(RecordRefusedError, match="the same task and seed with another file content or other data"):
        mlflow_tracker().start(replace(named, spec={"chips": 64}))


def test_failed_trial_is_a_failed_run_with_its_error(
    mlflow_tracker: Build, client: MlflowClient, named: SweepRecord, trial: TrialBuilder
) -> None:
    error = "Diverged: " + "x" * 20_000 + " at step 7"
    tracker = log_one(mlflow_tracker, named, trial(0, state="failed", evaluation=None, error=error))
    (run,) = runs_of(client, tracker)
    assert run.info.status == "FAILED"
    assert run.data.tags["error"].startswith("Diverged: ")
    assert run.data.tags["error"].endswith(" at step 7")
    assert len(run.data.tags["error"]) <= 5000
    assert run.data.params["device.law"] == "drift_diffusion"


def test_more_than_100_and_overlong_fields_are_kept(
    mlflow_tracker: Build, client: MlflowClient, named: SweepRecord, trial: TrialBuilder
) -> None:
    fields: dict[str, Any] = {f"device.field_{number}": number for number in range(230)}
    fields["task.path"] = "p" * 10_000
    tracker = log_one(mlflow_tracker, named, trial(0, configuration=fields))
    (run,) = runs_of(client, tracker)
    assert len(run.data.params) == 231
    assert run.data.params["device.field_229"] == "229"


@pytest.mark.parametrize("stage", ["log_batch", "set_terminated"])
def test_half_written_run_of_a_killed_process_is_completed(
    mlflow_tracker: Build,
    client: MlflowClient,
    named: SweepRecord,
    trial: TrialBuilder,
    monkeypatch: pytest.MonkeyPatch,
    stage: str,
) -> None:
    class KilledError(BaseException):
        """As a kill: no handler of ``Exception`` sees it."""

    def kill(*args: object, **keywords: object) -> None:
        raise KilledError

    with monkeypatch.context() as patch, pytest.raises(KilledError):
        patch.setattr(MlflowClient, stage, kill)
        log_one(mlflow_tracker, named, trial(3))
    tracker = mlflow_tracker()
    tracker.start(named)
    assert [run.info.status for run in runs_of(client, tracker)] == ["RUNNING"]
    tracker.log(trial(3))
    (run,) = runs_of(client, tracker)
    assert run.info.status == "FINISHED"
    assert run.data.params["device.d2d"] == "0.05"
    assert len(client.get_metric_history(run.info.run_id, "accuracy")) == 1


def test_run_created_by_a_request_without_an_answer_is_not_doubled(
    mlflow_tracker: Build,
    client: MlflowClient,
    named: SweepRecord,
    trial: TrialBuilder,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    create_run = MlflowClient.create_run

    def create_and_fail(self: MlflowClient, *args: Any, **keywords: Any) -> None:
        create_run(self, *args, **keywords)
        raise TimeoutError("no answer")

    tracker = mlflow_tracker()
    tracker.start(named)
    with monkeypatch.context() as patch, pytest.raises(TrackerError, match="no answer"):
        patch.setattr(MlflowClient, "create_run", create_and_fail)
        tracker.log(trial(0))
    tracker.log(trial(0))
    assert [run.info.status for run in runs_of(client, tracker)] == ["FINISHED"]


def test_runs_of_requests_that_came_late_are_deleted(
    mlflow_tracker: Build, client: MlflowClient, named: SweepRecord, trial: TrialBuilder, summary: Summary
) -> None:
    """A server that was slow makes runs after the request was given up and another had made its own."""
    tracker = log_one(mlflow_tracker, named, trial(0))

    def arrive_late(number: int) -> str:
        (run,) = [run for run in runs_of(client, tracker) if run.data.tags["memsweep.trial"] == str(number)]
        made = client.create_run(str(tracker.experiment_id), start_time=1, tags=dict(run.data.tags))
        return str(made.info.run_id)

    arrive_late(0)
    again = mlflow_tracker()
    again.start(named)
    (run,) = runs_of(client, again)
    assert (run.info.status, run.data.metrics["accuracy"]) == ("FINISHED", 0.9)

    def fail(*args: Any, **keywords: Any) -> None:
        raise TimeoutError("no answer")

    with pytest.MonkeyPatch.context() as patch, pytest.raises(TrackerError, match="no answer"):
        patch.setattr(MlflowClient, "create_run", fail)
        again.log(trial(1))
    again.log(trial(1))
    arrive_late(1)
    again.finish(summary)
    assert sorted((run.data.tags["trial"], run.info.status) for run in runs_of(client, again)) == [
        ("0", "FINISHED"),
        ("1", "FINISHED"),
    ]


def test_place_is_known_once_there_is_one_and_shows_no_password(tmp_path: Path, sweep: SweepRecord) -> None:
    tracker = MlflowTracker(f"sqlite:///{tmp_path / 'place.db'}")
    assert tracker.place is None
    tracker.start(sweep)
    assert tracker.place == f"sqlite:///{tmp_path / 'place.db'}"
    server = MlflowTracker("https://me:hush@mlflow.example")
    assert (server.place, server.writers, tracker.writers) == ("https://***@mlflow.example", 4, 1)


def test_existing_runs_are_searched_once_and_in_pages(
    mlflow_tracker: Build,
    client: MlflowClient,
    named: SweepRecord,
    trial: TrialBuilder,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    first = mlflow_tracker()
    first.start(named)
    for number in range(5):
        first.log(trial(number))
    calls = []
    search_runs = MlflowClient.search_runs

    def counted(self: MlflowClient, *args: Any, **keywords: Any) -> Any:
        calls.append(keywords)
        return search_runs(self, *args, **keywords)

    monkeypatch.setattr("tracking.mlflow_runs._RUNS_A_PAGE", 2)
    monkeypatch.setattr(MlflowClient, "search_runs", counted)
    second = mlflow_tracker()
    second.start(named)
    for number in range(7):
        second.log(trial(number))
    assert len(calls) == 3
    assert len(runs_of(client, second)) == 7


def test_summary_run_and_description(
    mlflow_tracker: Build,
    client: MlflowClient,
    named: SweepRecord,
    trial: TrialBuilder,
    summary: Summary,
    tmp_path: Path,
) -> None:
    tracker = log_one(mlflow_tracker, named, trial(1))
    tracker.finish(summary)
    tracker.finish(replace(summary, seconds=20.0))
    (run,) = runs_of(client, tracker, "sweep")
    assert run.info.status == "FINISHED"
    assert run.data.metrics == {
        "finished": 199,
        "failed": 1,
        "seconds": 20.0,
        "front_size": 2,
        "control_accuracy": 0.912,
        "control_parameters": 610,
    }
    assert run.data.tags["objective.accuracy"] == "maximize"
    assert run.data.tags["version.numpy"] == "2.4.6"
    folder = Path(client.download_artifacts(run.info.run_id, ".", str(tmp_path)))
    assert {path.name for path in folder.iterdir()} >= {"pareto.json", "pareto.csv", "sweep.json", "figures"}
    assert json.loads((folder / "sweep.json").read_text()) == named.spec
    table = json.loads((folder / "pareto.json").read_text())
    assert table["columns"][:2] == ["trial", "device.law"]
    assert [row[0] for row in table["data"]] == [1, 4]
    rows = list(csv.DictReader(io.StringIO((folder / "pareto.csv").read_text())))
    assert rows[1]["pulse.width_s"] == "5e-08"
    assert (folder / "figures" / "front.png").read_bytes().startswith(b"\x89PNG")
    experiment = experiment_of(client, tracker)
    assert "| trial | accuracy | energy_J | pulse.width_s |" in experiment.tags["mlflow.note.content"]
    assert "| control | 0.912 |" in experiment.tags["mlflow.note.content"]
    assert experiment.tags["mlflow.experimentKind"] == "custom_model_development"


def test_artifacts_lie_under_the_root_even_for_odd_names(
    mlflow_tracker: Build, client: MlflowClient, sweep: SweepRecord, tmp_path: Path
) -> None:
    tracker = mlflow_tracker()
    tracker.start(replace(sweep, name="../odd name/π"))
    location = experiment_of(client, tracker).artifact_location
    assert Path(location.removeprefix("file://")).parent == tmp_path / "artifacts"


def test_experiment_of_someone_else_is_left_alone(
    mlflow_tracker: Build, client: MlflowClient, named: SweepRecord
) -> None:
    client.create_experiment(named.name)
    with pytest.raises(RecordRefusedError, match=r"not made by memsweep.*another name"):
        mlflow_tracker().start(named)


def test_deleted_experiment_says_the_way_out(mlflow_tracker: Build, client: MlflowClient, named: SweepRecord) -> None:
    tracker = mlflow_tracker()
    tracker.start(named)
    client.delete_experiment(str(tracker.experiment_id))
    with pytest.raises(RecordRefusedError, match=f"experiments restore -x {tracker.experiment_id}"):
        mlflow_tracker().start(named)


def test_value_that_mlflow_refuses_is_a_refusal(mlflow_tracker: Build, named: SweepRecord, trial: TrialBuilder) -> None:
    tracker = mlflow_tracker()
    tracker.start(named)
    with pytest.raises(RecordRefusedError, match="could not log trial 0"):
        tracker.log(trial(0, configuration={"a field ()?": 1}))


def test_closed_port_raises_in_time(closed_port: int, sweep: SweepRecord) -> None:
    began_s = time.monotonic()
    with pytest.raises(TrackerError, match="could not start sweep 'digits'"):
        MlflowTracker(f"http://127.0.0.1:{closed_port}").start(sweep)
    assert time.monotonic() - began_s < 10


def test_server_that_answers_500_raises_in_time(broken_server: str, sweep: SweepRecord) -> None:
    began_s = time.monotonic()
    with pytest.raises(TrackerError, match="500") as raised:
        MlflowTracker(broken_server).start(sweep)
    assert not isinstance(raised.value, RecordRefusedError)
    assert time.monotonic() - began_s < 10


def test_database_that_cannot_be_opened_raises_in_time(tmp_path: Path, sweep: SweepRecord) -> None:
    (tmp_path / "file").write_text("not a folder")
    (tmp_path / "torn.db").write_bytes(b"not a database" * 100)
    (tmp_path / "folder.db").mkdir()
    for name in ("file/mlflow.db", "torn.db", "folder.db"):
        began_s = time.monotonic()
        with pytest.raises(TrackerError, match=r"could not start sweep 'digits'"):
            MlflowTracker(f"sqlite:///{tmp_path / name}").start(sweep)
        assert time.monotonic() - began_s < 10


@pytest.mark.parametrize("scheme", ["http", "postgresql+psycopg", "nonsense"])
def test_password_is_never_in_an_error(closed_port: int, sweep: SweepRecord, scheme: str) -> None:
    uri = f"{scheme}://someone:s3cr%40t@127.0.0.1:{closed_port}/mlflow?password=oth3r"
    with pytest.raises(TrackerError) as raised:
        MlflowTracker(uri).start(sweep)
    text = str(raised.value)
    assert "s3cr" not in text
    assert "oth3r" not in text
    assert "127.0.0.1" in text
    assert raised.value.__cause__ is None
    assert raised.value.__suppress_context__


def test_password_in_the_error_of_a_trial_is_masked(
    mlflow_tracker: Build, client: MlflowClient, named: SweepRecord, trial: TrialBuilder
) -> None:
    error = "could not read s3://key:hush@bucket"
    tracker = log_one(mlflow_tracker, named, trial(0, state="failed", evaluation=None, error=error))
    (run,) = runs_of(client, tracker)
    assert run.data.tags["error"] == "could not read s3://***@bucket"


def test_empty_address_is_refused() -> None:
    with pytest.raises(TrackerError, match="must not be empty"):
        MlflowTracker("")


def test_importing_the_package_imports_neither_mlflow_nor_matplotlib() -> None:
    code = "import tracking, sys; sys.exit('mlflow' in sys.modules or 'matplotlib' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_environment_of_the_user_wins_and_nothing_is_printed(tmp_path: Path) -> None:
    code = f"""
import os
from tracking import MlflowTracker, SweepRecord
os.environ["MLFLOW_HTTP_REQUEST_TIMEOUT"] = "77"
os.environ.pop("MLFLOW_DISABLE_TELEMETRY", None)
sweep = SweepRecord(name="s", spec={{}}, task="t", seed=0, objectives={{}}, planned=1)
MlflowTracker("sqlite:///{tmp_path / "new.db"}").start(sweep)
assert os.environ["MLFLOW_HTTP_REQUEST_TIMEOUT"] == "77"
assert os.environ["MLFLOW_DISABLE_TELEMETRY"] == "true"
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
