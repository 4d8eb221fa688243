"""Commands that are told to people find their sweep, wherever it lies."""

import shlex
from dataclasses import replace
from pathlib import Path

import pytest

from sweeps.cli.sync import _sentence
from sweeps.commands import command
from sweeps.home import VARIABLE, Home, HomeError, SweepFolder
from sweeps.sync import Synced


def in_home(path: Path) -> SweepFolder:
    return SweepFolder(Home(path).path / "sweeps" / "s")


def test_the_home_is_named_unless_it_is_taken_anyway(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv(VARIABLE, raising=False)
    here, team, spaced = Path(".memsweep"), tmp_path / "data" / ".memsweep", tmp_path / "it's my home"
    assert command("resume", in_home(here)) == "memsweep resume s"
    # Called as the default one is, but elsewhere.
    assert command("show", in_home(team), 3) == f"memsweep show s 3 --home {team}"
    assert shlex.split(command("ui", in_home(spaced))) == ["memsweep", "ui", "s", "--home", str(spaced)]
    with pytest.raises(HomeError, match=r"`memsweep run FILE --home '.*my home'` makes one"):
        Home(spaced).find("s")
    monkeypatch.setenv(VARIABLE, str(team))
    assert command("show", in_home(team), 3, "--portrait") == "memsweep show s 3 --portrait"
    assert command("resume", in_home(here)) == f"memsweep resume s --home {tmp_path / '.memsweep'}"


def test_what_mlflow_did_not_take_is_told_with_the_command_for_it(tmp_path: Path) -> None:
    folder = in_home(tmp_path / "data")
    again = f"`memsweep sync s --home {tmp_path / 'data'}` tries again"
    asked = Synced(records=3, missing=2, written=1, untracked=[2], problem="refused")
    for synced in (asked, replace(asked, missing=None)):
        assert again in _sentence(folder, synced)
    assert "sync" not in _sentence(folder, replace(asked, written=2, untracked=[], problem=None))
