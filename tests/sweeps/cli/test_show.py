"""``memsweep show`` and ``memsweep report`` as a user types them."""

import json
import re
import shlex
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from typer.testing import CliRunner

from sweeps.cli import app
from sweeps.errors import SweepError
from sweeps.home import Home
from sweeps.report.text import bar, chip_lines, map_lines, sparkline
from sweeps.run import Options, run
from sweeps.spec import parse_spec
from tracking.labels import quantity
from tracking.report.content import Example

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
    assert text.index("pulse.width_s") < text.index("readout.hidden") < text.index("device.d2d")
    # What the file does not name is counted, or shown when asked for.
    assert "readout.epochs" in text
    assert "device.law" not in text
    every = memsweep("show", "small", best["trial"], "--all", "--home", home)
    assert "device.law" in every
    assert "at their defaults" not in every
    shown = json.loads(memsweep("show", "small", best["trial"], "--json", "--home", home))
    hidden = len(shown["configuration"]) - len(SWEEP["configuration"])
    assert f"and {hidden} fields at their defaults (--all shows them)" in text
    line = next(line for line in text.splitlines() if line.strip().startswith("test_accuracy "))
    e = best["evaluation"]
    assert line.split()[1:] == [f"{e['test_accuracy']:.4f}", f"{e['control_test_accuracy']:.4f}"]
    assert re.search(rf"energy_J +{quantity(e['energy_J'], 'J')} *\n", text)
    assert "Energy per inference" in text
    assert f"memsweep show small {best['trial']} --portrait --home {home}" in text.replace("\n", "")
    assert "Confusion" not in text


def test_a_portrait_is_shown_when_asked_for(home: Path) -> None:
    best = best_of(home)
    text = memsweep("show", "small", best["trial"], "--portrait", "--home", home)
    for words in (
        "Accuracy over 5 chips (test part)",
        "quantiles 5 %:",
        "Confusion",
        "Pulses and state of series",
        "Feature maps of these cases",
    ):
        assert words in text
    shown = json.loads(memsweep("show", "small", best["trial"], "--portrait", "--json", "--home", home))
    assert shown["evaluation"] == best["evaluation"]
    accuracy = shown["portrait"]["accuracy"]
    assert sum(accuracy) / len(accuracy) == pytest.approx(best["evaluation"]["test_accuracy"], rel=1e-12)


def test_the_studies_of_a_trial_are_shown_with_it(home: Path) -> None:
    def point(median: float, good: float) -> dict[str, float]:
        return {"median": median, "yield": good}

    result = {
        "study": "hot",
        "trial": 3,
        "part": "validation",
        "studied": point(0.95, 1.0),
        "curves": {"crossbar.retention_s": [{"value": 10.0, **point(0.8, 0.6)}, {"value": 1e4, **point(0.42, 0.125)}]},
    }
    folder = home / "sweeps" / "small" / "robustness" / "hot-3"
    folder.mkdir(parents=True)
    (folder / "result.json").write_text(json.dumps(result))
    text = memsweep("show", "small", 3, "--home", home)
    line = "hot: median at the least 42.0 % at crossbar.retention_s = 10,000 s, yield there 12.5 % (validation part)"
    assert line in text
    assert "Robustness" not in memsweep("show", "small", 4, "--home", home)
    shutil.rmtree(folder)


def test_the_database_with_its_password_can_be_named(home: Path) -> None:
    with pytest.raises(SweepError, match="journal"):
        memsweep("show", "small", 0, "--home", home, "--storage", "postgresql://me@127.0.0.1:1/none")


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


def test_one_chip_that_varies_is_not_told_as_all_of_them() -> None:
    assert chip_lines([0.9], varies=False) == ["  90.0 % on every chip: nothing varies"]
    assert chip_lines([0.9], varies=True) == ["  90.0 % on the one chip that was scored"]


def test_feature_maps_are_drawn_beside_each_other_in_shades() -> None:
    def example(label: str, features: Any) -> Example:
        empty: dict[str, Any] = dict.fromkeys(
            ("time_s", "pulse_width_s", "pulse_V", "state", "states", "read_steps", "samples"), ()
        )
        return Example(label=label, series=0, features=np.asarray(features).tolist(), **empty)

    steps = example("up", [[0.0, 1.0, 2.0], [4.0, 3.0, 2.0]])
    assert map_lines([steps, example("flat", [[4.0] * 3, [0.0] * 3])]) == [
        "  up    flat",
        "   ░▒   ███",
        "  █▓▒",
        "  ' ' 0 to '█' 4",
    ]
    large = map_lines([example("0", np.tile(np.arange(60.0), (30, 1)))])
    assert len(large) == 14
    assert large[1] == large[12]
    assert len(large[1]) == 2 + 24
    assert map_lines([example("x", [[1.0]])])[1:] == ["", "  ' ' 1 to '█' 1"]


def test_sparklines() -> None:
    assert sparkline([0, 0.5, 1, 2], 0, 1) == "▁▅██"
    assert sparkline([3, 3], 3, 3) == "▁▁"
