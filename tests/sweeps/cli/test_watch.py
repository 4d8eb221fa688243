"""Watching a sweep from elsewhere: what the study holds, what its run tells, and whether there is a run at all."""

import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest

from sweeps import heartbeat
from sweeps import run as runs
from sweeps.cli import main
from sweeps.following import Follower, Life
from sweeps.heartbeat import Heartbeat, Phase, Vitals, read_vitals
from sweeps.home import Home
from sweeps.run import NoObserver, Options
from sweeps.spec import Spec, parse_spec
from sweeps.standing import Standing, growth
from sweeps.study import Record, SweepStudy
from tasks import Task


@pytest.fixture(autouse=True)
def own_task(tiny_task: Task, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runs, "load_data", lambda spec: tiny_task)


def watch(capsys: pytest.CaptureFixture[str], home: Path, *words: str) -> str:
    with pytest.MonkeyPatch.context() as patch, pytest.raises(SystemExit) as exit_:
        patch.setattr(sys, "argv", ["memsweep", "watch", "tiny", "--home", str(home), *words])
        main()
    assert exit_.value.code == 0
    return capsys.readouterr().out


class Watched(NoObserver):
    """Looks at the sweep through its files after every trial; may end it like a crash."""

    def __init__(self, home: Path, crash_after: int = 10**9) -> None:
        self._home, self._crash_after = Home(home), crash_after
        self._follower: Follower | None = None
        self.seen: list[tuple[int, Life, bool]] = []

    def told(self, record: Record) -> None:
        self._follower = self._follower or Follower(self._home.find("tiny"))
        self._follower.look()
        ended = self._follower.standing.ended
        self.seen.append((ended, self._follower.life, self._follower.vitals is not None))
        if ended == self._crash_after:
            raise RuntimeError("crash")


