"""Scoring the front: the configurations that the search has chosen, on fresh chips and on the test part.

::

    <sweep>/scores.jsonl     a line each: {"trial": 7, "basis": what the score depends on, "evaluation": {...}}

A score is on the disk before the next is waited for, so a sweep that is stopped meanwhile scores the rest only. A score
counts for the configuration, the sweep, the data and the versions that it was made of, whose SHA-256 its line holds.

What goes wrong is of two kinds. A configuration that leaves the numbers on the fresh chips does so every time: that is
its result. Whatever else happens, such as a deadline, too little memory or a worker that dies, may not happen again:
then the sweep is not complete, and the next run of it tries again.
"""

import hashlib
import json
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from sweeps.commands import command
from sweeps.driver import POLL_S
from sweeps.errors import SweepError
from sweeps.executor import Executor, Job
from sweeps.home import SweepFolder, append_line
from sweeps.provenance import checksums, computing_versions
from sweeps.study import Record
from tasks import Configuration, Evaluation, Task

_LOG = logging.getLogger(__name__)
_FOR_GOOD = ("DivergenceError:", "InvalidParameterError:", "TrainingError:")
"""How an error begins that a configuration meets every time."""


class ScoringError(SweepError):
    """Scores are missing that the next run may find; the text says why and the way out."""


@dataclass(frozen=True, kw_only=True)
class Scored:
    """The front, scored."""

    evaluations: dict[int, Evaluation] = field(default_factory=dict)
    """Trial -> its evaluation with test scores."""
    errors: dict[int, str] = field(default_factory=dict)
    """Trial -> why it has none and never will."""


def score_front(
    folder: SweepFolder, task: Task, executor: Executor, front: Sequence[Record], stop: Callable[[], bool]
) -> Scored | None:
    """Evaluate the chosen configurations once more, now with fresh chips and the test part.

    Args:
        folder: the sweep, locked.
        task: its data.
        executor: where jobs run; none is pending.
        front: the chosen configurations.
        stop: asked between steps; true ends the scoring early: what is under way is finished.

    Returns:
        The scores; None if stopped before the last.

    Raises:
        ScoringError: some could not be scored now; those that could are kept.
        ExecutorError: there are no workers any more.
        OSError: a score cannot be written.
    """
    bases = _bases(folder, task, front)
    scored = Scored(evaluations=_known(folder, bases))
    missing = [record for record in front if record.number not in scored.evaluations]
    executor.submit(
        [
            Job(trial=record.number, configuration=Configuration.from_dotted(record.configuration), chosen=True)
            for record in missing
        ]
    )
    failed: dict[int, str] = {}
    stopping = False
    while executor.pending:
        if not stopping and stop():
            stopping = True
            executor.withdraw()
            if executor.pending:
                _LOG.warning("Stopping: the scores under way are finished first; once more stops at once.")
        for outcome in executor.wait(POLL_S):
            error = outcome.error or ""
            if outcome.evaluation is not None:
                scored.evaluations[outcome.trial] = outcome.evaluation
                line = {
                    "trial": outcome.trial,
                    "basis": bases[outcome.trial],
                    "evaluation": outcome.evaluation.to_dict(),
                }
                append_line(folder.scores, json.dumps(line))
            elif error.startswith(_FOR_GOOD):
                scored.errors[outcome.trial] = error
                # No warning: who asked for quiet must not take the front for whole either.
                _LOG.error("Trial %d is left out of the front, for it has no test score: %s", outcome.trial, error)
            else:
                failed[outcome.trial] = error
                _LOG.warning("Trial %d could not be scored on the test part: %s", outcome.trial, error)
    if failed and not stopping:
        trial, error = min(failed.items())
        raise ScoringError(
            f"{len(failed)} of the {len(front)} configurations of the front could not be scored on the test part "
            f"(trial {trial}: {error}), so there is no result yet; the other scores are kept. "
            f"`{command('resume', folder)}` scores what is missing, with more time for each by `--deadline`, with more "
            "memory for each by fewer `--workers`."
        )
    return scored if len(scored.evaluations) + len(scored.errors) == len(front) else None


def _bases(folder: SweepFolder, task: Task, front: Sequence[Record]) -> dict[int, str]:
    """Trial -> SHA-256 of all that its score depends on."""
    shared = [folder.spec_file.read_text(encoding="utf-8"), checksums(task), computing_versions()]
    return {
        record.number: hashlib.sha256(json.dumps([*shared, record.configuration]).encode()).hexdigest()
        for record in front
    }


def _known(folder: SweepFolder, bases: dict[int, str]) -> dict[int, Evaluation]:
    """Trial -> its evaluation with test scores, of those that an earlier run has scored."""
    if not folder.scores.exists():
        return {}
    lines = [json.loads(line) for line in folder.scores.read_text(encoding="utf-8").splitlines()]
    return {
        line["trial"]: Evaluation.from_dict(line["evaluation"])
        for line in lines
        if line["basis"] == bases.get(line["trial"])
    }
