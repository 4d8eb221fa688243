"""Running one job where it belongs, the same way in every executor."""

from sweeps.executor import Job, Outcome
from tasks.evaluator import Evaluator


def evaluate_job(evaluator: Evaluator, job: Job) -> Outcome:
    """Evaluate; whatever goes wrong inside a configuration becomes its outcome."""
    try:
        evaluation = evaluator.evaluate(job.configuration, trial=job.trial, score_test=job.score_test)
    except Exception as error:
        # Any defect of a configuration ends that configuration only; the sweep reports it and goes on.
        return Outcome(trial=job.trial, error=f"{type(error).__name__}: {error}")
    return Outcome(trial=job.trial, evaluation=evaluation)
