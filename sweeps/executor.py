"""Where evaluations run: the interface that every executor keeps.

Contract. ``submit`` never blocks; ``wait`` returns each job's outcome exactly once, in any order. An evaluation is a
pure function of its job, so an executor may run a job again on another worker after a crash; it must not report it
twice. An exception inside a configuration is that configuration's outcome, not the executor's. ``close`` gives up
pending jobs and frees everything; it may be called twice.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from tasks import Configuration, Evaluation


@dataclass(frozen=True, kw_only=True)
class Job:
    """One configuration to evaluate."""

    trial: int
    """Number of the trial."""
    configuration: Configuration
    """The point of the design space."""
    score_test: bool = False
    """Whether the test part is scored too; for configurations that have been chosen."""


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What came of a job: an evaluation or an error."""

    trial: int
    """Number of the trial."""
    evaluation: Evaluation | None = None
    """The evaluation, if the job succeeded."""
    error: str | None = None
    """The reason in one line, if it failed."""


class Executor(Protocol):
    """Runs jobs, somewhere."""

    workers: int
    """Jobs that run at the same time."""

    def submit(self, jobs: Sequence[Job]) -> None:
        """Take jobs; they start in this order as workers become free."""
        ...

    def wait(self, timeout_s: float | None = None) -> list[Outcome]:
        """Outcomes since the last call; blocks until there is one, no job is pending, or time is up."""
        ...

    def close(self) -> None:
        """Give up pending jobs and free everything."""
        ...
