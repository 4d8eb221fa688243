"""Running jobs where they belong, the same way in every executor."""

from collections.abc import Sequence

from sweeps.executor import Job, Outcome
from tasks.evaluator import Evaluator, Request


def evaluate_jobs(evaluator: Evaluator, jobs: Sequence[Job]) -> list[Outcome]:
    """Evaluate several jobs at once; whatever goes wrong inside a configuration becomes its outcome."""
    requests = [Request(job.configuration, job.trial, job.score_test) for job in jobs]
    return [
        Outcome(trial=job.trial, error=f"{type(result).__name__}: {result}")
        if isinstance(result, Exception)
        else Outcome(trial=job.trial, evaluation=result)
        for job, result in zip(jobs, evaluator.evaluate_many(requests), strict=True)
    ]
