"""The driver's rule: a sweep is a function of its file, whatever the order and the interruptions."""

import dataclasses
import random
from collections.abc import Sequence
from pathlib import Path

import pytest

from sweeps.driver import drive
from sweeps.executor import Job, Outcome
from sweeps.inline_executor import InlineExecutor
from sweeps.space import Choices, FloatRange, Space
from sweeps.spec import Budget, Spec
from sweeps.study import Record, State, SweepStudy
from tasks import Configuration, Task
from tasks.robust import Robust


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

    @property
    def pending(self) -> int:
        return len(self._done)

    def withdraw(self) -> None:
        self._done.clear()

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
        executor = InlineExecutor(task, spec.evaluator) if shuffle is None else ShuffledExecutor(task, spec, shuffle)
        told: list[Record] = []
        complete = drive(
            study,
            executor,
            configurations=spec.configurations,
            lag=spec.lag,
            in_order=spec.mode == "reproducible",
            racing=spec.robust.racing_chips > 0,
            no_progress=spec.budget.no_progress,
            seconds=spec.budget.seconds,
            on_told=told.append,
            stop=lambda told=told, stop_after=stop_after: stop_after is not None and len(told) >= stop_after,
        )
        assert complete or stop_after is not None
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


@pytest.fixture
def racing_spec(tiny_spec: Spec) -> Spec:
    """The same search, in which most configurations are so rough that they are left after two chips."""
    rough = {"device.d2d_distribution": "lognormal", "device.c2c": 0.2}
    dimensions = {**tiny_spec.space.dimensions, "device.d2d": FloatRange(low=0.01, high=4.0)}
    fixed = {name: value for name, value in tiny_spec.fixed.items() if name != "device.d2d"}
    return dataclasses.replace(
        tiny_spec,
        chips=20,
        robust=Robust(racing_chips=8),
        objectives={"accuracy": "maximize"},
        fixed={**fixed, **rough, "device.alpha": 0.05, "device.beta": 0.2},
        space=Space(dimensions),
    )


def test_races_end_the_same_in_any_order_and_after_interruptions(
    racing_spec: Spec, tiny_task: Task, tmp_path: Path
) -> None:
    reference = run(racing_spec, tiny_task, tmp_path / "reference.log", None)
    left = [record.number for record in reference if record.evaluation and record.evaluation.raced_out]
    assert 3 <= len(left) <= 20
    others: list[tuple[int | None, tuple[int, ...]]] = [(0, ()), (None, (7, 4)), (2, (1, 1, 20))]
    for place, (shuffle, stops) in enumerate(others):
        assert run(racing_spec, tiny_task, tmp_path / f"{place}.log", shuffle, stops) == reference


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


@pytest.fixture
def coarse_spec(tiny_spec: Spec) -> Spec:
    """A search among so few points that most suggestions are duplicates, and some of them fail."""
    points = {
        "device.beta": Choices(choices=(0.05, 0.1, 5.0, 0.2)),
        "pulse.read_every": Choices(choices=(1, 2, 3)),
    }
    fixed = {"readout.kind": "ridge", "device.alpha": 0.02, "device.c2c": 0.1, "device.floor_policy": "fail"}
    return dataclasses.replace(tiny_spec, space=Space(points), fixed=fixed, configurations=40)


class Counting(ShuffledExecutor):
    """Notes the trials that are evaluated."""

    def __init__(self, task: Task, spec: Spec, shuffle: int) -> None:
        super().__init__(task, spec, shuffle)
        self.evaluated: list[int] = []

    def submit(self, jobs: Sequence[Job]) -> None:
        self.evaluated += [job.trial for job in jobs]
        super().submit(jobs)


def test_duplicates_take_over_the_outcome_of_the_first_trial_told(
    coarse_spec: Spec, tiny_task: Task, tmp_path: Path
) -> None:
    executor = Counting(tiny_task, coarse_spec, 0)
    study = SweepStudy(coarse_spec, tmp_path / "journal.log")
    drive(study, executor, configurations=40, lag=5, on_told=lambda _: None)
    records = plain(SweepStudy(coarse_spec, tmp_path / "journal.log").records())
    copies = [record for record in records if record.duplicate_of is not None]
    assert {record.number for record in records} - {record.number for record in copies} == set(executor.evaluated)
    assert {record.state for record in copies} == {State.FINISHED, State.FAILED}
    for record in records:
        # The rule: the first of the same configuration among the trials up to n - lag.
        told = records[: max(record.number - 4, 0)]
        same = [other.number for other in told if other.configuration == record.configuration]
        assert record.duplicate_of == (same[0] if same else None)
        if same:
            assert record.evaluation == records[same[0]].evaluation
            assert record.error == records[same[0]].error
    assert not {record.number for record in copies} & {record.number for record in study.front()}


