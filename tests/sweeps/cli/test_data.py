"""``memsweep data`` in this process; downloads themselves are tested in ``tests/tasks/download``."""

import hashlib
import json
import sys
import threading
from collections.abc import Iterator
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from sweeps.cli import main
from tasks.download import DATA_SETS, DataFile, DataSet, Source


def memsweep(capsys: pytest.CaptureFixture[str], *words: object) -> tuple[int, str, str]:
    """Exit status, output and errors of the command."""
    with pytest.MonkeyPatch.context() as patch, pytest.raises(SystemExit) as exit_:
        patch.setattr(sys, "argv", ["memsweep", *map(str, words)])
        main()
    out, err = capsys.readouterr()
    return int(exit_.value.code or 0), out, " ".join(err.split())


def test_list_says_what_is_there(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "mnist").mkdir()
    (tmp_path / "mnist/mnist.npz").write_bytes(b"something")
    status, out, _ = memsweep(capsys, "data", "list", "--to", tmp_path, "--json")
    assert status == 0
    listed = {row["name"]: row for row in json.loads(out)["sets"]}
    assert listed["mnist"]["present"]
    assert not listed["fsdd"]["present"]
    assert listed["fsdd"]["licence"] == "CC BY-SA 4.0"
    assert listed["mnist"]["download_bytes"] == 11594722
    status, out, _ = memsweep(capsys, "data", "list", "--to", tmp_path)
    assert status == 0
    for said in ("mnist", "11.6 MB", "by hand", "CC BY-SA 4.0"):
        assert said in out


def test_check_tells_missing_from_corrupt(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    status, out, _ = memsweep(capsys, "data", "check", "--to", tmp_path, "--json")
    assert status == 0  # what was never fetched is no fault
    assert {file["state"] for file in json.loads(out)["files"]} == {"missing"}
    assert memsweep(capsys, "data", "check", "mnist", "--to", tmp_path)[0] == 1
    (tmp_path / "mnist").mkdir()
    (tmp_path / "mnist/mnist.npz").write_bytes(b"something")
    status, out, _ = memsweep(capsys, "data", "check", "--to", tmp_path)
    assert status == 1
    assert "corrupt" in out


def test_mistakes_are_told(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("MEMSWEEP_DATA", raising=False)
    status, _, err = memsweep(capsys, "data", "fetch", "mnist")
    assert (status, "set it or give --to DIR" in err) == (2, True)
    status, _, err = memsweep(capsys, "data", "fetch", "mnits", "--to", tmp_path)
    assert (status, "did you mean 'mnist'" in err) == (2, True)
    status, _, err = memsweep(capsys, "data", "fetch", "ucf101", "--to", tmp_path)
    assert (status, "by hand" in err) == (2, True)


@pytest.fixture
def served(tmp_path: Path) -> Iterator[str]:
    """Address of a server of the folder ``origin``."""
    (tmp_path / "origin").mkdir()

    class Handler(SimpleHTTPRequestHandler):
        def __init__(self, *args: Any) -> None:
            super().__init__(*args, directory=str(tmp_path / "origin"))

        def log_message(self, *_: object) -> None:
            """Be silent."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def test_fetch_brings_a_set_and_says_where(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, served: str
) -> None:
    monkeypatch.delenv("MEMSWEEP_DATA", raising=False)
    content = b"content" * 1000
    (tmp_path / "origin/a.bin").write_bytes(content)
    digest = hashlib.sha256(content).hexdigest()
    made_up = DataSet(
        name="made_up",
        summary="made up",
        licence="none",
        sources=(Source(name="a.bin", url=f"{served}/a.bin", sha256=digest, size_bytes=7000),),
        files=(DataFile(path="made_up/a.bin", sha256=digest),),
    )
    monkeypatch.setitem(DATA_SETS, "made_up", made_up)
    words = ("data", "fetch", "made_up", "--to", tmp_path / "data")
    status, _, err = memsweep(capsys, *words)
    assert status == 0
    assert "made_up: fetched and checked" in err
    assert f"export MEMSWEEP_DATA={tmp_path / 'data'}" in err
    assert (tmp_path / "data/made_up/a.bin").read_bytes() == content
    assert "there and right already" in memsweep(capsys, *words)[2]
    monkeypatch.setenv("MEMSWEEP_DATA", str(tmp_path / "data"))
    assert memsweep(capsys, "data", "check", "made_up")[0] == 0
    (tmp_path / "origin/a.bin").write_bytes(b"something else")
    (tmp_path / "data/made_up/a.bin").unlink()
    status, _, err = memsweep(capsys, "data", "fetch", "made_up")
    assert (status, "must have the SHA-256" in err) == (2, True)
    assert not (tmp_path / "data/made_up/a.bin").exists()
