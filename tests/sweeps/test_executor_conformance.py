"""The contract of executors, run on every one of them."""

import dataclasses
import functools
import os
import time
from collections.abc import Iterator

import pytest

from kinetics import Device
from sweeps.executor import Executor, Job, Outcome
from sweeps.inline_executor import InlineExecutor
from tasks import Configuration, Task
from tasks.evaluator import Evaluator
from tasks.readout import Readout

READOUT = Readout(kind="ridge")
MAKE = functools.partial(Evaluator, seed=0, chips=2)
KINDS = ("inline", "ray-1", "ray-2")


def job(trial: int, *, chosen: bool = False) -> Job:
    device = Device.of(alpha=0.05, beta=0.01 * (trial + 1), d2d=0.1, c2c=0.05)
    return Job(trial=trial, configuration=Configuration(device=device, readout=READOUT), chosen=chosen)


def poisonous(trial: int) -> Job:
    device = Device.of(alpha=1e-3, beta=9, floor_policy="fail")
    return Job(trial=trial, configuration=Configuration(device=device, readout=READOUT))


@pytest.fixture(params=KINDS)
def executor(request: pytest.FixtureRequest, tiny_task: Task) -> Iterator[Executor]:
    if request.param == "inline":
        made: Executor = InlineExecutor(tiny_task, MAKE)
    else:
        request.getfixturevalue("local_ray")
        from sweeps.ray_executor import RayExecutor

        made = RayExecutor(tiny_task, MAKE, workers=int(request.param[-1]))
    yield made
    made.close()


def collect(executor: Executor, count: int) -> dict[int, Outcome]:
    outcomes: dict[int, Outcome] = {}
    deadline = time.monotonic() + 60
    while len(outcomes) < count and time.monotonic() < deadline:
        for outcome in executor.wait(1.0):
            assert outcome.trial not in outcomes
            outcomes[outcome.trial] = outcome
    return outcomes


def test_every_job_comes_back_once(executor: Executor) -> None:
    executor.submit([job(n) for n in range(10)])
    executor.submit([job(n) for n in range(10, 25)])
    outcomes = collect(executor, 25)
    assert sorted(outcomes) == list(range(25))
    assert all(outcome.error is None for outcome in outcomes.values())
    assert executor.wait(0.1) == []


def test_results_are_those_of_the_inline_executor(executor: Executor, tiny_task: Task) -> None:
    reference = InlineExecutor(tiny_task, MAKE)
    jobs = [job(n, chosen=n % 2 == 0) for n in range(8)]
    reference.submit(jobs)
    executor.submit(jobs)
    expected, got = collect(reference, 8), collect(executor, 8)
    for n in range(8):
        one, other = expected[n].evaluation, got[n].evaluation
        assert one is not None
        assert other is not None
        assert dataclasses.replace(one, seconds=0) == dataclasses.replace(other, seconds=0)


def test_a_failing_configuration_is_its_own_outcome(executor: Executor) -> None:
    executor.submit([job(0), poisonous(1), job(2)])
    outcomes = collect(executor, 3)
    assert outcomes[1].evaluation is None
    assert "DivergenceError" in (outcomes[1].error or "")
    assert outcomes[0].evaluation is not None
    assert outcomes[2].evaluation is not None


def test_waiting_without_jobs_returns_at_once(executor: Executor) -> None:
    start = time.monotonic()
    assert executor.wait(None) == []
    assert time.monotonic() - start < 5


def test_closing_twice_is_allowed(executor: Executor) -> None:
    executor.submit([job(0)])
    executor.close()
    executor.close()


@pytest.mark.usefixtures("local_ray")
def test_a_job_that_kills_its_workers_fails_and_the_rest_goes_on(tiny_task: Task) -> None:
    from sweeps import ray_executor

    class Deadly(ray_executor._Worker):
        def evaluate(self, jobs: list[Job]) -> list[Outcome]:
            if any(job.trial == 3 for job in jobs):
                os._exit(1)
            return super().evaluate(jobs)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ray_executor, "_Worker", Deadly)
        executor = ray_executor.RayExecutor(tiny_task, MAKE, workers=2)
    executor.submit([job(n) for n in range(8)])
    outcomes = collect(executor, 8)
    executor.close()
    assert sorted(outcomes) == list(range(8))
    assert "died 3 times" in (outcomes[3].error or "")
    assert all(outcomes[n].evaluation is not None for n in range(8) if n != 3)
