"""What breaks a sweep: disks, signals, workers and nodes. Nothing is lost, and going on ends as if nothing had been."""

import dataclasses
import errno
import os
import signal
import subprocess
import sys
import time
import weakref
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from sweeps import preparation
from sweeps import run as runs
from sweeps.executor import ExecutorError, Job, Outcome
from sweeps.home import Home, HomeError, SweepFolder
from sweeps.inline_executor import InlineExecutor
from sweeps.journal import JournalFile
from sweeps.run import NoObserver, Options
from sweeps.spec import Spec
from sweeps.storage import StorageError
from sweeps.study import Record, SweepStudy
from tasks import Configuration, Evaluation, Task
from tasks.evaluator import Evaluator
from tasks.readout_training import Prepared, ReadoutTraining
from tests.sweeps.test_driver import plain
from tests.sweeps.test_executor_conformance import collect, job

INLINE = Options(executor="inline")


@pytest.fixture(autouse=True)
def own_task(tiny_task: Task, monkeypatch: pytest.MonkeyPatch) -> None:
    """Sweeps of the command line's kind, on the task that takes a millisecond."""
    monkeypatch.setattr(runs, "load_data", lambda spec: tiny_task)


def records(spec: Spec, folder: SweepFolder) -> list[Record]:
    return plain(SweepStudy(spec, folder.journal).records())


@pytest.fixture
def reference(tiny_spec: Spec, tmp_path: Path) -> list[Record]:
    outcome = runs.run(tiny_spec, Home(tmp_path / "reference"), INLINE)
    assert outcome.complete
    return records(tiny_spec, outcome.folder)


class After(NoObserver):
    """Does something when so many trials have been told."""

    def __init__(self, told: int, act: Callable[[], None]) -> None:
        self._left, self._act = told, act

    def told(self, record: Record) -> None:
        self._left -= 1
        if self._left == 0:
            self._act()


def raising_disk(monkeypatch: pytest.MonkeyPatch, *, after: int, written: int) -> None:
    """A disk that is full after so many lines, and takes a few bytes more."""
    write = JournalFile._write
    lines = 0

    def full(file: int, text: bytes) -> None:
        nonlocal lines
        lines += 1
        if lines > after:
            os.write(file, text[:written])
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        write(file, text)

    monkeypatch.setattr(JournalFile, "_write", staticmethod(full))


