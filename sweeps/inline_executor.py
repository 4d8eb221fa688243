"""Evaluations in this process, one after the other."""

from collections import deque
from collections.abc import Sequence

from sweeps.evaluate_job import evaluate_job
from sweeps.executor import Job, Outcome
from tasks import Task
from tasks.evaluator import Evaluator


class InlineExecutor:
    """Runs a job whenever it is waited for."""

    workers = 1

    def __init__(self, task: Task, *, seed: int, chips: int) -> None:
        """Take the task and what all jobs share."""
        self._evaluator = Evaluator(task, seed=seed, chips=chips)
        self._pending: deque[Job] = deque()

    def submit(self, jobs: Sequence[Job]) -> None:
        """Queue jobs."""
        self._pending.extend(jobs)

    def wait(self, timeout_s: float | None = None) -> list[Outcome]:
        """Run the next job, however long it takes."""
        return [evaluate_job(self._evaluator, self._pending.popleft())] if self._pending else []

    def close(self) -> None:
        """Forget what is queued."""
        self._pending.clear()
