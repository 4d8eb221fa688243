"""Evaluations in this process, one after the other; one that hangs or kills its process takes the driver along."""

from collections import deque
from collections.abc import Sequence

from sweeps.evaluate_job import evaluate_jobs
from sweeps.executor import AnyJob, Job, MakeEvaluator, Outcome
from tasks import Task

_JOBS_AT_ONCE = 8
"""Small read-outs are trained together; more gain little and would hold Ctrl-C up."""


class InlineExecutor:
    """Runs jobs whenever it is waited for."""

    workers = 1

    def __init__(self, task: Task, make_evaluator: MakeEvaluator) -> None:
        """Take the task and what all jobs share."""
        self._evaluator = make_evaluator(task)
        self._pending: deque[AnyJob] = deque()

    @property
    def pending(self) -> int:
        """Jobs that are queued."""
        return len(self._pending)

    def submit(self, jobs: Sequence[AnyJob]) -> None:
        """Queue jobs."""
        self._pending.extend(jobs)

    def wait(self, timeout_s: float | None = None) -> list[Outcome]:
        """Run the next few jobs, however long they take."""
        at_once = _JOBS_AT_ONCE if self._pending and isinstance(self._pending[0], Job) else 1
        jobs = [self._pending.popleft() for _ in range(min(at_once, len(self._pending)))]
        return evaluate_jobs(self._evaluator, jobs)

    def withdraw(self) -> None:
        """Forget what is queued."""
        self._pending.clear()

    def close(self) -> None:
        """Forget what is queued."""
        self._pending.clear()
