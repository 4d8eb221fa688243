"""The driver's rule: a sweep is a function of its file, whatever the order and the interruptions."""

import dataclasses
import random
from collections.abc import Sequence
from pathlib import Path

import pytest

from sweeps.driver import drive
from sweeps.executor import Job, Outcome
from sweeps.inline_executor import InlineExecutor
from sweeps.space import FloatRange, Space
from sweeps.spec import Spec
from sweeps.study import Record, State, SweepStudy
from tasks import Task


class ShuffledExecutor:
    """Hands results back in a random order, some at a time, like many workers would."""

    workers = 4

    def __init__(self, task: Task, spec: Spec, shuffle: int) -> None:
        self._inner = InlineExecutor(task, spec.evaluator)
        self._done: list[Outcome] = []
        self._random = random.Random(shuffle)
        self.most_in_flight = 0

    def submit(self, jobs: Sequence[Job]) -> None:
        self._inner.submit(jobs)
        for _ in jobs:
            self._done += self._inner.wait()
        self._random.shuffle(self._done)
        self.most_in_flight = max(self.most_in_flight, len(self._done))

    def wait(self, timeout_s: float | None = None) -> list[Outcome]:
        count = self._random.randint(1, 3)
        given, self._done = self._done[:count], self._done[count:]
        return given

    def close(self) -> None:
        self._done.clear()


def plain(records: Sequence[Record]) -> list[Record]:
    return [
        dataclasses.replace(record, evaluation=record.evaluation and dataclasses.replace(record.evaluation, seconds=0))
        for record in records
    ]


def run(spec: Spec, task: Task, journal: Path, shuffle: int | None, stops: Sequence[int] = ()) -> list[Record]:
    """Drive a sweep, opening the study anew after each of ``stops`` told trials."""
    for stop_after in [*stops, None]:
        study = SweepStudy(spec, journal)
        executor = (
            InlineExecutor(task, spec.evaluator)
            if shuffle is None
            else ShuffledExecutor(task, spec, shuffle)
        )
        told: list[Record] = []
        complete = drive(
            study,
            executor,
            configurations=spec.configurations,
            lag=spec.lag,
            on_told=told.append,
            stop=lambda told=told, stop_after=stop_after: stop_after is not None and len(told) >= stop_after,
        )
        assert complete == (stop_after is None)
    return plain(SweepStudy(spec, journal).records())


@pytest.fixture
def reference(tiny_spec: Spec, tiny_task: Task, tmp_path: Path) -> list[Record]:
    return run(tiny_spec, tiny_task, tmp_path / "reference.log", None)


def test_every_trial_is_told(reference: list[Record], tiny_spec: Spec) -> None:
    assert [record.number for record in reference] == list(range(tiny_spec.configurations))
    assert {record.state for record in reference} == {State.FINISHED}
    assert len({str(record.configuration) for record in reference}) == tiny_spec.configurations


@pytest.mark.parametrize("shuffle", [0, 1, 2])
def test_the_order_of_results_changes_nothing(
    shuffle: int, reference: list[Record], tiny_spec: Spec, tiny_task: Task, tmp_path: Path
) -> None:
    assert run(tiny_spec, tiny_task, tmp_path / "shuffled.log", shuffle) == reference


@pytest.mark.parametrize("stops", [(1,), (7, 4), (23,)])
def test_interruptions_change_nothing(
    stops: tuple[int, ...], reference: list[Record], tiny_spec: Spec, tiny_task: Task, tmp_path: Path
) -> None:
    assert run(tiny_spec, tiny_task, tmp_path / "stopped.log", 5, stops) == reference


def test_a_trial_whose_asking_was_cut_short_is_completed(
    reference: list[Record], tiny_spec: Spec, tiny_task: Task, tmp_path: Path
) -> None:
    journal = tmp_path / "cut.log"
    run_part = SweepStudy(tiny_spec, journal)
    drive(
        run_part,
        InlineExecutor(tiny_task, tiny_spec.evaluator),
        configurations=tiny_spec.configurations,
        lag=tiny_spec.lag,
        on_told=lambda _: None,
        stop=lambda: run_part.counts()[1] >= 9,
    )
    # Cut the journal behind the first parameter of the last trial asked, as a killed process might.
    lines = journal.read_text().splitlines(keepends=True)
    last_told = max(n for n, line in enumerate(lines) if '"op_code":6' in line.replace(" ", ""))
    parameters = [n for n, line in enumerate(lines) if '"param_name"' in line and n > last_told]
    assert len(parameters) == 2
    journal.write_text("".join(lines[: parameters[0] + 1]))
    assert run(tiny_spec, tiny_task, journal, None) == reference


def test_no_more_than_lag_trials_are_in_flight(tiny_spec: Spec, tiny_task: Task, tmp_path: Path) -> None:
    executor = ShuffledExecutor(tiny_task, tiny_spec, 0)
    drive(
        SweepStudy(tiny_spec, tmp_path / "journal.log"),
        executor,
        configurations=tiny_spec.configurations,
        lag=tiny_spec.lag,
        on_told=lambda _: None,
    )
    assert executor.most_in_flight <= tiny_spec.lag


def test_fields_that_do_not_go_together_fail_that_trial_alone(tiny_spec: Spec, tiny_task: Task, tmp_path: Path) -> None:
    crossing = {"device.g_min_S": FloatRange(low=1e-5, high=2e-4), "device.g_rest_S": FloatRange(low=5e-5, high=2e-4)}
    spec = dataclasses.replace(tiny_spec, space=Space(crossing), sampler="random")
    records = run(spec, tiny_task, tmp_path / "journal.log", None)
    failed = [record for record in records if record.state is State.FAILED]
    assert 0 < len(failed) < len(records)
    for record in records:
        crossed = record.configuration["device.g_min_S"] > record.configuration["device.g_rest_S"]
        assert (record.state is State.FAILED) == crossed
        assert ("device.g_rest_S" in (record.error or "")) == crossed


class Broken(InlineExecutor):
    """Fails trial 2 and reports an infinite energy for trial 4."""

    def wait(self, timeout_s: float | None = None) -> list[Outcome]:
        changed = []
        for outcome in super().wait(timeout_s):
            if outcome.trial == 2:
                outcome = Outcome(trial=2, error="DivergenceError: on purpose")
            if outcome.trial == 4 and outcome.evaluation:
                endless = dataclasses.replace(outcome.evaluation, energy_J=float("inf"))
                outcome = Outcome(trial=4, evaluation=endless)
            changed.append(outcome)
        return changed


def test_failures_keep_their_reason_and_the_sweep_goes_on(tiny_spec: Spec, tiny_task: Task, tmp_path: Path) -> None:
    study = SweepStudy(tiny_spec, tmp_path / "journal.log")
    executor = Broken(tiny_task, tiny_spec.evaluator)
    drive(study, executor, configurations=8, lag=4, on_told=lambda _: None)
    records = SweepStudy(tiny_spec, tmp_path / "journal.log").records()
    assert [record.number for record in records if record.state is State.FAILED] == [2, 4]
    assert records[2].error == "DivergenceError: on purpose"
    assert "must be a finite number" in (records[4].error or "")
    assert not {2, 4} & {record.number for record in study.front()}
