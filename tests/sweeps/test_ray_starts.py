"""What becomes of actors that do not start as they should, without any Ray actor."""

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest
from ray.exceptions import RayTaskError

from sweeps import ray_executor
from sweeps.ray_executor import RayExecutor
from tests.sweeps.test_ray_suspects import make_executor

START_S = 1000.0


@pytest.fixture
def cluster(monkeypatch: pytest.MonkeyPatch) -> Callable[[float, object], RayExecutor]:
    """Makes an executor that runs, on a cluster with a node more whose actors answer alike, at a time."""
    clock = {"s": START_S}

    def get(answer: Any) -> Any:
        if isinstance(answer, Exception):
            raise answer
        return answer

    monkeypatch.setattr(ray_executor.ray, "get", get)
    monkeypatch.setattr(ray_executor.ray, "kill", lambda _: None)
    monkeypatch.setattr(ray_executor, "_cpus", lambda: 2)
    monkeypatch.setattr(ray_executor, "time", SimpleNamespace(monotonic=lambda: clock["s"]))
    executor = make_executor(1)
    executor._asked_for = None
    executor._patience_s = 1e9
    executor._versions, executor._differences = ray_executor.versions(), set()
    remote = SimpleNamespace(remote=object)  # an answer that is still to come
    executor._actor_class = SimpleNamespace(remote=lambda: SimpleNamespace(ready=remote, hold=remote))

    def at(time_s: float, answer: object) -> RayExecutor:
        clock["s"] = START_S + time_s
        executor._looked_s = 0.0
        executor._staff()
        for actor in list(executor._actors):
            if not actor.ready and not actor.held:
                actor.starting = answer
                executor._welcome(actor)
        return executor

    return at


def test_a_place_where_no_actor_starts_is_tried_more_and_more_seldom(
    cluster: Callable[[float, object], RayExecutor], caplog: pytest.LogCaptureFixture
) -> None:
    nothing = RayTaskError("ready", "", ImportError("No module named 'sweeps'"))
    tried = []
    for second in range(400):
        caplog.clear()
        executor = cluster(second, nothing)
        if "is lost" in caplog.text:
            tried.append(second)
        assert executor.workers == 1  # the good one stays
    assert tried == [0, 1, 3, 7, 15, 31, 63, 123, 183, 243, 303, 363]
    executor._failed_starts = 5000  # of a sweep of days
    cluster(424, nothing)
    assert executor._vacant_until_s == [START_S + 484]


def test_a_start_that_works_ends_the_waiting(cluster: Callable[[float, object], RayExecutor]) -> None:
    nothing = RayTaskError("ready", "", ImportError("No module named 'sweeps'"))
    for second in range(8):
        cluster(second, nothing)
    executor = cluster(15, (7, "127.0.0.1", ray_executor.versions()))
    assert executor.workers == 2
    executor._bury(executor._actors[-1], ray_executor.End("killed"))
    assert cluster(16, nothing).workers == 1
    assert executor._vacant_until_s == [START_S + 17]


def test_a_node_whose_memsweep_answers_in_other_words_is_not_used(
    cluster: Callable[[float, object], RayExecutor], caplog: pytest.LogCaptureFixture
) -> None:
    executor = cluster(0, 4711)
    assert executor.workers == 1
    assert [actor.held for actor in executor._actors] == [False, True]
    assert "another version of memsweep" in caplog.text
