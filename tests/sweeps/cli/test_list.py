"""The list counts what a sweep has, quickly and without touching it."""

import json
import sys
import time
from pathlib import Path

import pytest

from sweeps import run as runs
from sweeps.cli import main
from sweeps.executor import Outcome
from sweeps.home import Home
from sweeps.journal import ended
from sweeps.run import Options
from sweeps.spec import Spec
from sweeps.study import SweepStudy
from tasks import Task


def listed(home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> list[dict[str, object]]:
    monkeypatch.setattr(sys, "argv", ["memsweep", "list", "--json", "--home", str(home)])
    with pytest.raises(SystemExit):
        main()
    rows: list[dict[str, object]] = json.loads(capsys.readouterr().out)
    return rows


def test_complete_begun_and_new_sweeps_are_counted(
    tiny_task: Task,
    tiny_spec: Spec,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(runs, "load_data", lambda spec: tiny_task)
    outcome = runs.run(tiny_spec, Home(tmp_path), Options(executor="inline"))
    assert ended(outcome.folder.journal) == SweepStudy(tiny_spec, outcome.folder.journal).ended() == (24, 0)
    [row] = listed(tmp_path, monkeypatch, capsys)
    assert (row["state"], row["finished"], row["failed"]) == ("complete", 24, 0)

    outcome.folder.result_file.unlink()
    study = SweepStudy(tiny_spec, outcome.folder.journal)
    study.ask(24)
    study.tell(Outcome(trial=24, error='{"op_code":6,"state":1}\n'))
    study.ask(25)
    with outcome.folder.journal.open("ab") as stream:
        stream.write(b'{"op_code":6,"state":1')  # torn
    before = outcome.folder.journal.read_bytes()
    [row] = listed(tmp_path, monkeypatch, capsys)
    assert (row["state"], row["finished"], row["failed"]) == ("incomplete", 24, 1)
    assert outcome.folder.journal.read_bytes() == before

    outcome.folder.journal.unlink()
    [row] = listed(tmp_path, monkeypatch, capsys)
    assert (row["finished"], row["failed"]) == (0, 0)
    assert not outcome.folder.journal.exists()


def test_ten_thousand_trials_are_counted_at_once(tmp_path: Path) -> None:
    attribute = '{"op_code":8,"worker_id":"w","trial_id":0,"user_attr":{"evaluation":"' + 2000 * "x" + '"}}\n'
    finished, failed = ('{"op_code":6,"worker_id":"w","trial_id":0,"state":' + state + "}\n" for state in "13")
    (tmp_path / "journal.log").write_text(2500 * (4 * attribute + 3 * finished + failed))
    start_s = time.perf_counter()
    assert ended(tmp_path / "journal.log") == (7500, 2500)
    assert time.perf_counter() - start_s < 1.0
