"""A tracker that never blocks and never breaks a sweep: records wait in a queue for threads of their own.

::

    start ──> log, log, log ...           (the sweep: returns at once)
      │          │
      v          v
    [queue] ──> threads ──> tracker       raises: kept, tried again after 1, 2, 4 ... 30 s
                   │                      refuses: set aside as missing
                   v
    finish ── waits within a bound ──> written, missing, problem

There are as many threads as the tracker has use for: a server is waited for, record by record, by several at once.
"""

import logging
import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

from tracking.base import Summary, SweepRecord, Tracker, TrialRecord
from tracking.errors import RecordRefusedError, TrackerError

_logger = logging.getLogger(__name__)

PATIENCE_s = 60.0
"""How long ``finish`` waits after the last record that was kept, for a tracker that is slow."""
PATIENCE_FAILING_s = 10.0
"""The same for a tracker whose last answer was an error."""

PATIENCE_OPENING_s = 600.0
"""The same while it looks at what it holds already, which takes a minute for 10,000 runs, and has not failed."""
_POLL_s = 0.5


@dataclass(frozen=True)
class _Job:
    """One call of the tracker, and what to do when it has ended."""

    act: Callable[[], object]
    kept: Callable[[object], None]
    failed: Callable[[Exception], None]


class BackgroundTracker:
    """Hands the records of one sweep to another tracker, on daemon threads.

    ``start``, ``log`` and ``finish`` raise nothing that the other tracker raises: read ``missing`` and
    ``problem``. A record that fails goes to the end of the queue, so that one bad record does not hold up the
    others.

    Args:
        tracker: where the records go; only the threads call it.
        first_retry_s: pause after a failure; doubles with each further failure in a row.
        last_retry_s: the longest pause.
    """

    def __init__(self, tracker: Tracker, *, first_retry_s: float = 1.0, last_retry_s: float = 30.0) -> None:
        self._tracker = tracker
        self._first_retry_s = first_retry_s
        self._last_retry_s = last_retry_s
        self._changed = threading.Condition()  # guards everything below
        self._sweep: SweepRecord | None = None
        self._opened = False  # tracker.start has succeeded
        self._refused = False  # tracker.start was refused: nothing can be logged
        self._waiting: deque[TrialRecord] = deque()
        self._in_hand: list[TrialRecord] = []
        self._busy = 0  # calls under way
        self._threads = tracker.writers
        self._set_aside: list[int] = []
        self._written = 0
        self._summary: Summary | None = None
        self._last_error: str | None = None
        self._last_success_s: float | None = None
        self._failing = False  # the last answer was an error
        self._pause_s = first_retry_s
        self._retry_at_s = 0.0  # no call before this time
        self._closing = False
        self._abandoned = False  # the bound is over: stop after the records in hand
        self._done = False

    @property
    def place(self) -> str | None:
        """Where the other tracker keeps its records."""
        return self._tracker.place

    @property
    def opened(self) -> bool:
        """Whether the other tracker was reached, and has looked at what it holds."""
        with self._changed:
            return self._opened

    @property
    def backlog(self) -> int:
        """Trials that wait to be logged."""
        with self._changed:
            return len(self._waiting) + len(self._in_hand)

    @property
    def written(self) -> int:
        """How many trials were missing and are logged now."""
        with self._changed:
            return self._written

    @property
    def missing(self) -> list[int]:
        """Numbers of the trials that are not logged (yet), in order."""
        with self._changed:
            return sorted({*self._set_aside, *(trial.number for trial in (*self._waiting, *self._in_hand))})

    @property
    def problem(self) -> str | None:
        """The last error in one line, as long as something is not logged because of it."""
        with self._changed:
            outstanding = (
                self._set_aside
                or self._waiting
                or self._in_hand
                or self._summary is not None
                or (self._sweep is not None and not self._opened)
            )
            return self._last_error if outstanding else None

    def start(self, sweep: SweepRecord) -> None:
        """Open the records of a sweep on a thread; returns at once. May be called once."""
        with self._changed:
            if self._sweep is not None:
                raise TrackerError("start was called already: one BackgroundTracker serves one sweep.")
            self._sweep = sweep
        for _ in range(self._threads):
            threading.Thread(target=self._run, name="memsweep-tracking", daemon=True).start()

    def log(self, trial: TrialRecord) -> None:
        """Queue a trial that has ended; returns at once."""
        with self._changed:
            self._check_started("log")
            if self._done or self._abandoned:
                self._set_aside.append(trial.number)
            else:
                self._waiting.append(trial)
                self._changed.notify_all()

    def finish(
        self, summary: Summary, *, timeout_s: float | None = None, stop: Callable[[], bool] = lambda: False
    ) -> None:
        """Queue the summary, then wait until everything is logged or the bound is over.

        Args:
            summary: what the sweep came to.
            timeout_s: the bound. If left out, waiting ends when nothing could be logged for ``PATIENCE_s``,
                or for ``PATIENCE_FAILING_s`` if errors are all that comes back.
            stop: asked twice a second; true ends the waiting.
        """
        with self._changed:
            self._check_started("finish")
            if self._done or self._abandoned:
                raise TrackerError("finish after the end: one BackgroundTracker serves one sweep.")
            self._summary = summary
        self.close(timeout_s=timeout_s, stop=stop)

    def close(self, *, timeout_s: float | None = None, stop: Callable[[], bool] = lambda: False) -> None:
        """Wait as ``finish`` does, without a summary: for a sweep that was interrupted."""
        began_s = time.monotonic()
        with self._changed:
            if self._sweep is None:
                return
            self._closing = True
            self._pause_s, self._retry_at_s = self._first_retry_s, 0.0  # cut a pause short
            self._changed.notify_all()
            while not self._done:
                left_s = self._deadline_s(began_s, timeout_s) - time.monotonic()
                if left_s <= 0 or stop():
                    if not self._failing:
                        self._last_error = f"not logged within {time.monotonic() - began_s:.0f} s"
                    break
                self._changed.wait(min(left_s, _POLL_s))
            self._abandoned = True
            self._changed.notify_all()

    def _check_started(self, method: str) -> None:
        if self._sweep is None:
            raise TrackerError(f"{method} before start: call start(sweep) first.")

    def _deadline_s(self, began_s: float, timeout_s: float | None) -> float:
        if timeout_s is not None:
            return began_s + timeout_s
        patience_s = PATIENCE_FAILING_s if self._failing else PATIENCE_s if self._opened else PATIENCE_OPENING_s
        return max(began_s, self._last_success_s or began_s) + patience_s

    def _run(self) -> None:
        try:
            self._work()
        finally:
            with self._changed:
                self._threads -= 1
                last = not self._threads
            if last:
                self._tracker.close()

    def _work(self) -> None:
        while (job := self._take()) is not None:
            try:
                answer = job.act()
            except Exception as error:  # whatever it is, the sweep goes on
                _logger.debug("tracking failed", exc_info=True)
                with self._changed:
                    self._busy -= 1
                    self._last_error = _one_line(error)
                    job.failed(error)
                    if not isinstance(error, RecordRefusedError):
                        self._pause()
                    self._changed.notify_all()
            else:
                with self._changed:
                    self._busy -= 1
                    job.kept(answer)
                    self._last_success_s = time.monotonic()
                    self._failing = False
                    self._pause_s = self._first_retry_s
                    self._changed.notify_all()

    def _pause(self) -> None:
        """Let all threads wait a while; those whose call fails in that time add nothing to it."""
        self._failing = True
        now_s = time.monotonic()
        if now_s >= self._retry_at_s:
            self._retry_at_s = now_s + self._pause_s
            self._pause_s = min(2 * self._pause_s, self._last_retry_s)

    def _take(self) -> _Job | None:
        """Wait for the next job; ``None`` at the end."""
        with self._changed:
            while not (self._abandoned or self._refused):
                pause_s = self._retry_at_s - time.monotonic()
                if pause_s > 0:
                    self._changed.wait(pause_s)
                elif (job := self._next_job()) is not None:
                    self._busy += 1
                    return job
                elif self._closing and not self._busy:
                    break
                else:
                    self._changed.wait()
            self._done = True
            self._changed.notify_all()
            return None

    def _next_job(self) -> _Job | None:
        """What can be done now; opening and the summary only while nothing else is."""
        if not self._opened and (sweep := self._sweep) is not None:
            opening = _Job(lambda: self._tracker.start(sweep), self._mark_opened, self._start_failed)
            return None if self._busy else opening
        if self._waiting:
            trial = self._waiting.popleft()
            self._in_hand.append(trial)
            return _Job(
                lambda: self._tracker.log(trial),
                lambda written: self._trial_kept(trial, bool(written)),
                lambda error: self._trial_failed(trial, error),
            )
        if (summary := self._summary) is not None and not self._busy:
            return _Job(lambda: self._tracker.finish(summary), self._summary_kept, self._summary_failed)
        return None

    def _mark_opened(self, _: object) -> None:
        self._opened = True

    def _start_failed(self, error: Exception) -> None:
        self._refused = isinstance(error, RecordRefusedError)

    def _trial_kept(self, trial: TrialRecord, written: bool) -> None:
        self._in_hand.remove(trial)
        self._written += written

    def _trial_failed(self, trial: TrialRecord, error: Exception) -> None:
        self._in_hand.remove(trial)
        if isinstance(error, RecordRefusedError):
            self._set_aside.append(trial.number)
        else:
            self._waiting.append(trial)

    def _summary_kept(self, _: object) -> None:
        self._summary = None

    def _summary_failed(self, error: Exception) -> None:
        if isinstance(error, RecordRefusedError):
            self._abandoned = True  # everything else is logged by now


def _one_line(error: Exception) -> str:
    text = " ".join(str(error).split())
    if not isinstance(error, TrackerError):
        text = f"{type(error).__name__}: {text}"
    return text if len(text) <= 500 else text[:497] + "..."
