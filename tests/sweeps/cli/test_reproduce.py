"""``memsweep reproduce`` as a user calls it."""

import json
import sys

import pytest

from sweeps import cli


def memsweep(monkeypatch: pytest.MonkeyPatch, *words: str) -> int:
    monkeypatch.setattr(sys, "argv", ["memsweep", *words])
    with pytest.raises(SystemExit) as ended:
        cli.main()
    return int(ended.value.code or 0)


def test_unknown_rows_and_protocols_are_told(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert memsweep(monkeypatch, "reproduce", "sitv") == 2
    assert "no recipe for the task 'sitv'" in capsys.readouterr().err
    assert memsweep(monkeypatch, "reproduce", "--protocol", "papers") == 2
    assert "no protocol 'papers'; the protocols are honest, paper, random" in capsys.readouterr().err


def test_missing_data_are_told_before_work(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.delenv("MEMSWEEP_DATA", raising=False)
    assert memsweep(monkeypatch, "reproduce", "sitw") == 2
    assert "MEMSWEEP_DATA is not set" in capsys.readouterr().err


@pytest.mark.usefixtures("real_data")
def test_speakers_are_reproduced_as_claimed(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert memsweep(monkeypatch, "reproduce", "sitw", "--seeds", "3", "--json") == 0
    [row] = json.loads(capsys.readouterr().out)
    assert row["parameters"] == 2236
    assert row["macs"] == 2464
    assert row["accuracy"]["mean"] > 0.95
    assert row["accuracy"]["converged"] == 3
    assert row["control_accuracy"]["mean"] > 0.9
    assert row["paper"]["accuracy_exp"] == 0.925
    assert {reference["name"] for reference in row["references"]} == {"SL-CNN", "MFCC"}
