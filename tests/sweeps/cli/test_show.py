"""``memsweep show`` and ``memsweep report`` as a user types them."""

import json
import shlex
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from sweeps.cli import app
from sweeps.errors import SweepError
from sweeps.home import Home
from sweeps.report.text import bar, sparkline
from sweeps.run import Options, run
from sweeps.spec import parse_spec

SWEEP: dict[str, Any] = {
    "name": "small",
    "task": "digits",
    "configurations": 6,
    "chips": 3,
    "robust": {"fresh_chips": 5},
    "objectives": {"accuracy": "maximize", "energy_J": "minimize"},
    "sampler": "random",
    "configuration": {
        "device.d2d": 0.1,
        "pulse.width_s": {"low": 1e-8, "high": 1e-5, "log": True},
        "readout.kind": "mlp",
        "readout.epochs": 2,
        "readout.hidden": {"choices": [[8, 6], [12]]},
    },
}


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("home")
    run(parse_spec(SWEEP), Home(place), Options(executor="inline"))
    return place


def memsweep(*words: object) -> str:
    answer = CliRunner().invoke(app, [str(word) for word in words], catch_exceptions=False)
    assert answer.exit_code == 0, answer.output
    return answer.stdout


def best_of(home: Path) -> dict[str, Any]:
    entry: dict[str, Any] = json.loads((home / "sweeps" / "small" / "result.json").read_text())["pareto"][0]
    return entry


def test_a_trial_is_shown_with_searched_fields_first_and_its_control(home: Path) -> None:
    best = best_of(home)
    text = memsweep("show", "small", best["trial"], "--home", home)
    assert text.index("pulse.width_s") < text.index("readout.hidden") < text.index("device.law")
    line = next(line for line in text.splitlines() if line.strip().startswith("test_accuracy "))
    assert [float(word) for word in line.split()[1:]] == pytest.approx(
        [best["evaluation"]["test_accuracy"], best["evaluation"]["control_test_accuracy"]], rel=1e-5
    )
    assert "Energy per inference" in text
    assert f"memsweep show small {best['trial']} --portrait --home {home}" in text.replace("\n", "")
    assert "Confusion" not in text


def test_a_portrait_is_shown_when_asked_for(home: Path) -> None:
    best = best_of(home)
    text = memsweep("show", "small", best["trial"], "--portrait", "--home", home)
    for words in ("Accuracy over 5 chips (test part)", "quantiles 5 %:", "Confusion", "Pulses and state of series"):
        assert words in text
    shown = json.loads(memsweep("show", "small", best["trial"], "--portrait", "--json", "--home", home))
    assert shown["evaluation"] == best["evaluation"]
    accuracy = shown["portrait"]["accuracy"]
    assert sum(accuracy) / len(accuracy) == pytest.approx(best["evaluation"]["test_accuracy"], rel=1e-12)


def test_the_command_that_reruns_a_configuration_does(home: Path) -> None:
    best = best_of(home)
    shown = json.loads(memsweep("show", "small", best["trial"], "--json", "--home", home))
    words = shlex.split(shown["rerun"])
    assert words[0] == "memsweep"
    memsweep(*words[1:], "--executor", "inline", "--tracking", "none", "--json")
    again = json.loads(memsweep("show", f"small-{best['trial']}", 0, "--json", "--home", home))
    assert again["configuration"] == shown["configuration"]
    assert again["evaluation"]["energy_pulses_J"] == best["evaluation"]["energy_pulses_J"]


def test_a_report_is_written_where_it_is_asked_for(home: Path, tmp_path: Path) -> None:
    told = json.loads(memsweep("report", "small", "--home", home, "--json", "--trial", 0))
    path = Path(told["report"])
    assert path == home.resolve() / "sweeps" / "small" / "report.html"
    assert told["bytes"] == path.stat().st_size
    assert 0 in told["portraits"]
    assert told["tracking_problem"] is None
    text = memsweep("report", "small", "--home", home, "--no-portraits", "--out", tmp_path / "mine.html")
    assert "The best of 6 configurations" in text.replace("\n", " ")
    assert 0 < (tmp_path / "mine.html").stat().st_size < path.stat().st_size


def test_what_cannot_be_shown_is_told_with_the_way_out(home: Path, tmp_path: Path) -> None:
    with pytest.raises(SweepError, match="its trials are 0 to 5"):
        memsweep("report", "small", "--home", home, "--trial", 77)
    with pytest.raises(SweepError, match="choose another file with `--out`"):
        memsweep("report", "small", "--home", home, "--no-portraits", "--out", tmp_path)


@pytest.mark.parametrize(("share", "drawn"), [(0.0, ""), (1.0, "████"), (0.5, "██"), (0.3, "█▎"), (2.0, "████")])
def test_bars(share: float, drawn: str) -> None:
    assert bar(share, 4) == drawn


def test_sparklines() -> None:
    assert sparkline([0, 0.5, 1, 2], 0, 1) == "▁▅██"
    assert sparkline([3, 3], 3, 3) == "▁▁"
