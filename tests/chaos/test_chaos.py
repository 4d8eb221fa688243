"""A few schedules of the chaos benchmark, and its own eyes: it must see what is lost, doubled or changed."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from sweeps import run as runs
from sweeps.home import Home, SweepFolder
from sweeps.run import Options
from tests.chaos.harness import ROOT, Chaos, Services, differences, ending, spec_of, told_more_than_once
from tests.chaos.schedule import draw


@pytest.fixture
def chaos(monkeypatch: pytest.MonkeyPatch) -> Chaos:
    monkeypatch.setattr(runs, "load_data", runs.load_data)  # restored at the end
    return Chaos(Services())


def test_nothing_is_lost_doubled_or_changed() -> None:
    """In a process of its own, for it forks, and this one may have threads."""
    words = ["--schedules", "12", "--seed", "7", "--without", "ray", "mlflow", "postgres"]
    command = [sys.executable, "-m", "tests.chaos", *words]
    answer = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=110, check=False)
    assert answer.returncode == 0, answer.stdout + answer.stderr[-3000:]
    assert "12 schedules: 12 well, 0 wrong" in answer.stdout


def test_a_schedule_is_a_function_of_seed_and_number() -> None:
    services = frozenset({"ray", "mlflow", "postgres"})
    drawn = [draw(0, number, services) for number in range(50)]
    assert drawn == [draw(0, number, services) for number in range(50)]
    assert len({str(schedule)[5:] for schedule in drawn}) > 40
    assert drawn != [draw(1, number, services) for number in range(50)]


def test_the_comparison_sees_a_changed_bit_a_missing_trial_and_a_second_end(chaos: Chaos, tmp_path: Path) -> None:
    expected = chaos.undisturbed("continuous")
    spec = spec_of("continuous", "seen")
    folder: SweepFolder = runs.run(spec, Home(tmp_path), Options(executor="inline")).folder
    assert differences(expected, ending(spec, folder)) == []
    lines = folder.journal.read_text().splitlines(keepends=True)
    ends = [number for number, line in enumerate(lines) if json.loads(line)["op_code"] == 6]
    (accuracy,) = [n for n in range(ends[3]) if '"evaluation"' in lines[n] and n > ends[2]]
    changed = json.loads(lines[accuracy])
    changed["user_attr"]["evaluation"]["accuracy"] += 1e-16 + 1e-15
    folder.journal.write_text("".join([*lines[:accuracy], json.dumps(changed) + "\n", *lines[accuracy + 1 :]]))
    assert len(differences(expected, ending(spec, folder))) == 1
    folder.journal.write_text("".join(lines[: ends[-1]]))
    assert differences(expected, ending(spec, folder)) != []
    folder.journal.write_text("".join([*lines, lines[ends[-1]]]))
    assert told_more_than_once(folder) != []
