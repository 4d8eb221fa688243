"""What the driver costs a configuration: ask, dispatch, tell, hand over to tracking, after 1,000 and 10,000 of them."""

import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from benchmarks._figures import Figure
from benchmarks._sweeping import EXAMPLES
from sweeps.driver import drive
from sweeps.executor import AnyJob, Outcome
from sweeps.inline_executor import InlineExecutor
from sweeps.run import _track
from sweeps.samplers import choose_sampler
from sweeps.spec import Spec, load_spec
from sweeps.study import Record, SweepStudy
from tasks import Evaluation, load_task
from tracking.background import BackgroundTracker
from tracking.base import SweepRecord
from tracking.memory_tracker import MemoryTracker

_CONFIGURATIONS = 10_000
_SPAN = 500
"""Configurations that a figure is the mean of."""


class NoWork:
    """An executor whose evaluations take no time: a real one's result, with other numbers."""

    workers = 2

    def __init__(self, spec: Spec) -> None:
        """Evaluate one configuration for the form of its result."""
        executor = InlineExecutor(load_task(spec.task.kind), replace(spec, chips=1).evaluator)
        self._rng = np.random.default_rng(0)
        self._jobs: list[AnyJob] = []
        self._submit_one: Callable[[AnyJob], Evaluation | None] = lambda job: _evaluated(executor, job)
        self._form: Evaluation | None = None

    @property
    def pending(self) -> int:
        """Jobs not returned."""
        return len(self._jobs)

    def submit(self, jobs: Sequence[AnyJob]) -> None:
        """Take jobs."""
        self._jobs.extend(jobs)

    def wait(self, timeout_s: float | None = None) -> list[Outcome]:
        """Return some."""
        given, self._jobs = self._jobs[:8], self._jobs[8:]
        self._form = self._form or self._submit_one(given[0])
        return [self._outcome(job.trial) for job in given]

    def _outcome(self, trial: int) -> Outcome:
        if self._form is None:
            return Outcome(trial=trial, error="no form")
        accuracy, energy_J, parameters = self._rng.random(3)
        numbers = {"accuracy": accuracy, "energy_J": energy_J, "parameters": int(1000 * parameters)}
        return Outcome(trial=trial, evaluation=replace(self._form, **numbers))

    def withdraw(self) -> None:
        """Forget all."""
        self._jobs.clear()

    def close(self) -> None:
        """Nothing to free."""


def _evaluated(executor: InlineExecutor, job: AnyJob) -> Evaluation | None:
    executor.submit([job])
    return executor.wait()[0].evaluation


def costs_s(configurations: int) -> tuple[np.ndarray, np.ndarray]:
    """Wall and processor time of each configuration of a sweep in the order of telling, s."""
    spec = load_spec(EXAMPLES / "digits.yaml", {"configurations": str(configurations), "readout.kind": "ridge"})
    marks: list[tuple[float, float]] = []
    tracker = BackgroundTracker(MemoryTracker())
    tracker.start(SweepRecord(name=spec.name, spec={}, task="digits", seed=0, objectives={}, planned=configurations))

    def told(record: Record) -> None:
        _track(tracker, spec, record)
        marks.append((time.perf_counter(), time.process_time()))

    with tempfile.TemporaryDirectory() as folder:
        study = SweepStudy(spec, Path(folder) / "journal.log")
        drive(study, NoWork(spec), configurations=configurations, lag=spec.lag, on_told=told)
    tracker.close()
    wall_s, processor_s = np.diff(np.array(marks), axis=0).T
    return wall_s, processor_s


def run() -> list[Figure]:
    """Drive a sweep of the digits file of which the evaluations cost nothing."""
    spec = load_spec(EXAMPLES / "digits.yaml", {"configurations": str(_CONFIGURATIONS)})
    wall_s, processor_s = costs_s(_CONFIGURATIONS)
    early, late = slice(1000 - _SPAN, 1000), slice(-_SPAN, None)
    figures = [Figure(f"configurations ({choose_sampler(spec).name}, journal)", _CONFIGURATIONS, "")]
    for name, seconds in (("wall time", wall_s), ("processor time", processor_s)):
        at = {"1,000": float(seconds[early].mean()), "10,000": float(seconds[late].mean())}
        figures += [
            Figure(f"{name} each, up to 1,000", 1e3 * at["1,000"], "ms"),
            Figure(f"{name} each, up to 10,000", 1e3 * at["10,000"], "ms", at_most=10),
            Figure(f"{name}, 10,000 over 1,000", at["10,000"] / at["1,000"], "x", at_most=2),
        ]
    return figures
