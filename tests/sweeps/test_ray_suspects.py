"""Who is charged when a worker dies: order and company of calls, without any Ray actor."""

import time
from collections import deque
from types import SimpleNamespace
from typing import Any

import pytest

from sweeps import ray_executor
from sweeps.ray_attempts import Attempt, End
from sweeps.ray_executor import RayExecutor, _Actor
from tests.sweeps.test_executor_conformance import job


def make_executor(actors: int) -> RayExecutor:
    """An executor whose actors take calls and never answer; a call is its list of trials."""

    def evaluate(jobs: list[Any]) -> tuple[int, ...]:
        return tuple(each.trial for each in jobs)

    executor = RayExecutor.__new__(RayExecutor)
    remote = SimpleNamespace(remote=evaluate)
    handle = SimpleNamespace(evaluate=remote, ready=SimpleNamespace(remote=lambda: None))
    executor._actors = [_Actor(handle, starting=None) for _ in range(actors)]
    executor._waiting, executor._again, executor._seconds_per_job = deque(), deque(), None
    executor._asked_for, executor._deadline_s, executor._patience_s = actors, 60.0, 600.0
    executor._looked_s = executor._staffed_s = 0.0
    executor._any_started, executor._failed_starts, executor._last_end = True, 0, ""
    executor._vacant_until_s = []
    executor._actor_class = SimpleNamespace(remote=lambda: handle)
    executor._arguments = ()
    return executor


@pytest.fixture
def no_cluster(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody to tell that an actor ends or a call is withdrawn."""
    for name in ("kill", "cancel"):
        monkeypatch.setattr(ray_executor.ray, name, lambda _: None)
    monkeypatch.setattr(ray_executor, "_cpus", lambda: 1)


def test_a_suspect_runs_with_nobody_before_it_or_behind_it() -> None:
    executor = make_executor(2)
    executor.submit([job(trial) for trial in range(4)])
    executor._dispatch()
    assert [len(actor.calls) for actor in executor._actors] == [2, 2]
    executor._again.append(Attempt(job(9), [End("it died")]))
    executor.submit([job(trial) for trial in range(4, 8)])
    first, second = executor._actors
    first.calls.popleft()
    executor._dispatch()
    assert len(first.calls) == 1  # not behind another call, and nobody new before it
    first.calls.popleft()
    executor._dispatch()
    assert [call for call, _ in first.calls] == [(9,)]
    assert len(second.calls) == 2
    second.calls.clear()
    executor._dispatch()
    assert [call for call, _ in first.calls] == [(9,)]
    assert len(second.calls) == 2  # the others go on


def test_what_an_actor_did_before_it_died_is_taken_in_first(monkeypatch: pytest.MonkeyPatch) -> None:
    executor = make_executor(1)
    executor.submit([job(0), job(1)])
    executor._dispatch()
    calls = [call for call, _ in executor._actors[0].calls]
    monkeypatch.setattr(ray_executor.ray, "wait", lambda *_, **__: (calls[::-1], []))
    taken: list[Any] = []
    monkeypatch.setattr(executor, "_take", lambda _, call: taken.append(call) or [])
    executor._collect(0)
    assert taken == [(0,), (1,)]


@pytest.mark.usefixtures("no_cluster")
def test_a_call_has_one_deadline_for_all_its_jobs_and_those_behind_it_are_let_alone() -> None:
    executor = make_executor(1)
    executor._seconds_per_job = 0.01
    executor.submit([job(trial) for trial in range(20)])
    executor._dispatch()
    [actor] = executor._actors
    assert [len(call) for call, _ in actor.calls] == [10, 5]
    actor.since_s = time.monotonic() - 61
    assert executor._staff() == []
    assert [attempt.job.trial for attempt in executor._again] == list(range(10))
    assert [attempt.job.trial for attempt in executor._waiting] == list(range(10, 20))
    assert not any(attempt.ends for attempt in executor._waiting)
    assert actor not in executor._actors


@pytest.mark.usefixtures("no_cluster")
def test_what_was_withdrawn_does_not_come_back_with_the_death_of_its_worker() -> None:
    executor = make_executor(1)
    executor.submit([job(trial) for trial in range(4)])
    executor._dispatch()
    assert executor.pending == 4
    executor.withdraw()
    assert executor.pending == 2  # one runs, and one is called off by Ray
    executor._bury(executor._actors[0], End("killed"))
    assert executor.pending == 0
    executor.submit([job(4)])
    assert executor.pending == 1
