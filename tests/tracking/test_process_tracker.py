"""MLflow in a process of its own: what crosses, and what happens if the process dies."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from mlflow import MlflowClient
from mlflow.entities import Run

from tracking import MlflowTracker, ProcessTracker, StudyRecord, Summary, SweepRecord, TrackerError, TrialRecord
from tracking.__main__ import read_record
from tracking.process_tracker import RECORDS

TrialBuilder = Callable[..., TrialRecord]


@pytest.fixture
def named(sweep: SweepRecord, request: pytest.FixtureRequest) -> SweepRecord:
    return replace(sweep, name=request.node.name)


@pytest.fixture
def tracker(mlflow_uri: str, tmp_path: Path) -> Iterator[ProcessTracker]:
    tracker = ProcessTracker(mlflow_uri, tmp_path / "artifacts")
    yield tracker
    tracker.close()


def runs(uri: str, name: str) -> list[Run]:
    client = MlflowClient(uri)
    experiment = client.get_experiment_by_name(name)
    assert experiment is not None
    return list(client.search_runs([experiment.experiment_id]))


def process_of(tracker: ProcessTracker) -> int:
    assert tracker._process is not None
    return tracker._process._process.pid


def test_all_that_a_record_holds_crosses(
    tracker: ProcessTracker, mlflow_uri: str, named: SweepRecord, trial: TrialBuilder, summary: Summary, tmp_path: Path
) -> None:
    evaluation = {"accuracy": np.float32(0.5), "energy_J": 2e-9, "latency_s": float("nan"), "test_accuracy": None}
    tracker.start(named)
    assert tracker.log(trial(17, evaluation=evaluation))
    (tmp_path / "table.csv").write_text("a,b\n")
    study = StudyRecord(
        sweep=named.name,
        number=17,
        state="finished",
        configuration=trial(17).configuration,
        study="spread",
        settings={"chips": 5},
        files={"table": tmp_path / "table.csv"},
    )
    assert tracker.log(study)
    tracker.finish(summary)
    by_kind = {run.data.tags["kind"]: run for run in runs(mlflow_uri, named.name)}
    assert by_kind["configuration"].data.metrics == {"accuracy": 0.5, "energy_J": 2e-9, "log10_energy_J": -8.69897}
    assert by_kind["configuration"].data.params["readout.hidden"] == "[8, 16]"
    assert by_kind["sweep"].data.metrics["finished"] == 199
    client = MlflowClient(mlflow_uri)
    assert "table.csv" in {file.path for file in client.list_artifacts(by_kind["robustness"].info.run_id)}
    assert client.list_artifacts(by_kind["sweep"].info.run_id, "figures")


def test_process_that_is_killed_is_replaced_and_nothing_is_lost_or_doubled(
    tracker: ProcessTracker, mlflow_uri: str, named: SweepRecord, trial: TrialBuilder
) -> None:
    tracker.start(named)
    tracker.log(trial(0))
    process = process_of(tracker)
    os.kill(process, signal.SIGSTOP)
    with ThreadPoolExecutor(1) as pool:
        call = pool.submit(tracker.log, trial(1))
        time.sleep(0.1)
        os.kill(process, signal.SIGKILL)
        with pytest.raises(TrackerError, match="has ended"):
            call.result(timeout=20)
    assert not tracker.log(trial(0))
    assert tracker.log(trial(1))
    assert sorted(run.data.tags["trial"] for run in runs(mlflow_uri, named.name)) == ["0", "1"]


def test_the_front_is_marked_whoever_wrote_its_runs(
    tracker: ProcessTracker, mlflow_uri: str, named: SweepRecord, trial: TrialBuilder, summary: Summary, tmp_path: Path
) -> None:
    tracker.start(named)
    other = MlflowTracker(mlflow_uri, tmp_path / "artifacts")
    other.start(named)
    other.log(trial(1))
    tracker.log(trial(4))
    tracker.finish(summary)
    front = {run.data.tags["trial"] for run in runs(mlflow_uri, named.name) if "on_front" in run.data.tags}
    assert front == {"1", "4"}


def test_process_ends_with_the_tracker_and_with_its_owner(tracker: ProcessTracker, named: SweepRecord) -> None:
    tracker.start(named)
    process = process_of(tracker)
    tracker.close()
    with pytest.raises(ProcessLookupError):
        os.kill(process, 0)
    owner = """
import os, signal, sys
from tracking import MlflowTracker, ProcessTracker, SweepRecord
tracker = ProcessTracker(sys.argv[1])
tracker.start(SweepRecord(name="owner", spec={}, task="t", seed=0, objectives={}, planned=1))
print(tracker._process._process.pid, flush=True)
os.kill(os.getpid(), signal.SIGKILL)
"""
    uri = tracker.place or ""
    killed = subprocess.run([sys.executable, "-c", owner, uri], capture_output=True, text=True, check=False)
    orphan, deadline_s = int(killed.stdout), time.monotonic() + 20
    while _runs(orphan):
        assert time.monotonic() < deadline_s
        time.sleep(0.05)


def _runs(process: int) -> bool:
    """Whether it does anything yet; what has ended may wait for whoever adopted it to look."""
    stat = Path(f"/proc/{process}/stat")
    return stat.exists() and stat.read_text().rpartition(")")[2].split()[0] != "Z"


def test_password_is_neither_among_the_arguments_nor_in_an_error(closed_port: int, sweep: SweepRecord) -> None:
    tracker = ProcessTracker(f"http://someone:hush@127.0.0.1:{closed_port}")
    with pytest.raises(TrackerError, match="could not start sweep") as raised:
        tracker.start(sweep)
    assert "hush" not in str(raised.value)
    assert tracker.place == f"http://***@127.0.0.1:{closed_port}"


def test_record_that_crosses_is_the_record(summary: Summary, trial: TrialBuilder, sweep: SweepRecord) -> None:
    for record in (summary, trial(), sweep):
        kind = type(record).__name__
        assert read_record(kind, dict(vars(record))) == record
        assert RECORDS[kind] is type(record)
