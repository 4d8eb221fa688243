"""The home: names, locks, and files that are never half written."""

import errno
import os
from pathlib import Path

import pytest

from sweeps.home import Home, HomeError, append_line, write_atomically
from sweeps.spec import Spec


def test_home_is_the_one_given_then_that_of_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MEMSWEEP_HOME", str(tmp_path / "environment"))
    assert Home(tmp_path / "given").path == tmp_path / "given"
    assert Home().path == tmp_path / "environment"
    monkeypatch.delenv("MEMSWEEP_HOME")
    monkeypatch.chdir(tmp_path)
    assert Home().path == tmp_path / ".memsweep"


def test_a_sweep_is_read_back_as_it_was_made(tmp_path: Path, tiny_spec: Spec) -> None:
    home = Home(tmp_path)
    folder = home.create(tiny_spec)
    assert home.find("tiny").spec() == tiny_spec
    assert folder.result() is None
    folder.write_result({"name": "tiny", "pareto": []})
    assert home.sweeps()[0].result() == {"name": "tiny", "pareto": []}


def test_a_name_is_taken_once_and_an_unknown_one_lists_the_known(tmp_path: Path, tiny_spec: Spec) -> None:
    home = Home(tmp_path)
    with pytest.raises(HomeError, match="there are none yet"):
        home.find("tiny")
    home.create(tiny_spec)
    with pytest.raises(HomeError, match="memsweep resume tiny"):
        home.create(tiny_spec)
    with pytest.raises(HomeError, match="the sweeps there are: tiny"):
        home.find("other")


def test_two_processes_cannot_run_one_sweep(tmp_path: Path, tiny_spec: Spec) -> None:
    folder = Home(tmp_path).create(tiny_spec)
    with (
        folder.locked(),
        pytest.raises(HomeError, match="being run by another process"),
        Home(tmp_path).find("tiny").locked(),
    ):
        pass
    with folder.locked():
        pass


def test_a_folder_that_cannot_be_written_is_told_and_not_held(
    tmp_path: Path, tiny_spec: Spec, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = Home(tmp_path).create(tiny_spec)
    append_line(folder.scores, "one")
    with monkeypatch.context() as patch:
        patch.setattr("sweeps.home._cut_torn_line", raise_full)
        with pytest.raises(HomeError, match=r"cannot be written \(No space left.*make room"), folder.locked():
            pass
    with folder.locked():
        pass


def raise_full(_: Path) -> None:
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def test_a_write_that_fails_leaves_the_old_text(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "result.json"
    write_atomically(path, "old")

    def fail(_: int) -> None:
        raise OSError("disk full")

    monkeypatch.setattr("sweeps.home.os.fsync", fail)
    with pytest.raises(OSError, match="disk full"):
        write_atomically(path, "new")
    assert path.read_text() == "old"


@pytest.mark.parametrize("torn", ["", '{"trial": 3, "bas', "\0\0\0"])
def test_whole_lines_stay_and_a_torn_one_goes(torn: str, tmp_path: Path, tiny_spec: Spec) -> None:
    folder = Home(tmp_path).create(tiny_spec)
    for file in (folder.scores, folder.journal):
        append_line(file, "one")
        append_line(file, "two")
        with file.open("a") as stream:
            stream.write(torn)
    with folder.locked():
        append_line(folder.scores, "three")
    assert folder.scores.read_text() == "one\ntwo\nthree\n"
    assert folder.journal.read_text() == "one\ntwo\n"
