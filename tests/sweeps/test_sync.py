"""A tracker is brought up to what the study holds: everything, once, whoever was interrupted when."""

import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from filelock import FileLock
from typer.testing import CliRunner

from sweeps.cli import app
from sweeps.home import Home, HomeError, SweepFolder
from sweeps.robustness import choose, run_study
from sweeps.robustness.study_file import parse_study
from sweeps.run import NoObserver, Options, resume, run
from sweeps.spec import Spec
from sweeps.study import Record
from sweeps.sync import is_tracked, sync
from tracking import MemoryTracker, Summary, SweepRecord, TrackerError, TrialRecord


class Shelf(MemoryTracker):
    """A tracker whose records outlive the sweep, and which may be away."""

    place: str | None = "shelf"

    def __init__(self) -> None:
        super().__init__()
        self.away = False
        self.starts = 0
        self.drops: set[int] = set()

    def start(self, sweep: SweepRecord) -> None:
        self.starts += 1
        if self.away:
            raise TrackerError("away")
        super().start(sweep)

    def log(self, trial: TrialRecord) -> bool:
        if trial.number in self.drops:
            raise TrackerError("dropped")
        return super().log(trial)


class Silent(NoObserver):
    """Watches nothing, but stops the sweep like Ctrl-C after some trials."""

    def __init__(self, stop: Callable[[], None], after: int) -> None:
        self._stop, self._left = stop, after

    def told(self, record: Record) -> None:
        self._left -= 1
        if not self._left:
            self._stop()


@pytest.fixture
def spec(tiny_spec: Spec) -> Spec:
    return replace(tiny_spec, configurations=6, chips=2)


@pytest.fixture
def shelf() -> Shelf:
    return Shelf()