def test_a_sweep_is_followed_trial_by_trial_to_its_end(
    tiny_spec: Spec, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    watched = Watched(tmp_path)
    outcome = runs.run(tiny_spec, Home(tmp_path), Options(executor="inline", observer=watched))
    assert [ended for ended, _, _ in watched.seen] == list(range(1, 25))
    assert {life for _, life, _ in watched.seen} == {Life.RUNNING}
    assert all(heard for _, _, heard in watched.seen)
    follower = Follower(outcome.folder)
    follower.look()
    assert (follower.life, follower.vitals) == (Life.COMPLETE, None)
    assert not (outcome.folder.path / "progress.json").exists()
    standing = Standing(tiny_spec)
    records = SweepStudy(tiny_spec, outcome.folder.journal).records()
    for record in reversed(records):
        standing.add(record)
    best = max(records, key=lambda record: record.evaluation.accuracy if record.evaluation else 0.0)
    for each in (standing, follower.standing):
        assert (each.finished, each.failed, each.front_size) == (24, 0, len({str(e) for e in _front(outcome)}))
        assert best.evaluation is not None
        assert each.best_accuracy == best.evaluation.accuracy
        assert each.hypervolume == growth(tiny_spec, records)["hypervolume"][-1]
    assert "24/24 configurations" in watch(capsys, tmp_path)


@pytest.mark.parametrize(("first", "best"), [("accuracy", 4), ("energy_J", 2), ("accuracy_low", 3)])
def test_the_best_is_that_of_the_first_objective_and_of_equals_the_lowest(
    tiny_spec: Spec, tmp_path: Path, first: str, best: int
) -> None:
    study = runs.run(tiny_spec, Home(tmp_path), Options(executor="inline")).folder.journal
    sample = SweepStudy(tiny_spec, study).records()[0]
    assert sample.evaluation is not None
    way = "minimize" if first == "energy_J" else "maximize"
    spec = parse_spec(tiny_spec.to_dict() | {"objectives": {first: way, "parameters": "minimize"}})
    standing = Standing(spec)
    # By hand: (accuracy, energy, accuracy_low) of trials of which each best one has an equal with a higher number.
    scores = {9: (0.9, 2.0, 0.7), 4: (0.9, 3.0, 0.7), 5: (0.9, 1.0, 0.8), 2: (0.6, 1.0, 0.1), 3: (0.1, 2.0, 0.8)}
    for number, (accuracy, energy_J, low) in scores.items():
        scored = replace(sample.evaluation, accuracy=accuracy, energy_J=energy_J, accuracy_low=low)
        standing.add(replace(sample, number=number, evaluation=scored))
    assert standing.leader is not None
    assert (standing.objective, standing.leader.trial) == (first, best)
    assert standing.best_accuracy == 0.9


def _front(outcome: runs.Outcome) -> list[tuple[float, float]]:
    entries = [entry["evaluation"] for entry in (outcome.result or {})["pareto"]]
    return [(entry["accuracy"], entry["energy_J"]) for entry in entries]


def test_a_front_grows_by_the_numbers_of_its_trials_whatever_comes_first(tiny_spec: Spec, tmp_path: Path) -> None:
    outcome = runs.run(tiny_spec, Home(tmp_path), Options(executor="inline"))
    *records, last = SweepStudy(tiny_spec, outcome.folder.journal).records()
    assert last.evaluation is not None
    # So bad that as one of the first it would be the reference.
    records.append(replace(last, evaluation=replace(last.evaluation, accuracy=0.0, energy_J=1.0)))
    reversed_ = Standing(tiny_spec)
    for record in reversed(records):
        reversed_.add(record)
    assert reversed_.hypervolume == growth(tiny_spec, records)["hypervolume"][-1] > 0


def test_one_that_crashed_is_stopped_and_says_how_to_go_on(
    tiny_spec: Spec, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(RuntimeError, match="crash"):
        runs.run(tiny_spec, Home(tmp_path), Options(executor="inline", observer=Watched(tmp_path, crash_after=7)))
    folder = Home(tmp_path).find("tiny")
    assert f"tiny is stopped; go on with `memsweep resume tiny --home {tmp_path}`." in watch(capsys, tmp_path)
    with folder.locked():  # somebody runs it, and has not told anything yet
        assert "7/24 configurations" in watch(capsys, tmp_path, "--once")
        follower = Follower(folder)
        follower.look()
        assert follower.life is Life.RUNNING
    assert runs.resume(folder, Options(executor="inline")).complete


def test_a_sweep_that_has_not_begun_is_left_for_its_run_to_make(tiny_spec: Spec, tmp_path: Path) -> None:
    folder = Home(tmp_path).create(tiny_spec)
    follower = Follower(folder)
    follower.look()
    assert follower.standing.ended == 0
    assert not folder.journal.exists()


class Clock:
    """A clock that is set by hand."""

    s = 0.0

    def __call__(self) -> float:
        return self.s


def test_a_heart_beats_now_and_then_and_tells_the_rate_of_late(tmp_path: Path) -> None:
    clock, shown = Clock(), list[Vitals]()
    heart = Heartbeat(tmp_path, lambda: (5, 2, None), shown.append, clock)
    for tenth in range(1000):  # 10 a second for 50 s, then none
        clock.s = tenth / 10
        heart.told += tenth < 500
        heart.beat()
    rates = {round(vitals.elapsed_s): vitals.rate_per_s for vitals in shown}
    assert rates[10] == pytest.approx(10, rel=0.02)
    assert rates[49] == pytest.approx(10, rel=0.02)
    assert rates[65] == pytest.approx(5, rel=0.05)  # half of the last 30 s
    assert rates[90] == 0
    assert 300 <= len(shown) <= 500
    written = read_vitals(tmp_path)
    assert written is not None
    assert (written.in_flight, written.workers, written.backlog) == (5, 2, None)
    assert written.elapsed_s >= 97
    heart.end()
    assert list(tmp_path.iterdir()) == []


def test_what_was_told_goes_stale_and_half_a_file_tells_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    heart = Heartbeat(tmp_path, lambda: (0, 1, 3), lambda _: None)
    heart.phase = Phase.LOGGING
    heart.beat()
    told = read_vitals(tmp_path)
    assert told is not None
    assert told.phase is Phase.LOGGING
    now = time.time()
    monkeypatch.setattr(heartbeat.time, "time", lambda: now + heartbeat.STALE_s + 0.1)
    assert read_vitals(tmp_path) is None
    monkeypatch.undo()
    text = (tmp_path / "progress.json").read_text()
    for wrong in (text[:20], "[]", "{}", text.replace("logging", "sleeping")):
        (tmp_path / "progress.json").write_text(wrong)
        assert read_vitals(tmp_path) is None


def test_a_file_that_cannot_be_written_is_no_matter(tmp_path: Path) -> None:
    (tmp_path / "progress.json.draft").mkdir()
    heart = Heartbeat(tmp_path, lambda: (0, 1, 3), lambda _: None)
    heart.beat()
    heart.end()
    assert read_vitals(tmp_path) is None
