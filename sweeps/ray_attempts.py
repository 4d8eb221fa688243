"""How often the Ray executor tries a job, and when it gives it up. Knows nothing of Ray.

An attempt ends without an outcome if its worker dies or hangs. Where the job may be the cause, the end is charged to
it, and few are allowed. Where a node was lost, the job is innocent as far as anybody can tell: many are allowed, not
endless ones, because a job can bring down its node too. A job that was withdrawn is not tried again.
"""

from dataclasses import dataclass, field

from sweeps.executor import AnyJob, Outcome

_CHARGED = 3
"""Ends that may be the job's doing, at which it is given up."""
_LOST = 20
"""Lost nodes at which it is given up: an evaluation that outlasts so many does not get done on this cluster."""


@dataclass(frozen=True)
class End:
    """How an attempt ended without an outcome."""

    reason: str
    """In one line."""
    node_lost: bool = False
    """Whether the node or the way to it was lost, rather than the worker alone."""


@dataclass(eq=False)
class Attempt:
    """A job on its way to an outcome."""

    job: AnyJob
    """What is to be done."""
    ends: list[End] = field(default_factory=list)
    """How its earlier attempts ended."""
    withdrawn: bool = False
    """Whether it comes to its end where it runs, or not at all."""

    def failed(self) -> Outcome | None:
        """The outcome of a job that is given up; None while it may be tried again."""
        charged = [end.reason for end in self.ends if not end.node_lost]
        if len(charged) >= _CHARGED:
            history = "; ".join(f"({number}) {reason}" for number, reason in enumerate(charged, start=1))
            return self._given_up(f"WorkerDied: its worker died {len(charged)} times: {history}")
        lost = [end.reason for end in self.ends if end.node_lost]
        if len(lost) >= _LOST:
            return self._given_up(f"NodeLost: its node was lost {len(lost)} times, at last: {lost[-1]}")
        return None

    def _given_up(self, error: str) -> Outcome:
        return Outcome(trial=self.job.trial, error=error)
