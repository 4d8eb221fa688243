"""Results as tables for people."""

import json
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from sweeps.cli.tables import print_front, print_outcome
from sweeps.home import Home, SweepFolder
from sweeps.run import Outcome
from sweeps.spec import Spec, parse_spec


def spec_of(objectives: dict[str, str]) -> Spec:
    return parse_spec(
        {
            "name": "s",
            "task": "digits",
            "objectives": objectives,
            "configuration": {
                "device.d2d": {"low": 0.0, "high": 0.5},
                "pulse.width_s": {"low": 1e-8, "high": 1e-5, "log": True},
            },
        }
    )


def entry(trial: int, accuracy: float, low: float) -> dict[str, Any]:
    evaluation = {
        "accuracy": accuracy,
        "accuracy_std": 0.01,
        "accuracy_low": low,
        "test_accuracy": 0.9,
        "test_accuracy_std": 0.01,
        "chips": 4,
        "parameters": 1388,
        "energy_J": 1.694e-9,
        "latency_s": 3.2e-5,
    }
    return {
        "trial": trial,
        "configuration": {"device.d2d": 0.123456, "pulse.width_s": 2.09e-8},
        "evaluation": evaluation,
    }


RESULT: dict[str, Any] = {
    "pareto": [entry(7, 0.95, 0.90), entry(8, 0.94, 0.91), entry(9, 0.93, 0.92)],
    "control": {"accuracy": 0.9, "test_accuracy": 0.89, "parameters": 610},
    "finished": 3,
    "failed": 0,
    "seconds": 1.0,
}


def rows(objectives: dict[str, str], width: int = 140) -> tuple[str, list[list[str]]]:
    """The heads, and the cells of the rows."""
    console = Console(record=True, width=width)
    print_front(console, spec_of(objectives), RESULT)
    head, _, body = console.export_text().partition("───")
    lines = [line.strip() for line in body.splitlines()[1:] if line.strip()]
    return " ".join(head.split()), [line.replace(" ±", "±").replace(" nJ", "nJ").split() for line in lines]


def test_a_front_of_accuracy_and_energy() -> None:
    head, [first, *_, control] = rows({"accuracy": "maximize", "energy_J": "minimize"})
    assert head.startswith("Pareto front of s accuracy accuracy energy / device pulse")
    assert first == ["7", "0.950±0.010", "0.900±0.010", "1388", "1.69nJ", "0.1235", "20.9", "ns"]
    assert control == ["control", "0.900", "0.890", "610", "no", "kinetics"]


@pytest.mark.parametrize("width", [100, 160])
def test_what_else_was_searched_for_leads_and_orders(width: int) -> None:
    head, found = rows({"accuracy_low": "maximize", "latency_s": "minimize"}, width)
    assert head.startswith("Pareto front of s accuracy_low accuracy accuracy energy /")
    assert "trial (validation) latency (validation) (test)" in head
    assert [row[0] for row in found] == ["9", "8", "7", "control"]
    assert found[0][1:4] == ["0.920", "32", "µs"]
    assert found[0][4] == "0.930±0.010"
    assert ("device" in head) is (width == 160)


def test_commands_after_the_front_name_the_home(tmp_path: Path) -> None:
    folder = SweepFolder(Home(tmp_path / "my home").path / "sweeps" / "s")
    folder.path.mkdir(parents=True)
    spec = spec_of({"accuracy": "maximize"})
    folder.spec_file.write_text(json.dumps(spec.to_dict()))
    result = {**RESULT, "pareto": [entry(number, 0.9, 0.8) for number in range(20)]}
    console = Console(record=True, width=200)
    counts: dict[str, Any] = {"finished": 20, "failed": 0, "untracked": [], "tracking_problem": None}
    print_outcome(console, Outcome(folder=folder, complete=True, result=result, **counts))
    text = console.export_text()
    home = f"--home '{folder.path.parent.parent}'"
    assert f"... and 5 more on the front; `memsweep show s {home}` prints all" in text
    assert f"memsweep ui s {home}\n" in text
    assert f"memsweep report s {home}\n" in text
