"""``memsweep compare`` as a user calls it."""

import json
import sys
from functools import partial

import pytest

from sweeps import cli

approx = partial(pytest.approx, abs=0)  # pytest's own 1e-12 would be a picojoule here


def memsweep(monkeypatch: pytest.MonkeyPatch, *words: str) -> int:
    monkeypatch.setattr(sys, "argv", ["memsweep", *words])
    with pytest.raises(SystemExit) as ended:
        cli.main()
    return int(ended.value.code or 0)


def test_json_adds_up(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    assert memsweep(monkeypatch, "compare", "agnews", "--json") == 0
    found = json.loads(capsys.readouterr().out)
    assert [cost["name"] for cost in found["references"]] == ["Transformer", "LSTM"]
    for cost in (found["kinetics"], *found["references"]):
        assert cost["energy_J"] == approx(sum(cost["energy"].values()) + cost["front_end_J"], rel=1e-12)
        assert cost["area_m2"] == approx(sum(cost["area"].values()), rel=1e-12)
    for cost in found["references"]:
        assert cost["ratios"]["energy_J"] == approx(cost["energy_J"] / found["kinetics"]["energy_J"], rel=1e-12)
    assert found["assumptions"]


def test_the_table_tells_what_it_rests_on(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    assert memsweep(monkeypatch, "compare", "mnist", "--node", "45", "--columns-per-adc", "4") == 0
    printed = capsys.readouterr().out
    assert "scaled to 45 nm, first-order" in printed
    assert "4 columns share a converter" in printed
    assert "unknown to us" in printed
    assert "LeNet takes" in printed


def test_bad_input_is_told(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    for words, told in (
        (("mnits",), "did you mean 'mnist'?"),
        (("fsdd",), "those that have are sitw, agnews, mnist, ucf101, modelnet10"),
        (("mnist", "--node", "7"), "`node_nm` from 22 to 180 must hold, but got 7.0"),
    ):
        assert memsweep(monkeypatch, "compare", *words) == 2
        assert told in capsys.readouterr().err
