"""Who is charged when a worker dies: order and company of calls, without any Ray actor."""

from collections import deque
from types import SimpleNamespace
from typing import Any

import pytest

from sweeps import ray_executor
from sweeps.ray_executor import RayExecutor, _Actor, _Attempt
from tests.sweeps.test_executor_conformance import job


def make_executor(actors: int) -> RayExecutor:
    """An executor whose actors take calls and never answer; a call is its list of trials."""

    def evaluate(jobs: list[Any]) -> tuple[int, ...]:
        return tuple(each.trial for each in jobs)

    executor = RayExecutor.__new__(RayExecutor)
    handle = SimpleNamespace(evaluate=SimpleNamespace(remote=evaluate))
    executor._actors = [_Actor(handle, starting=None) for _ in range(actors)]
    executor._waiting, executor._again, executor._seconds_per_job = deque(), deque(), None
    return executor


def test_a_suspect_runs_with_nobody_before_it_or_behind_it() -> None:
    executor = make_executor(2)
    executor.submit([job(trial) for trial in range(4)])
    executor._dispatch()
    assert [len(actor.calls) for actor in executor._actors] == [2, 2]
    executor._again.append(_Attempt(job(9), ("it died",)))
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
