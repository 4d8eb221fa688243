"""What a running sweep tells of itself now and then, to who watches it here and to a file for who watches elsewhere.

::

    <sweep>/progress.json     what ``Vitals`` holds, and time_s: when it was written, by this machine's clock

The file is there while the sweep runs, and is worth nothing ``STALE_s`` after it was written. It tells only what the
study does not: a sweep that cannot write it goes on.
"""

import contextlib
import json
import time
from collections import deque
from collections.abc import Callable
from dataclasses import asdict, dataclass
from enum import StrEnum
from pathlib import Path

STALE_s = 10.0
"""Age from which nobody can be taken to write the file."""
_SHOW_s = 0.2
_WRITE_s = 2.0
_WINDOW_s = 30.0
"""Time that a rate is the mean of."""


class Phase(StrEnum):
    """What a sweep does."""

    SEARCHING = "searching"
    SCORING = "scoring the front"
    LOGGING = "logging"


@dataclass(frozen=True, kw_only=True)
class Vitals:
    """How a run of a sweep does."""

    phase: Phase
    """What it does."""
    in_flight: int
    """Configurations that wait for a worker or are with one."""
    workers: int
    """Workers that there are."""
    backlog: int | None
    """Records that the tracker has not taken; None without a tracker."""
    rate_per_s: float
    """Configurations told per second, lately."""
    elapsed_s: float
    """Time since this run began."""


class Heartbeat:
    """Tells the vitals of one run, whenever it is given the chance to."""

    def __init__(
        self,
        folder: Path,
        count: Callable[[], tuple[int, int, int | None]],
        show: Callable[[Vitals], None],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Take the sweep's folder, what counts (in flight, workers, backlog), who is shown, and the clock."""
        self.phase = Phase.SEARCHING
        """What the sweep does now."""
        self.told = 0
        """Configurations told in this run."""
        self._file = folder / "progress.json"
        self._count, self._show, self._clock = count, show, clock
        self._start_s = clock()
        self._shown_s = self._written_s = float("-inf")
        self._past = deque([(self._start_s, 0)])

    def beat(self) -> None:
        """Tell the vitals, unless that was done a moment ago."""
        now_s = self._clock()
        if now_s - self._shown_s < _SHOW_s:
            return
        self._shown_s = now_s
        vitals = self._vitals(now_s)
        self._show(vitals)
        if now_s - self._written_s >= _WRITE_s:
            self._written_s = now_s
            self._write(vitals)

    def end(self) -> None:
        """Take the file away."""
        with contextlib.suppress(OSError):
            self._file.unlink(missing_ok=True)

    def _vitals(self, now_s: float) -> Vitals:
        self._past.append((now_s, self.told))
        while len(self._past) > 2 and now_s - self._past[1][0] >= _WINDOW_s:
            self._past.popleft()
        then_s, before = self._past[0]
        in_flight, workers, backlog = self._count()
        return Vitals(
            phase=self.phase,
            in_flight=in_flight,
            workers=workers,
            backlog=backlog,
            rate_per_s=(self.told - before) / (now_s - then_s) if now_s > then_s else 0.0,
            elapsed_s=now_s - self._start_s,
        )

    def _write(self, vitals: Vitals) -> None:
        draft = self._file.with_suffix(".json.draft")
        # Not synced: a reader needs a whole file, and nobody needs one that outlives a crash.
        with contextlib.suppress(OSError):
            draft.write_text(json.dumps({**asdict(vitals), "time_s": time.time()}), encoding="utf-8")
            draft.replace(self._file)


def read_vitals(folder: Path) -> Vitals | None:
    """What the run of a sweep told last; None if that is stale or cannot be read, as where nobody runs it."""
    try:
        told = json.loads((folder / "progress.json").read_text(encoding="utf-8"))
        if abs(time.time() - told.pop("time_s")) > STALE_s:
            return None
        return Vitals(**{**told, "phase": Phase(told["phase"])})
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None
