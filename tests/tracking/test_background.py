"""The queue between a sweep and its tracker: never blocks, keeps what can be kept, says what is missing."""

import threading
import time
from collections.abc import Callable

import pytest

from tracking import (
    BackgroundTracker,
    MemoryTracker,
    MlflowTracker,
    RecordRefusedError,
    Summary,
    SweepRecord,
    TrackerError,
    TrialRecord,
)

TrialBuilder = Callable[..., TrialRecord]


class Unreliable(MemoryTracker):
    """Fails as told: ``down`` for everything, ``bad`` for some trials, ``refused`` for others."""

    def __init__(self) -> None:
        super().__init__()
        self.down = False
        self.bad: set[int] = set()
        self.refused: set[int] = set()
        self.attempts: list[float] = []
        self.threads: set[int] = set()

    def _check(self) -> None:
        self.threads.add(threading.get_ident())
        self.attempts.append(time.monotonic())
        if self.down:
            raise TrackerError("the server is\ndown")

    def start(self, sweep: SweepRecord) -> None:
        self._check()
        super().start(sweep)

    def log(self, trial: TrialRecord) -> bool:
        self._check()
        if trial.number in self.bad:
            raise ValueError("a bug")
        if trial.number in self.refused:
            raise RecordRefusedError("no")
        return super().log(trial)

    def finish(self, summary: Summary) -> None:
        self._check()
        super().finish(summary)


@pytest.fixture
def kept() -> Unreliable:
    return Unreliable()


@pytest.fixture
def background(kept: Unreliable) -> BackgroundTracker:
    return BackgroundTracker(kept, first_retry_s=0.02, last_retry_s=0.08)


def wait_until(holds: Callable[[], bool]) -> None:
    deadline_s = time.monotonic() + 30
    while not holds():
        assert time.monotonic() < deadline_s
        time.sleep(0.005)


def test_everything_is_kept_in_order_by_another_thread(
    background: BackgroundTracker, kept: Unreliable, sweep: SweepRecord, trial: TrialBuilder, summary: Summary
) -> None:
    background.start(sweep)
    for number in range(50):
        background.log(trial(number))
    background.finish(summary)
    assert list(kept.trials) == list(range(50))
    assert kept.summary == summary
    assert (background.missing, background.problem, background.backlog) == ([], None, 0)
    assert threading.get_ident() not in kept.threads
    assert len(kept.threads) == 1


def test_nothing_blocks_while_the_tracker_hangs(sweep: SweepRecord, trial: TrialBuilder, summary: Summary) -> None:
    release = threading.Event()

    class Hanging(MemoryTracker):
        def start(self, sweep: SweepRecord) -> None:
            release.wait(20)
            super().start(sweep)

    background = BackgroundTracker(Hanging())
    began_s = time.monotonic()
    background.start(sweep)
    for number in range(3):
        background.log(trial(number))
    assert time.monotonic() - began_s < 0.2
    assert background.backlog == 3
    background.finish(summary, timeout_s=0.3)
    assert 0.3 <= time.monotonic() - began_s < 1
    assert background.missing == [0, 1, 2]
    assert background.problem is not None
    assert "not logged within" in background.problem
    release.set()


def test_records_survive_an_outage_and_are_not_doubled(
    background: BackgroundTracker, kept: Unreliable, sweep: SweepRecord, trial: TrialBuilder, summary: Summary
) -> None:
    background.start(sweep)
    background.log(trial(0))
    wait_until(lambda: background.backlog == 0)
    kept.down = True
    background.log(trial(1))
    background.log(trial(2))
    wait_until(lambda: background.problem is not None)
    assert background.problem == "the server is down"
    assert background.missing == [1, 2]
    kept.down = False
    background.finish(summary)
    assert sorted(kept.trials) == [0, 1, 2]
    assert background.missing == []
    assert not background.problem


def test_pauses_double_up_to_the_longest(background: BackgroundTracker, kept: Unreliable, sweep: SweepRecord) -> None:
    kept.down = True
    background.start(sweep)
    wait_until(lambda: len(kept.attempts) >= 6)
    background.close(timeout_s=0)
    pauses = [later - sooner for sooner, later in zip(kept.attempts, kept.attempts[1:6], strict=False)]
    least = [0.02, 0.04, 0.08, 0.08, 0.08]
    assert all(pause >= bound * 0.99 for pause, bound in zip(pauses, least, strict=True))


def test_down_all_the_time_costs_the_bound_and_no_more(
    background: BackgroundTracker, kept: Unreliable, sweep: SweepRecord, trial: TrialBuilder, summary: Summary
) -> None:
    kept.down = True
    background.start(sweep)
    background.log(trial(4))
    background.log(trial(2))
    began_s = time.monotonic()
    background.finish(summary, timeout_s=0.3)
    assert 0.3 <= time.monotonic() - began_s < 1
    assert background.missing == [2, 4]
    assert background.problem == "the server is down"


@pytest.mark.parametrize("reached_before", [False, True])
def test_default_bound_is_short_for_a_tracker_that_fails(
    background: BackgroundTracker,
    kept: Unreliable,
    sweep: SweepRecord,
    trial: TrialBuilder,
    summary: Summary,
    monkeypatch: pytest.MonkeyPatch,
    reached_before: bool,
) -> None:
    monkeypatch.setattr("tracking.background.PATIENCE_FAILING_s", 0.2)
    kept.down = not reached_before
    background.start(sweep)
    wait_until(lambda: len(kept.attempts) == 1)
    kept.down = True
    background.log(trial(0))
    wait_until(lambda: background.problem is not None)
    began_s = time.monotonic()
    background.finish(summary)
    assert 0.15 <= time.monotonic() - began_s < 1