@pytest.mark.parametrize("stops", [(), (1, 1), (20, 3)])
def test_duplicates_are_the_same_in_any_order_and_after_interruptions(
    stops: tuple[int, ...], coarse_spec: Spec, tiny_task: Task, tmp_path: Path
) -> None:
    expected = run(coarse_spec, tiny_task, tmp_path / "reference.log", None)
    assert run(coarse_spec, tiny_task, tmp_path / "other.log", 3, stops) == expected


@pytest.mark.parametrize(("shuffle", "stops"), [(None, ()), (0, (3,)), (1, (1, 9))])
def test_no_progress_ends_a_sweep_at_the_same_trial(
    shuffle: int | None, stops: tuple[int, ...], tiny_spec: Spec, tiny_task: Task, tmp_path: Path
) -> None:
    spec = dataclasses.replace(tiny_spec, budget=Budget(no_progress=4), sampler="random", configurations=60)
    whole = run(dataclasses.replace(spec, budget=Budget()), tiny_task, tmp_path / "whole.log", None)
    # By hand: the first trial of which the last four did not join the front of those before.
    values = [(-one.evaluation.accuracy, one.evaluation.energy_J) for one in whole if one.evaluation]
    joined = [
        not any(a <= accuracy and e <= energy for a, e in values[:number])
        for number, (accuracy, energy) in enumerate(values)
    ]
    last = next(number for number in range(3, 60) if not any(joined[number - 3 : number + 1]))
    assert 4 < last < 50
    assert run(spec, tiny_task, tmp_path / "other.log", shuffle, stops) == whole[: last + spec.lag]


def test_time_ends_a_sweep_with_what_is_in_flight_and_resuming_adds_nothing(
    tiny_spec: Spec, tiny_task: Task, tmp_path: Path
) -> None:
    whole = run(tiny_spec, tiny_task, tmp_path / "whole.log", None)
    spec = dataclasses.replace(tiny_spec, budget=Budget(seconds=1e-9))
    assert run(spec, tiny_task, tmp_path / "short.log", None) == []
    clock = iter([0.0, *[n * 0.1 for n in range(1000)]])
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("sweeps.driver.time.monotonic", lambda: next(clock))
        some = run(dataclasses.replace(spec, budget=Budget(seconds=2.0)), tiny_task, tmp_path / "some.log", None)
    assert 5 <= len(some) < len(whole)
    assert some == whole[: len(some)]
    assert run(dataclasses.replace(spec, budget=Budget(seconds=2.0)), tiny_task, tmp_path / "some.log", 1) == some


def test_throughput_tells_what_comes_and_each_trial_is_what_its_configuration_makes_it(
    tiny_spec: Spec, tiny_task: Task, tmp_path: Path
) -> None:
    spec = dataclasses.replace(tiny_spec, mode="throughput")
    executor = ShuffledExecutor(tiny_task, spec, 1)
    study = SweepStudy(spec, tmp_path / "journal.log")
    told: list[int] = []
    drive(
        study,
        executor,
        configurations=24,
        lag=5,
        in_order=False,
        on_told=lambda record: told.append(record.number),
        stop=lambda: len(told) >= 10,
    )
    assert told != sorted(told)
    assert len(told) < 24
    records = run(spec, tiny_task, tmp_path / "journal.log", 2)
    assert [record.number for record in records] == list(range(24))
    assert {record.state for record in records} == {State.FINISHED}
    alone = InlineExecutor(tiny_task, spec.evaluator)
    for record in records:
        alone.submit([Job(trial=record.number, configuration=Configuration.from_dotted(record.configuration))])
    again = [outcome.evaluation for _ in range(3) for outcome in alone.wait()]
    assert [dataclasses.replace(one, seconds=0) for one in again if one] == [record.evaluation for record in records]
