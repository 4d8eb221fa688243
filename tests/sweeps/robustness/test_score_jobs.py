"""Points of a study on the executors of sweeps: the same contract as for evaluations."""

import os
import time
from collections.abc import Iterator
from dataclasses import replace
from functools import partial

import numpy as np
import pytest

from kinetics import Device
from sweeps.executor import AnyJob, Executor, Job, Outcome, ScoreJob
from sweeps.inline_executor import InlineExecutor
from tasks import Configuration, Task
from tasks.evaluator import Evaluator, Variant
from tasks.readout import Readout

DESIGNED = Configuration(device=Device.of(alpha=0.05, beta=0.1), readout=Readout(kind="ridge"))
MAKE_EVALUATOR = partial(Evaluator, seed=0, chips=2)


def point(number: int, **device: object) -> ScoreJob:
    used = replace(DESIGNED, device=replace(DESIGNED.device, **{"d2d": 0.05 * number} | device))
    return ScoreJob(trial=number, variant=Variant(DESIGNED, 0, used, 3))


def poisonous(number: int) -> ScoreJob:
    return point(number, coefficients={"alpha": 1e-3, "beta": 9.0}, floor_policy="fail")


@pytest.fixture(params=("inline", "ray"))
def executor(request: pytest.FixtureRequest, tiny_task: Task) -> Iterator[Executor]:
    if request.param == "inline":
        made: Executor = InlineExecutor(tiny_task, MAKE_EVALUATOR)
    else:
        request.getfixturevalue("local_ray")
        from sweeps.ray_executor import RayExecutor

        made = RayExecutor(tiny_task, MAKE_EVALUATOR, workers=2)
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


def test_scores_come_back_once_with_the_bits_of_the_evaluator(executor: Executor, tiny_task: Task) -> None:
    executor.submit([point(n) for n in range(12)])
    outcomes = collect(executor, 12)
    evaluator = MAKE_EVALUATOR(tiny_task)
    for number in range(12):
        scores = outcomes[number].scores
        assert scores is not None
        np.testing.assert_array_equal(scores.accuracy, evaluator.score(point(number).variant).accuracy)
    assert executor.wait(0.1) == []


def test_a_point_that_fails_is_its_own_outcome_beside_evaluations(executor: Executor) -> None:
    executor.submit([point(0), poisonous(1), Job(trial=2, configuration=DESIGNED), point(3)])
    outcomes = collect(executor, 4)
    assert "DivergenceError" in (outcomes[1].error or "")
    assert outcomes[1].scores is None
    assert outcomes[2].evaluation is not None
    assert outcomes[0].scores is not None
    assert outcomes[3].scores is not None


@pytest.mark.usefixtures("local_ray")
def test_a_point_that_kills_its_workers_fails_and_the_rest_goes_on(tiny_task: Task) -> None:
    from sweeps import ray_executor

    class Deadly(ray_executor._Worker):
        def evaluate(self, jobs: list[AnyJob]) -> list[Outcome]:
            if any(job.trial == 3 for job in jobs):
                os._exit(1)
            return super().evaluate(jobs)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ray_executor, "_Worker", Deadly)
        executor = ray_executor.RayExecutor(tiny_task, MAKE_EVALUATOR, workers=2)
    executor.submit([point(n) for n in range(8)])
    outcomes = collect(executor, 8)
    executor.close()
    assert "died 3 times" in (outcomes[3].error or "")
    assert all(outcomes[n].scores is not None for n in range(8) if n != 3)