@pytest.fixture(autouse=True)
def short_patience(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tracking.background.PATIENCE_FAILING_s", 1.6)


@pytest.fixture
def untracked(spec: Spec, tmp_path: Path) -> SweepFolder:
    """A complete sweep that no tracker has heard of."""
    return run(spec, Home(tmp_path), Options(executor="inline")).folder


def test_what_is_missing_is_written_and_told_once(untracked: SweepFolder, shelf: Shelf) -> None:
    first = sync(untracked, lambda: shelf)
    assert (first.records, first.missing, first.written, first.untracked, first.problem) == (6, 6, 6, [], None)
    assert sorted(shelf.trials) == list(range(6))
    assert shelf.summary is not None
    result = untracked.result()
    assert result is not None
    assert shelf.summary.pareto == result["pareto"]
    del shelf.trials[2], shelf.trials[4]
    second = sync(untracked, lambda: shelf)
    assert (second.missing, second.written) == (2, 2)
    third = sync(untracked, lambda: shelf)
    assert (third.missing, third.written) == (0, 0)


def test_records_are_those_that_a_tracked_run_writes(spec: Spec, untracked: SweepFolder, tmp_path: Path) -> None:
    along, afterwards = Shelf(), Shelf()
    run(spec, Home(tmp_path / "tracked"), Options(executor="inline", tracker=lambda: along))
    sync(untracked, lambda: afterwards)

    def untimed(trial: TrialRecord) -> TrialRecord:
        return replace(trial, evaluation={**(trial.evaluation or {}), "seconds": 0})

    assert {n: untimed(trial) for n, trial in along.trials.items()} == {
        n: untimed(trial) for n, trial in afterwards.trials.items()
    }
    assert along.sweep == afterwards.sweep


def test_tracker_that_is_away_or_drops_some_is_told(untracked: SweepFolder, shelf: Shelf) -> None:
    shelf.away = True
    away = sync(untracked, lambda: shelf)
    assert (away.missing, away.written, away.untracked, away.problem) == (None, 0, list(range(6)), "away")
    shelf.away, shelf.drops = False, {3}
    dropping = sync(untracked, lambda: shelf)
    assert (dropping.missing, dropping.written, dropping.untracked, dropping.problem) == (6, 5, [3], "dropped")
    assert not is_tracked(untracked, shelf)


def test_interrupted_sweep_gets_no_summary_until_it_is_complete(spec: Spec, shelf: Shelf, tmp_path: Path) -> None:
    def interrupt() -> None:
        import signal

        signal.raise_signal(signal.SIGINT)

    observer = Silent(interrupt, after=3)
    folder = run(spec, Home(tmp_path), Options(executor="inline", observer=observer)).folder
    part = sync(folder, lambda: shelf)
    assert 3 <= part.written < 6
    assert shelf.summary is None
    resume(folder, Options(executor="inline", tracker=lambda: shelf))
    assert sorted(shelf.trials) == list(range(6))
    assert isinstance(shelf.summary, Summary)


def test_complete_and_tracked_sweep_is_resumed_without_asking_the_tracker(
    spec: Spec, shelf: Shelf, tmp_path: Path
) -> None:
    options = Options(executor="inline", tracker=lambda: shelf)
    ran = run(spec, Home(tmp_path), options)
    assert is_tracked(ran.folder, shelf)
    resumed = resume(ran.folder, options)
    assert (resumed.complete, resumed.finished, resumed.result) == (True, ran.finished, ran.result)
    assert shelf.starts == 1
    other = Shelf()
    other.place = "another shelf"
    resume(ran.folder, replace(options, tracker=lambda: other))
    assert sorted(other.trials) == list(range(6))


def test_note_counts_only_whole_and_of_its_place(untracked: SweepFolder, shelf: Shelf) -> None:
    sync(untracked, lambda: shelf)
    assert is_tracked(untracked, shelf)
    assert not is_tracked(untracked, MemoryTracker())
    (untracked.path / "tracked.json").write_text('{"tracker": "she')
    assert not is_tracked(untracked, shelf)


def test_sweep_in_other_hands_is_left_alone(untracked: SweepFolder, shelf: Shelf) -> None:
    with untracked.locked(), pytest.raises(HomeError, match="another process"):
        sync(untracked, lambda: shelf)
    assert shelf.starts == 0


def test_studies_of_robustness_are_synced_but_not_while_they_run(untracked: SweepFolder, shelf: Shelf) -> None:
    study = parse_study({"chips": 3, "curves": {"device.d2d": [0.0, 0.2]}}, "spread")
    chosen = choose(untracked, "pareto", part=study.part, most=1)
    along = Shelf()

    class Nobody:
        def started(self, *, points: int, done: int, workers: int) -> None: ...

        def scored(self) -> None: ...

    run_study(untracked, chosen, study, Options(executor="inline", tracker=lambda: along), Nobody())
    [(key, expected)] = along.studies.items()
    [lock] = untracked.path.glob("robustness/*/lock")
    with FileLock(lock):
        assert sync(untracked, Shelf).records == 6
    assert sync(untracked, lambda: shelf).written == 7
    kept = shelf.studies[key]
    assert (kept.configuration, kept.settings, kept.curves) == (
        json.loads(json.dumps(expected.configuration)),
        expected.settings,
        expected.curves,
    )
    assert set(kept.files) == set(expected.files)


def command(*words: object) -> Any:
    return CliRunner().invoke(app, [str(word) for word in words], catch_exceptions=False)


def test_command_line_logs_to_the_home_and_tells(untracked: SweepFolder, tmp_path: Path) -> None:
    first = command("sync", "tiny", "--home", tmp_path, "--json")
    assert first.exit_code == 0, first.output
    told = {"name": "tiny", "records": 6, "missing": 6, "written": 6, "untracked": [], "problem": None}
    assert json.loads(first.stdout) == told
    second = command("sync", "tiny", "--home", tmp_path)
    assert "MLflow lacked 0 of the 6 records of tiny; 0 are written." in " ".join(second.stdout.split())
    shutil.rmtree(tmp_path / "artifacts")
    for database in tmp_path.glob("mlflow.db*"):
        database.unlink()
    assert command("resume", "tiny", "--home", tmp_path, "--executor", "inline", "--json").exit_code == 0
    assert json.loads(command("sync", "tiny", "--home", tmp_path, "--json").stdout)["missing"] == 0
    down = command("sync", "tiny", "--home", tmp_path, "--tracking", "http://me:hush@127.0.0.1:9")
    assert down.exit_code == 1
    assert "could not be asked for the 6 records" in " ".join(down.stdout.split())
    assert "hush" not in down.output