def test_slow_tracker_may_take_longer_than_the_patience(
    sweep: SweepRecord, trial: TrialBuilder, summary: Summary, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tracking.background.PATIENCE_s", 0.4)

    class Slow(MemoryTracker):
        def log(self, trial: TrialRecord) -> bool:
            time.sleep(0.1)
            return super().log(trial)

    background = BackgroundTracker(Slow())
    background.start(sweep)
    for number in range(8):
        background.log(trial(number))
    background.finish(summary)
    assert background.missing == []


def test_tracker_that_looks_at_thousands_of_runs_first_is_waited_for(
    sweep: SweepRecord, trial: TrialBuilder, summary: Summary, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tracking.background.PATIENCE_s", 0.1)

    class Full(MemoryTracker):
        def start(self, sweep: SweepRecord) -> None:
            time.sleep(0.5)
            super().start(sweep)

    background = BackgroundTracker(Full())
    background.start(sweep)
    background.log(trial(0))
    background.finish(summary)
    assert (background.missing, background.written) == ([], 1)


def test_waiting_ends_when_it_is_told_to_stop(sweep: SweepRecord, trial: TrialBuilder, summary: Summary) -> None:
    class Slow(MemoryTracker):
        closed = False

        def log(self, trial: TrialRecord) -> bool:
            time.sleep(0.3)
            return super().log(trial)

        def close(self) -> None:
            self.closed = True

    slow = Slow()
    background = BackgroundTracker(slow)
    background.start(sweep)
    for number in range(100):
        background.log(trial(number))
    began_s = time.monotonic()
    background.finish(summary, stop=lambda: time.monotonic() > began_s + 0.7)
    assert time.monotonic() - began_s < 3
    assert 90 < len(background.missing) < 100
    wait_until(lambda: slow.closed)
    assert 0 < len(slow.trials) < 10


@pytest.mark.parametrize("kind", ["bad", "refused"])
def test_bad_record_does_not_hold_up_the_others(
    background: BackgroundTracker,
    kept: Unreliable,
    sweep: SweepRecord,
    trial: TrialBuilder,
    summary: Summary,
    kind: str,
) -> None:
    setattr(kept, kind, {1})
    background.start(sweep)
    for number in range(4):
        background.log(trial(number))
    background.finish(summary, timeout_s=0.5)
    assert sorted(kept.trials) == [0, 2, 3]
    assert background.missing == [1]
    assert background.problem == ("no" if kind == "refused" else "ValueError: a bug")
    if kind == "refused":
        assert kept.summary == summary


def test_several_threads_log_at_once_and_opening_and_summary_are_alone(
    sweep: SweepRecord, trial: TrialBuilder, summary: Summary
) -> None:
    """A tracker of four writers that takes 20 ms a record, and fails each record once."""

    class Remote(MemoryTracker):
        writers = 4

        def __init__(self) -> None:
            super().__init__()
            self.now: list[str] = []
            self.together: set[tuple[str, ...]] = set()
            self.failed: set[int] = set()

        def _call(self, kind: str) -> None:
            self.now.append(kind)
            self.together.add(tuple(sorted(self.now)))
            time.sleep(0.02)
            self.now.remove(kind)

        def start(self, sweep: SweepRecord) -> None:
            self._call("start")
            super().start(sweep)

        def log(self, trial: TrialRecord) -> bool:
            self._call("log")
            if trial.number not in self.failed:
                self.failed.add(trial.number)
                raise TrackerError("not now")
            return super().log(trial)

        def finish(self, summary: Summary) -> None:
            self._call("finish")
            super().finish(summary)

    remote = Remote()
    background = BackgroundTracker(remote, first_retry_s=0.001, last_retry_s=0.001)
    background.start(sweep)
    for number in [*range(40), 7]:
        background.log(trial(number))
    background.finish(summary)
    assert sorted(remote.trials) == list(range(40))
    assert (background.written, background.missing, background.problem) == (40, [], None)
    assert ("log",) * 4 in remote.together
    assert remote.together <= {("start",), ("finish",), *(("log",) * n for n in range(1, 5))}


def test_close_keeps_the_trials_of_an_interrupted_sweep(
    background: BackgroundTracker, kept: Unreliable, sweep: SweepRecord, trial: TrialBuilder
) -> None:
    background.close()  # before start: nothing to wait for
    background.start(sweep)
    background.log(trial(0))
    background.close()
    background.close()
    assert list(kept.trials) == [0]
    assert kept.summary is None
    assert background.problem is None


def test_after_the_end_a_trial_is_missing_and_a_summary_is_an_error(
    background: BackgroundTracker, sweep: SweepRecord, trial: TrialBuilder, summary: Summary
) -> None:
    background.start(sweep)
    background.close()
    background.log(trial(9))
    assert background.missing == [9]
    with pytest.raises(TrackerError, match="after the end"):
        background.finish(summary)
    with pytest.raises(TrackerError, match="start was called already"):
        background.start(sweep)


def test_dead_server_does_not_hold_up_a_sweep(
    closed_port: int, sweep: SweepRecord, trial: TrialBuilder, summary: Summary
) -> None:
    background = BackgroundTracker(MlflowTracker(f"http://me:hush@127.0.0.1:{closed_port}"))
    began_s = time.monotonic()
    background.start(sweep)
    for number in range(5):
        background.log(trial(number))
    assert time.monotonic() - began_s < 0.5
    wait_until(lambda: background.problem is not None)
    began_s = time.monotonic()
    background.finish(summary, timeout_s=2)
    assert time.monotonic() - began_s < 4
    assert background.missing == [0, 1, 2, 3, 4]
    assert background.problem is not None
    assert "\n" not in background.problem
    assert "hush" not in background.problem
    assert "127.0.0.1" in background.problem
