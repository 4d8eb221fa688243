"""Exports read back as what the study holds; everything is strict JSON; a format is named or told by a suffix."""

import json
import sys
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from sweeps import run as runs
from sweeps.cli import main
from sweeps.home import Home
from sweeps.notebook import Sweep
from sweeps.run import NoObserver, Options
from sweeps.spec import parse_spec
from sweeps.study import Record
from tests.sweeps.conftest import make_tiny_task

SPEC: dict[str, Any] = {
    "name": "tiny",
    "task": "digits",
    "configurations": 20,
    "chips": 3,
    "objectives": {"accuracy": "maximize", "energy_J": "minimize"},
    "configuration": {
        "device.d2d": 0.1,
        "pulse.width_s": {"low": 1e-8, "high": 1e-5, "log": True},
        "pulse.amplitude_V": {"low": 0.5, "high": 3.0},
        "readout.kind": "ridge",
    },
}


class Crash(NoObserver):
    def told(self, record: Record) -> None:
        if record.number == 9:
            raise RuntimeError("crash")


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Home:
    """A home with the complete sweep ``tiny``, of which a study is noted down, and ``half`` that crashed."""
    place = Home(tmp_path_factory.mktemp("home"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(runs, "load_data", lambda spec: make_tiny_task())
        outcome = runs.run(parse_spec(SPEC), place, Options(executor="inline"))
        with pytest.raises(RuntimeError, match="crash"):
            runs.run(parse_spec(SPEC, {"name": "half"}), place, Options(executor="inline", observer=Crash()))
    study = outcome.folder.path / "robustness" / "spread-3"
    study.mkdir(parents=True)
    point = {
        "value": 0.1,
        "accuracy": [0.9, 0.8],
        "mean": 0.85,
        "std": 0.05,
        "median": 0.85,
        "q25": 0.8,
        "q75": 0.9,
        "q05": 0.8,
        "yield": 0.5,
        "yield_interval": [0.1, 0.9],
        "chips": 2,
    }
    result = {
        "study": "spread",
        "trial": 3,
        "part": "test",
        "yield_target": 0.85,
        "control_accuracy": 0.9,
        "nominal": point,
        "studied": point,
        "curves": {"device.d2d": [point, {**point, "value": 0.2}]},
    }
    (study / "result.json").write_text(json.dumps(result))
    return place


def export(home: Home, *words: object, status: int = 0) -> None:
    with pytest.MonkeyPatch.context() as patch, pytest.raises(SystemExit) as exit_:
        patch.setattr(sys, "argv", ["memsweep", "export", *map(str, words), "--home", str(home.path)])
        main()
    assert exit_.value.code == status


@pytest.mark.parametrize(("suffix", "read"), [("csv", pd.read_csv), ("parquet", pd.read_parquet)])
def test_tables_hold_every_trial_and_which_are_on_the_front(suffix: str, read: Any, home: Home, tmp_path: Path) -> None:
    for name, trials in (("tiny", 20), ("half", 10)):
        path = tmp_path / f"{name}.{suffix}"
        export(home, name, "--out", path)
        table = read(path).set_index("trial")
        sweep = Sweep(home.find(name))
        assert (table["state"] == "finished").sum() == trials
        assert sorted(table.index[table["on_front"]]) == sorted(entry["trial"] for entry in sweep.entries)
        for record in sweep.records[:trials]:
            assert record.evaluation is not None
            assert table.loc[record.number, "accuracy"] == record.evaluation.accuracy
            assert table.loc[record.number, "pulse.width_s"] == record.configuration["pulse.width_s"]


def test_json_is_everything_and_strict(home: Home, tmp_path: Path) -> None:
    export(home, "tiny", "--out", tmp_path / "all.json")

    def refuse(constant: str) -> None:
        raise AssertionError(f"{constant} is no JSON")

    content = json.loads((tmp_path / "all.json").read_text(), parse_constant=refuse)
    assert set(content) == {"name", "spec", "result", "trials", "studies"}
    folder = home.find("tiny")
    assert parse_spec(content["spec"]) == folder.spec()
    assert content["result"] == folder.result()
    assert [study["study"] for study in content["studies"]] == ["spread"]
    assert [trial["trial"] for trial in content["trials"]] == list(range(20))
    energies = [record.evaluation.energy_J for record in Sweep(folder).records if record.evaluation]
    assert [trial["evaluation"]["energy_J"] for trial in content["trials"]] == energies


def test_papers_get_a_table_and_figures(
    home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    for suffix in ("tex", "svg", "pdf", "png"):
        export(home, "half", "--format", "latex" if suffix == "tex" else suffix, "--width-mm", 120)
    text = Path("half.tex").read_text()
    assert text.count(r" \\") == len(Sweep(home.find("half")).entries) + 3
    assert "which is not complete" in text
    assert 'width="340.157' in Path("half.svg").read_text()  # 120 mm in points
    assert Path("half.pdf").read_bytes().startswith(b"%PDF")
    export(home, "tiny", "--study", "spread-3", "--format", "svg", "--out", tmp_path / "fig.svg")
    assert {path.name for path in tmp_path.glob("fig*")} == {"fig-accuracy.svg", "fig-yield.svg"}
    assert "fig-yield.svg" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--out", "all.xlsx"), r"has '.xlsx'; end it in .csv"),
        (("--out", "all"), "has 'none'; end it in"),
        (("--out", "all.csv", "--format", "pdf"), "end it in .pdf"),
        (("--study", "spread-4"), "there are spread-3"),
        (("--study", "spread-3", "--format", "csv"), "svg, png or pdf"),
    ],
)
def test_what_cannot_be_written_is_refused_with_the_way_out(
    words: tuple[str, ...], said: str, home: Home, capsys: pytest.CaptureFixture[str]
) -> None:
    export(home, "tiny", *words, status=2)
    assert said in capsys.readouterr().err
