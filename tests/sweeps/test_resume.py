"""What is looked at before a sweep goes on."""

import dataclasses
import json
from pathlib import Path

import pytest

from sweeps import run as runs
from sweeps.home import Home, SweepFolder
from sweeps.provenance import package_versions
from sweeps.run import Options
from sweeps.spec import Spec
from tasks import DataError, Part, Task
from tasks.evaluator import Evaluator

INLINE = Options(executor="inline")


@pytest.fixture
def begun(tiny_task: Task, tiny_spec: Spec, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> SweepFolder:
    """A sweep that has all but its result."""
    monkeypatch.setattr(runs, "load_data", lambda spec: tiny_task)
    monkeypatch.setattr(runs, "draw_front", lambda *_: None)
    folder = runs.run(tiny_spec, Home(tmp_path), INLINE).folder
    folder.result_file.unlink()
    return folder


def note(folder: SweepFolder) -> Path:
    return folder.path / "provenance.json"


def test_other_data_are_refused_before_work_starts(
    begun: SweepFolder, tiny_task: Task, monkeypatch: pytest.MonkeyPatch
) -> None:
    labels = tiny_task.test.y.copy()
    labels[0] = (labels[0] + 1) % tiny_task.classes
    other = dataclasses.replace(tiny_task, test=Part(tiny_task.test.x, labels))
    monkeypatch.setattr(runs, "load_data", lambda spec: other)
    monkeypatch.setattr(runs, "make_executor", lambda *_: pytest.fail("work has started"))
    with pytest.raises(DataError, match=r"the test part is not the one in .*memsweep run .*--set name="):
        runs.resume(begun, INLINE)
    monkeypatch.undo()
    monkeypatch.setattr(runs, "load_data", lambda spec: other)
    monkeypatch.setattr(runs, "draw_front", lambda *_: None)
    # An old sweep wrote nothing down.
    note(begun).unlink()
    assert runs.resume(begun, INLINE).complete


def test_other_versions_of_what_computes_are_told(begun: SweepFolder, caplog: pytest.LogCaptureFixture) -> None:
    written = json.loads(note(begun).read_text())
    note(begun).write_text(
        json.dumps({**written, "versions": {**package_versions(), "numpy": "1.0", "mlflow": "1.0", "arithmetic": "0"}})
    )
    assert runs.resume(begun, INLINE).complete
    [told] = [each.getMessage() for each in caplog.records]
    assert "began with numpy 1.0, arithmetic 0 and goes on with numpy " in told
    assert "mlflow" not in told
    caplog.clear()
    note(begun).write_text(json.dumps(written))
    begun.result_file.unlink()
    assert runs.resume(begun, INLINE).complete
    assert not caplog.records


def test_a_complete_sweep_says_that_it_was_complete_also_if_all_failed(
    tiny_task: Task, tiny_spec: Spec, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runs, "load_data", lambda spec: tiny_task)
    monkeypatch.setattr(Evaluator, "evaluate_many", lambda self, requests: [MemoryError("32 GB") for _ in requests])
    outcome = runs.run(tiny_spec, Home(tmp_path), INLINE)
    assert (outcome.finished, outcome.failed, outcome.complete, outcome.was_complete) == (0, 24, True, False)
    again = runs.resume(outcome.folder, INLINE)
    assert (again.failed, again.complete, again.was_complete) == (24, True, True)
    assert again.result == outcome.result
