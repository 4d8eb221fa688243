"""A study from its file to its result: durable, resumable, the same numbers on any executor."""

import shutil
import signal
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy import stats

from sweeps.home import SweepFolder
from sweeps.robustness import ChoiceError, Study, StudyOutcome, choose, run_study
from sweeps.robustness.folder import StudyFolder, StudyFolderError
from sweeps.run import Options
from tasks import load_task
from tasks.evaluator import Evaluator, Variant
from tracking.base import SweepRecord
from tracking.errors import TrackerError
from tracking.memory_tracker import MemoryTracker

BuildStudy = Callable[..., Study]


class Silent:
    """Watches, and stops the study like Ctrl-C after some points."""

    def __init__(self, stop_after: int | None = None) -> None:
        self.known: int | None = None
        self.seen = 0
        self._stop_after = stop_after

    def started(self, *, points: int, done: int, workers: int) -> None:
        self.known = done

    def scored(self) -> None:
        self.seen += 1
        if self.seen == self._stop_after:
            signal.raise_signal(signal.SIGINT)


def run(
    sweep: SweepFolder, study: Study, *, observer: Silent | None = None, most: int = 1, **options: Any
) -> StudyOutcome:
    chosen = choose(sweep, "pareto", part=study.part, most=most)
    return run_study(sweep, chosen, study, Options(**{"executor": "inline"} | options), observer or Silent())


def test_numbers_are_those_of_the_chips(sweep: SweepFolder, study: BuildStudy) -> None:
    outcome = run(sweep, study())
    [result] = outcome.results
    assert outcome.complete
    [chosen] = choose(sweep, "pareto", part="validation", most=1)
    used = replace(chosen.configuration, device=replace(chosen.configuration.device, d2d=0.3))
    used = replace(used, crossbar=replace(used.crossbar, mapping="pair"))
    evaluator = Evaluator(load_task("digits"), seed=3, chips=2)
    accuracy = evaluator.score(Variant(chosen.configuration, chosen.trial, used, 6)).accuracy
    point = result["curves"]["device.d2d"][2]
    assert point["accuracy"] == accuracy.tolist()
    assert point["median"] == np.median(accuracy)
    assert (point["q25"], point["q75"]) == tuple(np.quantile(accuracy, [0.25, 0.75]))
    assert point["q05"] == np.quantile(accuracy, 0.05)
    good = int((accuracy >= 0.85).sum())
    assert point["yield"] == good / 6
    ends = stats.beta.ppf([0.025, 0.975], [good, good + 1], [7 - good, 6 - good])  # Clopper and Pearson 1934
    np.testing.assert_allclose(point["yield_interval"], np.nan_to_num(ends, nan=[0, 1][good > 0]), rtol=1e-9)
    assert result["nominal"]["chips"] == 1
    assert result["nominal"]["yield_interval"] is None
    assert result["nominal"]["mean"] > point["median"]
    final = sweep.result()
    assert final is not None
    assert result["control_accuracy"] == final["pareto"][0]["evaluation"]["control_accuracy"]


@pytest.mark.usefixtures("local_ray")
def test_stopped_and_cut_off_it_ends_with_the_same_bits_on_any_executor(
    sweep: SweepFolder, study: BuildStudy, finished: Path, tmp_path: Path
) -> None:
    outcome = run(sweep, study(), observer=Silent(stop_after=5))
    assert (outcome.stopped, outcome.complete, outcome.results) == (True, False, [])
    trial = choose(sweep, "pareto", part="validation", most=1)[0].trial
    folder = StudyFolder.of(sweep, "small", trial)
    journal = folder.path / "points.jsonl"
    lines = journal.read_bytes().splitlines(keepends=True)
    assert len(lines) == 5
    journal.write_bytes(b"".join(lines)[:-7])  # what a power cut in the middle of the last line leaves
    observer = Silent()
    resumed = run(sweep, study(), observer=observer, executor="ray", workers=2)
    assert observer.known == 4
    assert resumed.complete
    text = folder.result_file.read_text()
    assert run(sweep, study()).results == resumed.results  # what was cut off is gone, not in the way

    other = SweepFolder(tmp_path / "other" / "tiny")
    other.path.parent.mkdir()
    shutil.copytree(finished / "sweeps" / "tiny", other.path)
    unbroken = run(other, study())
    assert unbroken.results == resumed.results
    assert StudyFolder.of(other, "small", trial).result_file.read_text() == text


def test_a_complete_study_is_read_not_scored(sweep: SweepFolder, study: BuildStudy) -> None:
    first = run(sweep, study(), most=2)
    assert len(first.results) == 2
    observer = Silent()
    again = run(sweep, study(), observer=observer, most=2)
    assert observer.known is None
    assert again.results == first.results


