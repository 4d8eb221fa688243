"""The driver: ask, dispatch, tell.

The rule that makes a sweep a function of its file (``mode: reproducible``): **trial n is asked when exactly the trials
up to n - lag have been told, and trials are told in the order of their numbers.** Results that come early wait for
their turn; up to ``lag`` trials are in flight meanwhile, so workers need not idle. The lag belongs to the file, not to
the machine.

``mode: throughput`` tells results as they come, and the lag is the number of trials in flight and nothing else. Which
configurations are tried then depends on the machine. What comes of trial n still depends on its configuration, the seed
and n alone, but for two things that hang on who has been told when it is asked: whether it is a duplicate, and, where
the sweep races, whether it is left after its first chips.

**A duplicate is not simulated.** A trial whose configuration is that of a trial told when it was asked (up to n - lag,
by the rule) takes over the outcome of the first of those, and says so in its record. That is not what its own random
stream would have given; by the rule it is the same for any number of workers and after any interruption.

A sweep ends after so many configurations, or sooner by its budget:

==============  ===============================================================================================
budget          ends
==============  ===============================================================================================
no_progress n   lag - 1 trials, which are in flight by then, after the first of n trials in a row, by their numbers,
                of which none joined the front: at the same trial on any machine
seconds         with what is in flight when that time has been spent, interruptions not counted: at a trial that depends
                on the machine, though every trial is the one of the longer sweep
==============  ===============================================================================================
"""

import logging
import time
from collections.abc import Callable
from typing import Any

from kinetics import InvalidParameterError
from sweeps.executor import Executor, Job, Outcome
from sweeps.front import RunningFront
from sweeps.study import Record, SweepStudy
from tasks import Configuration

_LOG = logging.getLogger(__name__)

POLL_S = 0.5
"""How often a waiting driver looks whether it should stop."""
_NOTE_S = 30.0
"""How often the time spent is written down: what a killed driver may forget of it."""


def drive(
    study: SweepStudy,
    executor: Executor,
    *,
    configurations: int,
    lag: int,
    on_told: Callable[[Record], None],
    in_order: bool = True,
    racing: bool = False,
    no_progress: int | None = None,
    seconds: float | None = None,
    stop: Callable[[], bool] = lambda: False,
) -> bool:
    """Run a sweep, or what is left of it, to its end.

    Args:
        study: the study, new or interrupted.
        executor: where jobs run.
        configurations: trials at most.
        lag: most trials that are asked and not told.
        on_told: called with every trial once it is durable.
        in_order: whether the rule above holds; otherwise results are told as they come.
        racing: whether jobs are told the front as it was when they were asked.
        no_progress: trials without progress after which the sweep ends.
        seconds: time after which it ends, all its runs together.
        stop: asked between steps; true ends the run early: what is in flight is finished, what is told is kept.

    Returns:
        Whether the sweep is at its end.

    Raises:
        ExecutorError: there are no workers any more.
        StorageError: the study cannot be written any more.
    """
    return _Drive(study, executor, configurations, lag, in_order, racing, no_progress, seconds).run(on_told, stop)


