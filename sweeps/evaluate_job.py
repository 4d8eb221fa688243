"""Running jobs where they belong, the same way in every executor."""

import time
from collections.abc import Sequence

from sweeps.executor import AnyJob, Job, Outcome, ScoreJob
from tasks.evaluator import Evaluator, Request


def evaluate_jobs(evaluator: Evaluator, jobs: Sequence[AnyJob]) -> list[Outcome]:
    """Run several jobs, evaluations at once; whatever goes wrong inside a configuration becomes its outcome."""
    evaluations = [job for job in jobs if isinstance(job, Job)]
    return [
        *(_evaluate(evaluator, evaluations) if evaluations else []),
        *(_score(evaluator, job) for job in jobs if isinstance(job, ScoreJob)),
    ]


def _evaluate(evaluator: Evaluator, jobs: Sequence[Job]) -> list[Outcome]:
    requests = [Request(job.configuration, job.trial, job.chosen, job.rivals) for job in jobs]
    results = evaluator.evaluate_many(requests)
    if len(requests) > 1:
        # What is too much for the memory together may fit alone, with the same bits, once no traceback holds the rest.
        results = [result.with_traceback(None) if isinstance(result, Exception) else result for result in results]
        results = [
            evaluator.evaluate_many([request])[0] if isinstance(result, MemoryError) else result
            for request, result in zip(requests, results, strict=True)
        ]
    return [
        _failed(job, result)
        if isinstance(result, Exception)
        else Outcome(trial=job.trial, evaluation=result, seconds=result.seconds)
        for job, result in zip(jobs, results, strict=True)
    ]


def _score(evaluator: Evaluator, job: ScoreJob) -> Outcome:
    start = time.perf_counter()
    try:
        scores = evaluator.score(job.variant)
    except Exception as error:
        return _failed(job, error)
    return Outcome(trial=job.trial, scores=scores, seconds=time.perf_counter() - start)


def _failed(job: AnyJob, error: Exception) -> Outcome:
    return Outcome(trial=job.trial, error=f"{type(error).__name__}: {error}")
