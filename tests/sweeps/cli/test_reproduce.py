"""``memsweep reproduce`` as a user calls it."""

import io
import json
import sys

import pytest
from rich.console import Console

from sweeps import cli
from sweeps.cli.reproduce import chip_numbers, print_chips
from tasks.learning import Architecture, Training
from tasks.recipes import PAPER_TABLE, Recipe
from tasks.reproduction import reproduce
from tasks.task import Task


def small(task: Task) -> Architecture:
    return Architecture(steps=task.steps, series=task.series, classes=task.classes, hidden=(8,), learned="none")


SMALL = Recipe(
    task="digits",
    protocol="honest",
    data="digits",
    architecture=small,
    training=Training(learning_rate=0.01, epochs=8, standardise=True),
    paper=PAPER_TABLE["mnist"],
)


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
    assert memsweep(monkeypatch, "reproduce", "sitw", "--seeds", "3", "--chips", "20", "--json") == 0
    [row] = json.loads(capsys.readouterr().out)
    assert row["parameters"] == 2236
    assert row["macs"] == 2464
    assert row["accuracy"]["mean"] > 0.95
    assert row["accuracy"]["converged"] == 3
    assert row["control_accuracy"]["mean"] > 0.9
    assert row["paper"]["accuracy_exp"] == 0.925
    assert {reference["name"] for reference in row["references"]} == {"SL-CNN", "MFCC"}
    assert row["chips"]["tuned"]["mean"] > row["paper"]["accuracy_exp"]
    assert row["chips"]["written"]["mean"] < row["chips"]["tuned"]["mean"] < row["accuracy"]["mean"]
    assert len(row["chips"]["chips"][0]["tuned"]["accuracies"]) == row["chips"]["draws"] == 20


def test_no_draws_are_refused(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    assert memsweep(monkeypatch, "reproduce", "sitw", "--chips", "0") == 2
    assert "Invalid value for '--chips'" in capsys.readouterr().err


def test_the_chip_column_is_printed_and_logged() -> None:
    row = reproduce(SMALL, seeds=2, chips=3)
    console = Console(width=80, file=io.StringIO(), record=True)
    print_chips(console, [row])
    text = console.export_text()
    assert "3 noisy draws of each of 2 seeds" in " ".join(text.split())
    line = next(line for line in text.splitlines() if line.strip().startswith("digits  "))
    assert f"{row.chips.summary('tuned')['mean']:.3f}" in line
    assert "0.926" in line
    for seed in (0, 1):
        assert f"seed {seed} (alpha" in text
    assert max(len(line.rstrip()) for line in text.splitlines()) <= 80
    numbers = chip_numbers(row.chips.chips[0])
    assert numbers["chip_accuracy"] == row.chips.chips[0].tuned.mean
    assert {"written_alpha", "control_chip_accuracy", "chip_accuracy_q05", "chip_violations"} <= set(numbers)
