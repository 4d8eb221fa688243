"""The list counts what a sweep has, quickly and without touching it."""

import json
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest

from sweeps import run as runs
from sweeps.cli import main
from sweeps.executor import Outcome
from sweeps.home import Home
from sweeps.journal import ended
from sweeps.run import Options
from sweeps.spec import Spec
from sweeps.storage import parse_storage, remember
from sweeps.study import SweepStudy
from tasks import Task


def printed(
    home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], *words: str
) -> tuple[object, str]:
    """(exit status, what is printed)."""
    monkeypatch.setattr(sys, "argv", ["memsweep", "list", "--home", str(home), *words])
    with pytest.raises(SystemExit) as ended:
        main()
    return ended.value.code, capsys.readouterr().out


def listed(
    home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], *words: str
) -> list[dict[str, object]]:
    status, text = printed(home, monkeypatch, capsys, "--json", *words)
    assert not status
    rows: list[dict[str, object]] = json.loads(text)
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


def test_a_database_that_is_away_hides_no_other_sweep(
    tiny_spec: Spec, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    home, away = Home(tmp_path), "postgresql://u@127.0.0.1:9/studies"
    home.create(replace(tiny_spec, name="in_a_file"))
    for name in ("far", "farther"):
        home.create(replace(tiny_spec, name=name), lambda path: remember(path, parse_storage(away)))
    asked: list[str | None] = []
    connect = SweepStudy.__init__

    def ask(self: SweepStudy, spec: Spec, journal: Path, storage: str | None = None) -> None:
        asked.append(storage)
        connect(self, spec, journal, storage)

    monkeypatch.setattr(SweepStudy, "__init__", ask)
    far, farther, in_a_file = listed(tmp_path, monkeypatch, capsys)
    assert (in_a_file["state"], in_a_file["finished"], in_a_file["problem"]) == ("incomplete", 0, None)
    assert (far["state"], far["finished"]) == (farther["state"], farther["finished"]) == ("unreachable", None)
    assert "127.0.0.1:9/studies cannot be used" in str(far["problem"])
    assert asked == [None]  # the second one of that database would wait in vain

    status, text = printed(tmp_path, monkeypatch, capsys)
    assert not status
    assert text.count("unreachable") == 2
    assert "\nfar, farther: The storage postgresql+psycopg://u@127.0.0.1:9/studies cannot be used" in text

    # The option is for those that live there; a password in it is not shown.
    asked.clear()
    with_password = away.replace("u@", "u:secret@")
    assert "secret" not in printed(tmp_path, monkeypatch, capsys, "--storage", with_password)[1]
    listed(tmp_path, monkeypatch, capsys, "--storage", away.replace("studies", "other"))
    assert asked == [with_password, None]


def test_ten_thousand_trials_are_counted_at_once(tmp_path: Path) -> None:
    attribute = '{"op_code":8,"worker_id":"w","trial_id":0,"user_attr":{"evaluation":"' + 2000 * "x" + '"}}\n'
    finished, failed = ('{"op_code":6,"worker_id":"w","trial_id":0,"state":' + state + "}\n" for state in "13")
    (tmp_path / "journal.log").write_text(2500 * (4 * attribute + 3 * finished + failed))
    start_s = time.perf_counter()
    assert ended(tmp_path / "journal.log") == (7500, 2500)
    assert time.perf_counter() - start_s < 1.0
