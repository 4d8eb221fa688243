"""The contract of ``tracking.base.Tracker``, on every implementation."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from mlflow import MlflowClient
from mlflow.entities import Run

from tracking import (
    BackgroundTracker,
    MemoryTracker,
    MlflowTracker,
    ProcessTracker,
    RecordRefusedError,
    Summary,
    SweepRecord,
    Tracker,
    TrackerError,
    TrialRecord,
)

TrialBuilder = Callable[..., TrialRecord]


class Memory:
    """A memory tracker; what another process would see is the same object."""

    raises_at_once = True

    def __init__(self) -> None:
        self.kept = MemoryTracker()

    def open(self) -> Tracker | BackgroundTracker:
        return self.kept

    def settle(self) -> None:
        pass

    def trials(self, name: str) -> list[tuple[int, str]]:
        return sorted((number, trial.state) for number, trial in self.kept.trials.items())

    def summaries(self, name: str) -> list[float]:
        return [] if self.kept.summary is None else [self.kept.summary.finished]


class Background(Memory):
    """A memory tracker behind a queue: refusals are read from it instead of raised."""

    raises_at_once = False

    def __init__(self) -> None:
        super().__init__()
        self.opened: list[BackgroundTracker] = []

    def open(self) -> BackgroundTracker:
        self.settle()
        self.opened.append(BackgroundTracker(self.kept))
        return self.opened[-1]

    def settle(self) -> None:
        for tracker in self.opened:
            tracker.close(timeout_s=10)


class Mlflow:
    """A database; every ``open`` is a new client, as of another process."""

    raises_at_once = True

    def __init__(self, build: Callable[[], MlflowTracker], uri: str) -> None:
        self.build = build
        self.uri = uri

    def open(self) -> Tracker:
        return self.build()

    def settle(self) -> None:
        pass

    def _runs(self, name: str, kind: str) -> list[Run]:
        client = MlflowClient(self.uri)
        experiment = client.get_experiment_by_name(name)
        assert experiment is not None
        return list(client.search_runs([experiment.experiment_id], f"tags.kind = '{kind}'"))

    def trials(self, name: str) -> list[tuple[int, str]]:
        runs = self._runs(name, "configuration")
        return sorted((int(run.data.tags["trial"]), run.info.status.lower()) for run in runs)

    def summaries(self, name: str) -> list[float]:
        return [run.data.metrics["finished"] for run in self._runs(name, "sweep")]


class Process(Mlflow):
    """The same database, written by a process of its own a tracker."""

    def __init__(self, uri: str, artifacts: Path) -> None:
        self.opened: list[ProcessTracker] = []
        super().__init__(lambda: MlflowTracker(uri), uri)
        self.artifacts = artifacts

    def open(self) -> Tracker:
        self.opened.append(ProcessTracker(self.uri, self.artifacts))
        return self.opened[-1]

    def close(self) -> None:
        for tracker in self.opened:
            tracker.close()


Harness = Memory | Background | Mlflow


@pytest.fixture(params=["memory", "background", "mlflow", "process"])
def harness(
    request: pytest.FixtureRequest, mlflow_uri: str, mlflow_tracker: Callable[[], MlflowTracker], tmp_path: Path
) -> Iterator[Harness]:
    if request.param == "process":
        process = Process(mlflow_uri, tmp_path / "artifacts")
        yield process
        process.close()
    elif request.param == "mlflow":
        yield Mlflow(mlflow_tracker, mlflow_uri)
    else:
        yield Memory() if request.param == "memory" else Background()


@pytest.fixture
def named(sweep: SweepRecord, request: pytest.FixtureRequest) -> SweepRecord:
    """The sweep under a name that no other test uses."""
    return replace(sweep, name=request.node.name)


def test_keeps_finished_and_failed_trials_and_the_summary(
    harness: Harness, named: SweepRecord, trial: TrialBuilder, summary: Summary
) -> None:
    tracker = harness.open()
    tracker.start(named)
    tracker.log(trial(0))
    tracker.log(trial(1, state="failed", evaluation=None, error="diverged"))
    tracker.finish(summary)
    assert harness.trials(named.name) == [(0, "finished"), (1, "failed")]
    assert harness.summaries(named.name) == [199]


def test_trial_logged_twice_is_kept_once(harness: Harness, named: SweepRecord, trial: TrialBuilder) -> None:
    tracker = harness.open()
    tracker.start(named)
    record = trial(0)
    written = [tracker.log(record), tracker.log(record), tracker.log(trial(0))]
    harness.settle()
    if isinstance(tracker, BackgroundTracker):
        assert tracker.written == 1
    else:
        assert written == [True, False, False]
    assert harness.trials(named.name) == [(0, "finished")]


def test_first_end_of_a_trial_stands(harness: Harness, named: SweepRecord, trial: TrialBuilder) -> None:
    for state in ("failed", "finished"):
        tracker = harness.open()
        tracker.start(named)
        tracker.log(trial(0, state=state))
        harness.settle()
    assert harness.trials(named.name) == [(0, "failed")]


def test_sweep_started_again_continues(
    harness: Harness, named: SweepRecord, trial: TrialBuilder, summary: Summary
) -> None:
    for last, finished in ((1, 2), (2, 3)):
        tracker = harness.open()
        tracker.start(replace(named, planned=last + 1))
        for number in range(last + 1):
            tracker.log(trial(number))
        tracker.finish(replace(summary, finished=finished))
    assert harness.trials(named.name) == [(0, "finished"), (1, "finished"), (2, "finished")]
    assert harness.summaries(named.name) == [3]


@pytest.mark.parametrize(
    "change",
    [{"seed": 4}, {"task": "mnist"}, {"spec": {"name": "digits", "chips": 64}}, {"data": {"training": "1234abcd"}}],
    ids=["seed", "task", "file content", "data"],
)
def test_other_sweep_of_the_same_name_is_refused(
    harness: Harness, named: SweepRecord, trial: TrialBuilder, change: dict[str, Any]
) -> None:
    first = harness.open()
    first.start(named)
    first.log(trial(0))
    second = harness.open()
    if harness.raises_at_once:
        with pytest.raises(RecordRefusedError, match="another name"):
            second.start(replace(named, **change))
    else:
        second.start(replace(named, **change))
        second.log(trial(1))
        harness.settle()
        assert isinstance(second, BackgroundTracker)
        assert second.missing == [1]
        assert "another name" in str(second.problem)
    assert harness.trials(named.name) == [(0, "finished")]


def test_trial_with_another_configuration_is_refused(harness: Harness, named: SweepRecord, trial: TrialBuilder) -> None:
    tracker = harness.open()
    tracker.start(named)
    tracker.log(trial(0))
    other = trial(0, configuration={"device.d2d": 0.1}, state="failed")
    if harness.raises_at_once:
        with pytest.raises(RecordRefusedError, match="another"):
            tracker.log(other)
    else:
        tracker.log(other)
        harness.settle()
        assert isinstance(tracker, BackgroundTracker)
        assert tracker.missing == [0]
    assert harness.trials(named.name) == [(0, "finished")]


def test_before_start_nothing_can_be_logged(harness: Harness, trial: TrialBuilder, summary: Summary) -> None:
    tracker = harness.open()
    with pytest.raises(TrackerError, match="before start"):
        tracker.log(trial(0))
    with pytest.raises(TrackerError, match="before start"):
        tracker.finish(summary)


def test_any_thread_may_call(harness: Harness, named: SweepRecord, trial: TrialBuilder) -> None:
    tracker = harness.open()
    for call in (lambda: tracker.start(named), lambda: tracker.log(trial(0)), lambda: tracker.log(trial(1))):
        with ThreadPoolExecutor(1) as pool:
            pool.submit(call).result(timeout=60)
    harness.settle()
    assert harness.trials(named.name) == [(0, "finished"), (1, "finished")]