@pytest.mark.parametrize(("after", "written"), [(3, 0), (40, 7), (57, 100_000)])
def test_a_full_disk_stops_the_sweep_and_loses_nothing(
    after: int,
    written: int,
    tiny_spec: Spec,
    reference: list[Record],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with monkeypatch.context() as patch:
        raising_disk(patch, after=after, written=written)
        outcome = runs.run(tiny_spec, Home(tmp_path), INLINE)
    assert not outcome.complete
    assert "No space left" in (outcome.problem or "")
    assert outcome.folder.journal.read_bytes().endswith(b"\n")
    assert runs.resume(outcome.folder, INLINE).complete
    assert records(tiny_spec, outcome.folder) == reference


@pytest.mark.parametrize("written", [0, 7])
def test_a_disk_that_is_full_from_the_first_line_is_told_and_the_sweep_goes_on_later(
    written: int, tiny_spec: Spec, reference: list[Record], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        raising_disk(patch, after=0, written=written)
        with pytest.raises(StorageError, match=r"cannot be written \(No space left"):
            runs.run(tiny_spec, Home(tmp_path), INLINE)
    with pytest.raises(HomeError, match="go on with it by `memsweep resume tiny --home "):
        runs.run(tiny_spec, Home(tmp_path), INLINE)
    folder = Home(tmp_path).find("tiny")
    assert runs.resume(folder, INLINE).complete
    assert records(tiny_spec, folder) == reference


def test_half_a_line_and_a_lock_left_behind_are_mended_without_waiting(
    tiny_spec: Spec, reference: list[Record], tmp_path: Path
) -> None:
    def stop() -> None:
        os.kill(os.getpid(), signal.SIGINT)

    outcome = runs.run(tiny_spec, Home(tmp_path), Options(executor="inline", observer=After(9, stop)))
    assert not outcome.complete
    folder = outcome.folder
    with folder.journal.open("ab") as stream:
        stream.write(b'{"op_code":5,"worker_id":"d0')
    (folder.path / "journal.log.lock").symlink_to(folder.journal)
    start = time.monotonic()
    assert runs.resume(folder, INLINE).complete
    assert time.monotonic() - start < 15  # Optuna alone would take the lock away after 30 s
    assert records(tiny_spec, folder) == reference


@pytest.mark.parametrize("which", [signal.SIGINT, signal.SIGTERM])
def test_signals_end_a_sweep_between_two_trials(
    which: signal.Signals, tiny_spec: Spec, reference: list[Record], tmp_path: Path
) -> None:
    observer = After(7, lambda: os.kill(os.getpid(), which))
    outcome = runs.run(tiny_spec, Home(tmp_path), Options(executor="inline", observer=observer))
    assert not outcome.complete
    assert outcome.problem is None
    assert 7 <= outcome.finished < tiny_spec.configurations
    assert runs.resume(outcome.folder, INLINE).complete
    assert records(tiny_spec, outcome.folder) == reference


def test_readers_write_nothing(tiny_spec: Spec, tmp_path: Path) -> None:
    folder = runs.run(tiny_spec, Home(tmp_path), INLINE).folder
    before = folder.journal.read_bytes()
    SweepStudy(tiny_spec, folder.journal).front()
    assert folder.journal.read_bytes() == before


def test_what_is_too_much_together_is_done_alone(tiny_task: Task, monkeypatch: pytest.MonkeyPatch) -> None:
    """Memory runs out where it does: in making features beside those of others, and in training several at once."""
    jobs = [job(n) for n in range(3)]
    prepare, train = ReadoutTraining.prepare, ReadoutTraining.train

    def values() -> list[Evaluation]:
        executor = InlineExecutor(tiny_task, partial(Evaluator, seed=0, chips=2))
        executor.submit(jobs)
        found = collect(executor, len(jobs))
        return [dataclasses.replace(one, seconds=0) for n in sorted(found) if (one := found[n].evaluation)]

    expected = values()
    assert len(expected) == len(jobs)
    features: list[weakref.ref[Any]] = []
    refused = 0

    def prepare_one(self: ReadoutTraining, configuration: Configuration, trial: int) -> Prepared:
        nonlocal refused
        if any(kept() is not None for kept in features):
            refused += 1
            raise MemoryError("no room for more features")
        prepared = prepare(self, configuration, trial)
        features.append(weakref.ref(prepared.train))
        return prepared

    with monkeypatch.context() as patch:
        patch.setattr(ReadoutTraining, "prepare", prepare_one)
        assert values() == expected
    assert refused == len(jobs) - 1

    def train_one(self: ReadoutTraining, group: list[Prepared]) -> Any:
        nonlocal refused
        if len(group) > 1:
            refused += 1
            raise MemoryError("no room for several")
        return train(self, group)

    refused = 0
    monkeypatch.setattr(ReadoutTraining, "train", train_one)
    assert values() == expected
    assert refused == 1


def test_a_sweep_that_loses_its_workers_for_good_says_so(
    tiny_spec: Spec, reference: list[Record], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Deserted(InlineExecutor):
        calls = 0

        def wait(self, timeout_s: float | None = None) -> list[Outcome]:
            self.calls += 1
            if self.calls > 2:
                raise ExecutorError("No worker has been there for 600 s.")
            return super().wait(timeout_s)

    with monkeypatch.context() as patch:
        patch.setattr(preparation, "InlineExecutor", Deserted)
        outcome = runs.run(tiny_spec, Home(tmp_path), INLINE)
    assert not outcome.complete
    assert outcome.problem == "No worker has been there for 600 s."
    assert outcome.finished > 0
    assert runs.resume(outcome.folder, INLINE).complete
    assert records(tiny_spec, outcome.folder) == reference


# On Ray.


@pytest.fixture
def workers(tiny_task: Task, request: pytest.FixtureRequest) -> Iterator[Callable[..., Any]]:
    """Makes executors whose actors behave as told."""
    request.getfixturevalue("local_ray")
    from sweeps import ray_executor

    made = []

    def make(evaluate: Callable[[list[Job]], None], **options: Any) -> ray_executor.RayExecutor:
        class Odd(ray_executor._Worker):
            def evaluate(self, jobs: list[Any]) -> list[Outcome]:
                evaluate(jobs)
                return super().evaluate(jobs)

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(ray_executor, "_Worker", Odd)
            made.append(ray_executor.RayExecutor(tiny_task, partial(Evaluator, seed=0, chips=2), **options))
        return made[-1]

    yield make
    for executor in made:
        executor.close()


def test_a_call_that_hangs_fails_with_its_history_and_the_rest_goes_on(workers: Callable[..., Any]) -> None:
    def hang(jobs: list[Job]) -> None:
        if any(job.trial == 2 for job in jobs):
            time.sleep(600)

    executor = workers(hang, workers=2, deadline_s=1.0)
    executor.submit([job(n) for n in range(6)])
    outcomes = collect(executor, 6)
    assert sorted(outcomes) == list(range(6))
    assert all(outcomes[n].evaluation is not None for n in range(6) if n != 2)
    error = outcomes[2].error or ""
    assert error.count("no answer within the deadline of 1 s") == 3
    assert "(1)" in error
    assert "(3)" in error


def test_a_call_that_cannot_run_is_tried_again_and_then_fails_with_its_history(workers: Callable[..., Any]) -> None:
    def exhaust(jobs: list[Job]) -> None:
        if any(job.trial == 1 for job in jobs):
            raise MemoryError("no room for 32 GB")

    executor = workers(exhaust, workers=1)
    executor.submit([job(n) for n in range(4)])
    outcomes = collect(executor, 4)
    assert (outcomes[1].error or "").count("MemoryError: no room for 32 GB") == 3
    assert all(outcomes[n].evaluation is not None for n in (0, 2, 3))


def test_an_actor_that_is_killed_costs_nothing_but_time(workers: Callable[..., Any]) -> None:
    executor = workers(lambda jobs: time.sleep(0.1), workers=2)
    executor.submit([job(n) for n in range(20)])
    outcomes: dict[int, Outcome] = {}
    killed = False
    deadline = time.monotonic() + 60
    while len(outcomes) < 20 and time.monotonic() < deadline:
        outcomes |= {outcome.trial: outcome for outcome in executor.wait(1.0)}
        ready = [actor.process for actor in executor._actors if actor.process]
        if len(outcomes) > 4 and not killed and ready:
            os.kill(ready[0], signal.SIGKILL)
            killed = True
    assert killed
    assert sorted(outcomes) == list(range(20))
    assert all(outcome.evaluation is not None for outcome in outcomes.values())


def test_withdrawn_jobs_do_not_come_back_and_running_ones_do(workers: Callable[..., Any]) -> None:
    executor = workers(lambda jobs: time.sleep(1.0), workers=1)
    executor.submit([job(n) for n in range(8)])
    while not any(actor.calls for actor in executor._actors):
        executor.wait(0.1)
    time.sleep(0.3)
    executor.withdraw()
    outcomes = []
    while executor.pending:
        outcomes += executor.wait(1.0)
    assert [outcome.trial for outcome in outcomes] == [0]
    assert outcomes[0].evaluation is not None


def test_stopping_waits_for_a_call_that_hangs_once(workers: Callable[..., Any]) -> None:
    executor = workers(lambda jobs: time.sleep(600), workers=1, deadline_s=1.0)
    executor.submit([job(n) for n in range(8)])
    while not any(actor.calls for actor in executor._actors):
        executor.wait(0.1)
    executor.withdraw()
    start = time.monotonic()
    outcomes = []
    while executor.pending and time.monotonic() < start + 30:
        outcomes += executor.wait(0.5)
    assert outcomes == []
    assert executor.pending == 0


def test_a_driver_that_was_away_takes_in_what_came_before_it_looks_for_those_that_hang(
    workers: Callable[..., Any],
) -> None:
    import ray

    executor = workers(lambda jobs: None, workers=1)
    executor.submit([job(0)])
    collect(executor, 1)
    [actor] = executor._actors
    executor.submit([job(1)])
    executor._dispatch()
    ray.wait([call for call, _ in actor.calls], timeout=60)
    actor.since_s -= 2 * executor._deadline_s
    executor._looked_s = 0.0
    [outcome] = executor.wait(5.0)
    assert outcome.evaluation is not None
    assert executor._actors == [actor]


def test_workers_that_cannot_start_are_told_at_once(tiny_task: Task, request: pytest.FixtureRequest) -> None:
    request.getfixturevalue("local_ray")
    from sweeps import ray_executor

    def no_evaluator(task: Task) -> Evaluator:
        raise ImportError("no such version")

    executor = ray_executor.RayExecutor(tiny_task, no_evaluator, workers=1)
    executor.submit([job(0)])
    try:
        with pytest.raises(ExecutorError, match=r"No worker starts .*no such version"):
            for _ in range(60):
                executor.wait(1.0)
    finally:
        executor.close()


@pytest.mark.timeout(240)
def test_nodes_that_join_are_used_and_those_that_leave_are_waited_for() -> None:
    run_alone("tests.sweeps.joining_and_leaving")


@pytest.mark.timeout(240)
def test_a_lost_node_is_charged_to_nobody_and_one_with_other_versions_is_not_used() -> None:
    run_alone("tests.sweeps.odd_nodes")


def run_alone(module: str) -> None:
    """A cluster of real raylets, in a process of its own: this one has a Ray already."""
    command = [sys.executable, "-m", module]
    root = Path(__file__).parents[2]
    answer = subprocess.run(command, cwd=root, capture_output=True, text=True, timeout=200, check=False)
    assert answer.returncode == 0, answer.stdout + answer.stderr[-3000:]
