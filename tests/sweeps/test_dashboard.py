"""Optuna's dashboard shows a study and cannot change it."""

import json
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from optuna_dashboard import wsgi

from sweeps.dashboard import for_reading, main
from sweeps.home import Home
from sweeps.run import Options, run
from sweeps.spec import Spec
from sweeps.storage import open_storage


def ask(app: Any, method: str, path: str) -> tuple[str, bytes]:
    said: list[str] = []
    environment = {
        "REQUEST_METHOD": method,
        "PATH_INFO": path,
        "SERVER_NAME": "127.0.0.1",
        "SERVER_PORT": "80",
        "wsgi.url_scheme": "http",
    }
    body = b"".join(app(environment, lambda status, *_: said.append(status)))
    return said[0], body


def test_questions_are_answered_and_changes_refused(tiny_spec: Spec, tmp_path: Path) -> None:
    spec = replace(tiny_spec, configurations=3, chips=1)
    journal = run(spec, Home(tmp_path), Options(executor="inline")).folder.journal
    written = journal.read_bytes()
    whole = wsgi(open_storage(journal))
    reading = for_reading(whole)
    status, body = ask(reading, "GET", "/api/studies")
    assert status.startswith("200")
    assert [study["study_name"] for study in json.loads(body)["study_summaries"]] == [spec.name]
    for method in ("DELETE", "POST", "PUT"):
        status, _ = ask(reading, method, "/api/studies/0")
        assert status.startswith("405")
    assert journal.read_bytes() == written
    # Without the guard, it deletes.
    assert ask(whole, "DELETE", "/api/studies/0")[0].startswith("204")
    assert journal.read_bytes() != written


def test_without_a_folder_it_wants_a_database(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["dashboard", "--port=0"])
    monkeypatch.delenv("MEMSWEEP_STORAGE", raising=False)
    with pytest.raises(SystemExit):
        main()
    assert "MEMSWEEP_STORAGE must name a database" in capsys.readouterr().err
