"""Where evaluations run: the interface that every executor keeps.

Contract. ``submit`` never blocks; ``wait`` returns each job's outcome exactly once, in any order. An evaluation is a
pure function of its job, so an executor may run a job again on another worker after a crash; it must not report it
twice. An exception inside a configuration is that configuration's outcome, not the executor's; so is a worker that it
kills, or keeps busy beyond a deadline, again and again. ``withdraw`` forgets the jobs that have not started; those
under way still come out of ``wait``, unless their worker is lost: they are not run again. ``close`` gives up pending
jobs and frees everything; it may be called twice.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from sweeps.errors import SweepError
from tasks import Configuration, Evaluation, Task
from tasks.chips import ChipScores
from tasks.evaluator import Evaluator, Variant

MakeEvaluator = Callable[[Task], Evaluator]
"""Builds the evaluator of a study where its jobs run."""


class ExecutorError(SweepError):
    """Workers cannot be had; the text says why and the way out."""


@dataclass(frozen=True, kw_only=True)
class Job:
    """One configuration to evaluate."""

    trial: int
    """Number of the trial."""
    configuration: Configuration
    """The point of the design space."""
    chosen: bool = False
    """Whether fresh chips and the test part are scored too; for configurations that have been chosen."""
    rivals: tuple[dict[str, float], ...] = ()
    """Objectives of the front when the job was asked for, where the sweep races."""


@dataclass(frozen=True, kw_only=True)
class ScoreJob:
    """A trained configuration to score on chips: a point of a study of robustness."""

    trial: int
    """What its outcome is known by: the number of the point."""
    variant: Variant
    """What is scored."""


AnyJob = Job | ScoreJob
"""What an executor takes."""


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What came of a job: an evaluation, scores or an error."""

    trial: int
    """Number of the trial, or of the point."""
    evaluation: Evaluation | None = None
    """The evaluation, if the job was one and succeeded."""
    scores: ChipScores | None = None
    """The scores, if the job was to score chips and succeeded."""
    seconds: float | None = None
    """Time spent, if the job succeeded."""
    error: str | None = None
    """The reason in one line, if it failed."""
    duplicate_of: int | None = None
    """The trial whose outcome this is a copy of."""


class Executor(Protocol):
    """Runs jobs, somewhere."""

    @property
    def workers(self) -> int:
        """Jobs that run at the same time; may change as machines come and go."""
        ...

    @property
    def pending(self) -> int:
        """Jobs that were submitted and neither withdrawn nor returned."""
        ...

    def submit(self, jobs: Sequence[AnyJob]) -> None:
        """Take jobs; they start in this order as workers become free."""
        ...

    def wait(self, timeout_s: float | None = None) -> list[Outcome]:
        """Outcomes since the last call; blocks until there is one, no job is pending, or time is up.

        Raises:
            ExecutorError: there have been no workers for too long.
        """
        ...

    def withdraw(self) -> None:
        """Forget the jobs that have not started; run none again."""
        ...

    def close(self) -> None:
        """Give up pending jobs and free everything."""
        ...
