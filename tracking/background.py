"""A tracker that never blocks and never breaks a sweep: records wait in a queue for a thread of their own.

::

    start ──> log, log, log ...           (the sweep: returns at once)
      │          │
      v          v
    [queue] ──> thread ──> tracker        raises: kept, tried again after 1, 2, 4 ... 30 s
                   │                      refuses: set aside as missing
                   v
    finish ── waits within a bound ──> missing, problem
"""

import logging
import threading
import time
from collections import deque
from collections.abc import Callable

from tracking.base import Summary, SweepRecord, Tracker, TrialRecord
from tracking.errors import RecordRefusedError, TrackerError

_logger = logging.getLogger(__name__)

PATIENCE_s = 60.0
"""How long ``finish`` waits after the last record that was kept, for a tracker that works or once worked."""
PATIENCE_NEVER_REACHED_s = 10.0
"""The same for a tracker that has failed and was never once reached."""


class BackgroundTracker:
    """Hands the records of one sweep to another tracker, on a daemon thread.

    ``start``, ``log`` and ``finish`` raise nothing that the other tracker raises: read ``missing`` and
    ``problem``. A record that fails goes to the end of the queue, so that one bad record does not hold up the
    others.

    Args:
        tracker: where the records go; only the thread calls it.
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
        self._set_aside: list[int] = []
        self._summary: Summary | None = None
        self._last_error: str | None = None
        self._last_success_s: float | None = None
        self._closing = False
        self._hurry = False  # cut the pause after a failure short
        self._abandoned = False  # the bound is over: stop after the record in hand
        self._done = False

    @property
    def backlog(self) -> int:
        """Trials that wait to be logged."""
        with self._changed:
            return len(self._waiting)

    @property
    def missing(self) -> list[int]:
        """Numbers of the trials that are not logged (yet), in order."""
        with self._changed:
            return sorted({*self._set_aside, *(trial.number for trial in self._waiting)})

    @property
    def problem(self) -> str | None:
        """The last error in one line, as long as something is not logged because of it."""
        with self._changed:
            outstanding = (
                self._set_aside
                or self._waiting
                or self._summary is not None
                or (self._sweep is not None and not self._opened)
            )
            return self._last_error if outstanding else None

    def start(self, sweep: SweepRecord) -> None:
        """Open the records of a sweep on the thread; returns at once. May be called once."""
        with self._changed:
            if self._sweep is not None:
                raise TrackerError("start was called already: one BackgroundTracker serves one sweep.")
            self._sweep = sweep
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

    def finish(self, summary: Summary, *, timeout_s: float | None = None) -> None:
        """Queue the summary, then wait until everything is logged or the bound is over.

        Args:
            summary: what the sweep came to.
            timeout_s: the bound. If left out, waiting ends when nothing could be logged for ``PATIENCE_s``,
                or for ``PATIENCE_NEVER_REACHED_s`` if the tracker has failed and was never once reached.
        """
        with self._changed:
            self._check_started("finish")
            if self._done or self._abandoned:
                raise TrackerError("finish after the end: one BackgroundTracker serves one sweep.")
            self._summary = summary
        self.close(timeout_s=timeout_s)

    def close(self, *, timeout_s: float | None = None) -> None:
        """Wait as ``finish`` does, without a summary: for a sweep that was interrupted."""
        began_s = time.monotonic()
        with self._changed:
            if self._sweep is None:
                return
            self._closing = self._hurry = True
            self._changed.notify_all()
            while not self._done:
                left_s = self._deadline_s(began_s, timeout_s) - time.monotonic()
                if left_s <= 0:
                    if self._last_error is None:
                        self._last_error = f"not logged within {time.monotonic() - began_s:.0f} s"
                    break
                self._changed.wait(left_s)
            self._abandoned = True
            self._changed.notify_all()

    def _check_started(self, method: str) -> None:
        if self._sweep is None:
            raise TrackerError(f"{method} before start: call start(sweep) first.")

    def _deadline_s(self, began_s: float, timeout_s: float | None) -> float:
        if timeout_s is not None:
            return began_s + timeout_s
        if self._last_success_s is None:
            return began_s + (PATIENCE_s if self._last_error is None else PATIENCE_NEVER_REACHED_s)
        return max(began_s, self._last_success_s) + PATIENCE_s

    def _run(self) -> None:
        pause_s = self._first_retry_s
        while True:
            with self._changed:
                self._changed.wait_for(self._has_work_or_ends)
                job = None if self._abandoned or self._refused else self._next_job()
                if job is None:
                    self._done = True
                    self._changed.notify_all()
                    return
            act, kept, failed = job
            try:
                act()
            except Exception as error:  # whatever it is, the sweep goes on
                _logger.debug("tracking failed", exc_info=True)
                with self._changed:
                    self._last_error = _one_line(error)
                    failed(error)
                    self._changed.notify_all()
                    if isinstance(error, RecordRefusedError):
                        continue
                    hurried = self._changed.wait_for(lambda: self._hurry or self._abandoned, pause_s)
                    self._hurry = False
                    pause_s = self._first_retry_s if hurried else min(2 * pause_s, self._last_retry_s)
            else:
                pause_s = self._first_retry_s
                with self._changed:
                    kept()
                    self._last_success_s = time.monotonic()
                    self._changed.notify_all()

    def _has_work_or_ends(self) -> bool:
        return bool(self._waiting) or not self._opened or self._closing or self._abandoned

    def _next_job(self) -> tuple[Callable[[], None], Callable[[], None], Callable[[Exception], None]] | None:
        """What to do next, what to do if it worked, what to do if not; nothing left: ``None``."""
        if not self._opened and (sweep := self._sweep) is not None:
            return lambda: self._tracker.start(sweep), self._mark_opened, self._start_failed
        if self._waiting:
            trial = self._waiting[0]
            return lambda: self._tracker.log(trial), self._waiting_kept, self._waiting_failed
        if (summary := self._summary) is not None:
            return lambda: self._tracker.finish(summary), self._summary_kept, self._summary_failed
        return None

    def _mark_opened(self) -> None:
        self._opened = True

    def _start_failed(self, error: Exception) -> None:
        self._refused = isinstance(error, RecordRefusedError)

    def _waiting_kept(self) -> None:
        self._waiting.popleft()

    def _waiting_failed(self, error: Exception) -> None:
        trial = self._waiting.popleft()
        if isinstance(error, RecordRefusedError):
            self._set_aside.append(trial.number)
        else:
            self._waiting.append(trial)

    def _summary_kept(self) -> None:
        self._summary = None

    def _summary_failed(self, error: Exception) -> None:
        if isinstance(error, RecordRefusedError):
            self._abandoned = True  # everything else is logged by now


def _one_line(error: Exception) -> str:
    text = " ".join(str(error).split())
    if not isinstance(error, TrackerError):
        text = f"{type(error).__name__}: {text}"
    return text if len(text) <= 500 else text[:497] + "..."