def test_pictures_are_there(sweep: SweepFolder, study: BuildStudy) -> None:
    [result] = run(sweep, study()).results
    folder = StudyFolder.of(sweep, "small", result["trial"])
    for name in ("accuracy", "yield", "sobol"):
        assert (folder.path / f"{name}.png").read_bytes().startswith(b"\x89PNG")


def test_another_content_under_the_same_name_is_refused(sweep: SweepFolder, study: BuildStudy) -> None:
    quick = partial(study, curves={"device.d2d": [0.1], "device.c2c": [0.2]})
    run(sweep, quick())
    reordered = study(curves={"device.c2c": [0.2], "device.d2d": [0.1]})  # points are numbered in the order of the file
    for changed in (quick(chips=7), quick(yield_target=0.5), quick(corners={}), reordered):
        with pytest.raises(StudyFolderError, match="give the study file another name, or remove that folder"):
            run(sweep, changed)


def test_two_processes_do_not_run_the_same_study(sweep: SweepFolder, study: BuildStudy) -> None:
    folder = StudyFolder.of(sweep, "small", choose(sweep, "pareto", part="validation", most=1)[0].trial)
    with folder.opened({}), pytest.raises(StudyFolderError, match="another process"):
        run(sweep, study())


def test_a_point_that_fails_is_told_and_the_others_are_kept(sweep: SweepFolder, study: BuildStudy) -> None:
    fails = study(curves={"device.d2d": [0, 0.1]})
    with pytest.MonkeyPatch.context() as patch:
        score = Evaluator.score

        def fail_at_tenth(self: Evaluator, variant: Variant) -> Any:
            if variant.used.device.d2d == 0.1:
                raise FloatingPointError("made up")
            return score(self, variant)

        patch.setattr(Evaluator, "score", fail_at_tenth)
        outcome = run(sweep, fails)
    assert outcome.errors == {"FloatingPointError: made up": 1}
    assert (outcome.complete, outcome.done) == (False, outcome.points - 1)
    assert run(sweep, fails).complete


class Down(MemoryTracker):
    """A platform that is down."""

    def start(self, sweep: SweepRecord) -> None:
        raise TrackerError("no answer")


def test_the_tracker_gets_a_record_a_configuration_once(sweep: SweepFolder, study: BuildStudy) -> None:
    tracker = MemoryTracker()
    for _ in range(2):
        outcome = run(sweep, study(), most=2, tracker=lambda: tracker)
        assert outcome.untracked == []
    trials = [result["trial"] for result in outcome.results]
    assert sorted(tracker.studies) == sorted(("small", trial) for trial in trials)
    record = tracker.studies["small", trials[0]]
    curve = outcome.results[0]["curves"]["crossbar.stuck_high + crossbar.stuck_low"]
    name = "crossbar.stuck_high and crossbar.stuck_low"
    assert record.curves[f"{name}.median"] == [point["median"] for point in curve]
    assert record.curves[f"{name}.value"] == [0.0, 0.02]
    assert set(record.files) == {"result", "accuracy", "yield", "sobol"}
    assert len(record.table) == 2 + 3 + 2 + 2
    assert tracker.trials == {}


def test_a_tracker_that_is_down_costs_nothing(
    sweep: SweepFolder, study: BuildStudy, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tracking.background.PATIENCE_FAILING_s", 0.2)
    outcome = run(sweep, study(), tracker=Down)
    assert outcome.complete
    assert outcome.untracked == [outcome.results[0]["trial"]]
    assert "no answer" in (outcome.tracking_problem or "")


def test_what_cannot_be_chosen(sweep: SweepFolder) -> None:
    with pytest.raises(ChoiceError, match="has no trial 9; its trials are 0 to 3"):
        choose(sweep, 9, part="validation", most=5)
    final = sweep.result()
    assert final is not None
    on_front = {entry["trial"] for entry in final["pareto"]}
    scores = [one.trial for one in choose(sweep, "pareto", part="test", most=9)]
    assert set(scores) == on_front
    assert [one.trial for one in choose(sweep, "pareto", part="test", most=1)] == scores[:1]
    sweep.result_file.unlink()
    assert {one.trial for one in choose(sweep, "pareto", part="validation", most=9)} == on_front
    with pytest.raises(ChoiceError, match="set `part: validation`"):
        choose(sweep, scores[0], part="test", most=1)
    sweep.journal.unlink()
    with pytest.raises(ChoiceError, match="trial, but the sweep 'tiny' has none; go on with `memsweep resume"):
        choose(sweep, "pareto", part="validation", most=1)
