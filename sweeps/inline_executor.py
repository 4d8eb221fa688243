"""Evaluations in this process, one after the other."""

from collections import deque
from collections.abc import Sequence

from sweeps.evaluate_job import evaluate_jobs
from sweeps.executor import Job, Outcome
from tasks import Task
from tasks.evaluator import Evaluator

_JOBS_AT_ONCE = 8
"""Small read-outs are trained together; more gain little and would hold Ctrl-C up."""


class InlineExecutor:
    """Runs jobs whenever it is waited for."""

    workers = 1

    def __init__(self, task: Task, *, seed: int, chips: int) -> None:
        """Take the task and what all jobs share."""
        self._evaluator = Evaluator(task, seed=seed, chips=chips)
        self._pending: deque[Job] = deque()

    def submit(self, jobs: Sequence[Job]) -> None:
        """Queue jobs."""
        self._pending.extend(jobs)

    def wait(self, timeout_s: float | None = None) -> list[Outcome]:
        """Run the next few jobs, however long they take."""
        jobs = [self._pending.popleft() for _ in range(min(_JOBS_AT_ONCE, len(self._pending)))]
        return evaluate_jobs(self._evaluator, jobs)

    def close(self) -> None:
        """Forget what is queued."""
        self._pending.clear()
