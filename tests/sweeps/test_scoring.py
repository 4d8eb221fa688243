"""The front is scored whole or the sweep is not complete, and no score is lost or made twice."""

import dataclasses
import json
import logging
import os
import signal
from collections.abc import Callable, Sequence
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from kinetics import DivergenceError
from sweeps import inline_executor, preparation
from sweeps import run as runs
from sweeps.cli.tables import print_front
from sweeps.executor import AnyJob, Job, Outcome
from sweeps.home import Home
from sweeps.inline_executor import InlineExecutor
from sweeps.report.view import View
from sweeps.run import Options
from sweeps.spec import Spec
from tasks import Evaluation, Task
from tasks.evaluator import Evaluator, Request

INLINE = Options(executor="inline")


class Crash(BaseException):
    """The process is gone."""


class Counted(InlineExecutor):
    """Keeps the trials that it scores, and does something once some of them are scored."""

    scored: list[int]
    act: Callable[[int], None]

    def submit(self, jobs: Sequence[AnyJob]) -> None:
        self.scored += [job.trial for job in jobs if isinstance(job, Job) and job.chosen]
        super().submit(jobs)

    def wait(self, timeout_s: float | None = None) -> list[Outcome]:
        if self.scored:
            self.act(len(self.scored) - self.pending)
        return super().wait(timeout_s)


@pytest.fixture(autouse=True)
def one_by_one(tiny_task: Task, monkeypatch: pytest.MonkeyPatch) -> None:
    """On the task that takes a millisecond, configuration after configuration, without pictures."""
    monkeypatch.setattr(runs, "load_data", lambda spec: tiny_task)
    monkeypatch.setattr(runs, "draw_front", lambda *_: None)
    monkeypatch.setattr(inline_executor, "_JOBS_AT_ONCE", 1)
    monkeypatch.setattr(preparation, "InlineExecutor", Counted)
    monkeypatch.setattr(Counted, "scored", [], raising=False)
    monkeypatch.setattr(Counted, "act", lambda self, done: None, raising=False)


def plain(found: dict[str, Any] | None) -> dict[str, Any]:
    """A result without the time that it took."""
    result: dict[str, Any] = json.loads(json.dumps(found))
    for each in (result, *(entry["evaluation"] for entry in result["pareto"])):
        del each["seconds"]
    return result


@pytest.fixture
def spec(tiny_spec: Spec) -> Spec:
    """The small search, smaller."""
    return dataclasses.replace(tiny_spec, configurations=12)


@pytest.fixture
def undisturbed(spec: Spec, tmp_path: Path) -> dict[str, Any]:
    """What the sweep comes to."""
    result = plain(runs.run(spec, Home(tmp_path / "undisturbed"), INLINE).result)
    assert len(result["pareto"]) >= 3
    Counted.scored.clear()
    return result


def failing(monkeypatch: pytest.MonkeyPatch, trial: int, error: Exception) -> None:
    """Let the scoring of a trial fail."""
    many = Evaluator.evaluate_many

    def fail(self: Evaluator, requests: Sequence[Request]) -> list[Evaluation | Exception]:
        return [
            error if request.chosen and request.trial == trial else result
            for request, result in zip(requests, many(self, requests), strict=True)
        ]

    monkeypatch.setattr(Evaluator, "evaluate_many", fail)


def stop() -> None:
    os.kill(os.getpid(), signal.SIGINT)


def crash() -> None:
    raise Crash


@pytest.mark.parametrize("accident", [stop, crash])
def test_a_stop_while_the_front_is_scored_keeps_what_is_scored(
    accident: Callable[[], None],
    spec: Spec,
    undisturbed: dict[str, Any],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(Counted, "act", lambda self, done: accident() if done == 1 else None)
        try:
            outcome = runs.run(spec, Home(tmp_path), INLINE)
        except Crash:
            pass
        else:
            assert not outcome.complete
            assert outcome.problem is None
    folder = Home(tmp_path).find("tiny")
    assert folder.result() is None
    known = [json.loads(line)["trial"] for line in folder.scores.read_text().splitlines()]
    front = sorted(Counted.scored)
    assert len(front) == len(undisturbed["pareto"])
    assert 1 <= len(known) < len(front)
    with folder.scores.open("a") as stream:
        stream.write('{"trial": 3, "basis": "torn')
    Counted.scored.clear()
    assert plain(runs.resume(folder, INLINE).result) == undisturbed
    assert sorted(known + Counted.scored) == front


def test_a_score_that_fails_leaves_the_sweep_incomplete_until_it_is_there(
    spec: Spec, undisturbed: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    front = [entry["trial"] for entry in undisturbed["pareto"]]
    with monkeypatch.context() as patch:
        failing(patch, front[1], MemoryError("no room for 32 GB"))
        outcome = runs.run(spec, Home(tmp_path), INLINE)
    assert not outcome.complete
    assert outcome.result is None
    words = f"1 of the {len(front)} configurations of the front could not be scored"
    assert words in (outcome.problem or "")
    assert f"trial {front[1]}: MemoryError: no room for 32 GB" in (outcome.problem or "")
    assert outcome.folder.result() is None
    Counted.scored.clear()
    assert plain(runs.resume(outcome.folder, INLINE).result) == undisturbed
    assert Counted.scored == [front[1]]


def test_a_configuration_that_fresh_chips_break_is_named_in_the_result(
    spec: Spec,
    undisturbed: dict[str, Any],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    broken = undisturbed["pareto"][0]["trial"]
    failing(monkeypatch, broken, DivergenceError("a state left the numbers"))
    outcome = runs.run(spec, Home(tmp_path), INLINE)
    assert outcome.complete
    result = outcome.folder.result()
    assert result is not None
    assert plain(result)["pareto"] == undisturbed["pareto"][1:]
    assert result["unscored"] == [{"trial": broken, "error": "DivergenceError: a state left the numbers"}]
    assert outcome.result == result
    told = f"Left out of the front, for they could not be scored on fresh chips and the test part: trial {broken} ("
    assert View.of(outcome.folder).left_out.startswith(told)
    output = StringIO()
    print_front(Console(file=output, width=100), spec, result)
    assert told in output.getvalue()
    [record] = [each for each in caplog.records if each.levelno >= logging.ERROR]
    assert f"Trial {broken} is left out" in record.getMessage()


def test_a_score_counts_only_for_what_it_was_made_of(
    spec: Spec, tiny_task: Task, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = runs.run(spec, Home(tmp_path), INLINE).folder
    front = sorted(Counted.scored)

    def scored_again() -> list[int]:
        folder.result_file.unlink()
        Counted.scored.clear()
        assert runs.resume(folder, INLINE).complete
        return sorted(Counted.scored)

    assert scored_again() == []
    lines = [json.loads(line) for line in folder.scores.read_text().splitlines()]
    swapped = [{**line, "trial": lines[n - 1]["trial"]} for n, line in enumerate(lines)]
    folder.scores.write_text("".join(json.dumps(line) + "\n" for line in swapped))
    assert scored_again() == front

    (folder.path / "provenance.json").unlink()  # else the sweep would not go on
    other = dataclasses.replace(tiny_task, test=tiny_task.validation)
    monkeypatch.setattr(runs, "load_data", lambda spec: other)
    assert scored_again() == front

    monkeypatch.setattr("sweeps.scoring.computing_versions", lambda: {"numpy": "1.0"})
    assert scored_again() == front

    text = folder.spec_file.read_text()
    folder.spec_file.write_text(text.replace("chips: 3", "chips: 4"))
    assert folder.spec_file.read_text() != text
    assert scored_again() == front
    assert scored_again() == []