class _Drive:
    """One run of a sweep."""

    def __init__(
        self,
        study: SweepStudy,
        executor: Executor,
        configurations: int,
        lag: int,
        in_order: bool,
        racing: bool,
        no_progress: int | None,
        seconds: float | None,
    ) -> None:
        self._study, self._executor = study, executor
        self._lag, self._in_order, self._racing = lag, in_order, racing
        self._no_progress, self._seconds = no_progress, seconds
        self._limit = configurations
        self._asked, self._untold = study.untold()
        self._first = min(self._untold, default=self._asked)
        self._early: dict[int, Outcome] = {}
        self._front = RunningFront(study.directions)
        self._ahead = study.objectives() if no_progress is not None else {}
        self._before_s = study.spent_s if seconds is not None else 0.0
        self._start_s = self._noted_s = time.monotonic()

    def run(self, on_told: Callable[[Record], None], stop: Callable[[], bool]) -> bool:
        self._look_for_progress()
        again = [(number, self._study.ask_again(number)) for number in sorted(self._untold)]
        self._executor.submit([job for number, values in again for job in self._jobs_of(number, values)])
        self._executor.submit(self._ask())
        while not self._ended():
            if stop():
                self._finish_flying(on_told)
                break
            self._early.update((outcome.trial, outcome) for outcome in self._executor.wait(POLL_S))
            while not stop() and (record := self._tell_next()) is not None:
                # Asked before anybody else hears of it, so that no worker waits for that.
                self._executor.submit(self._ask())
                on_told(record)
        self._note_time()
        return self._ended()

    def _ended(self) -> bool:
        self._look_at_clock()
        return not self._untold and self._asked >= self._limit

    def _ask(self) -> list[Job]:
        """The jobs of all trials that may be asked now."""
        jobs: list[Job] = []
        self._look_at_clock()
        while self._asked < self._limit and self._flying() < self._lag:
            number = self._asked
            values = self._study.ask(number)
            self._asked += 1
            self._untold.add(number)
            jobs += self._jobs_of(number, values)
        return jobs

    def _flying(self) -> int:
        return self._asked - self._first if self._in_order else len(self._untold)

    def _jobs_of(self, number: int, values: dict[str, Any]) -> list[Job]:
        """The job of a trial; none, but an outcome, if it is a duplicate or its fields do not go together."""
        # By the rule exactly these had been told, whoever asks again after a crash.
        told = max(number - self._lag + 1, 0) if self._in_order else self._first
        copied = self._study.copy_of_earlier(number, told if self._in_order else number)
        if copied is not None:
            self._early[number] = copied
            return []
        try:
            configuration = Configuration.from_dotted(values)
        except InvalidParameterError as error:
            self._early[number] = Outcome(trial=number, error=f"InvalidParameterError: {error}")
            return []
        return [Job(trial=number, configuration=configuration, rivals=self._study.rivals(told) if self._racing else ())]

    def _tell_next(self, below: int | None = None) -> Record | None:
        """Tell the trial whose turn it is, if its outcome is there and its number is ``below``."""
        number = self._first if self._in_order else min(self._early, default=self._asked)
        if number not in self._early or (below is not None and number >= below):
            return None
        record = self._study.tell(self._early.pop(number))
        self._untold.remove(number)
        self._first = min(self._untold, default=self._asked) if number == self._first else self._first
        if self._no_progress is not None:
            self._ahead[number] = self._study.objectives_of(record)
            self._look_for_progress()
        return record

    def _look_for_progress(self) -> None:
        """Close the sweep at the first trial, in the order of numbers, that ends a time without progress."""
        while self._no_progress is not None and self._front.seen in self._ahead:
            number = self._front.seen
            self._front.add(self._ahead.pop(number))
            if self._front.idle == self._no_progress:
                # By then, these had been asked.
                self._limit = min(self._limit, number + self._lag if self._in_order else self._asked)

    def _look_at_clock(self) -> None:
        if self._seconds is None:
            return
        now_s = time.monotonic()
        over = self._before_s + now_s - self._start_s >= self._seconds
        if over and self._asked < self._limit:
            self._limit = self._asked
            self._note_time()
        elif now_s - self._noted_s > _NOTE_S:
            self._note_time()

    def _note_time(self) -> None:
        if self._seconds is not None:
            self._noted_s = time.monotonic()
            self._study.note_spent(self._before_s + self._noted_s - self._start_s)

    def _finish_flying(self, on_told: Callable[[Record], None]) -> None:
        """Finish what runs, start nothing, and tell what can be told, with the asking that the rule ties to it."""
        self._executor.withdraw()
        if self._executor.pending:
            _LOG.warning("Stopping: the configurations under way are finished first; once more stops at once.")
        asked = self._asked
        while True:
            # Those asked from here on would not have begun; a search full of duplicates would go on for ever.
            while (record := self._tell_next(below=asked)) is not None:
                self._ask()
                on_told(record)
            if not self._executor.pending:
                return
            self._early.update((outcome.trial, outcome) for outcome in self._executor.wait(POLL_S))
