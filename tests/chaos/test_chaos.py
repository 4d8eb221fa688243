"""A few schedules of the chaos benchmark, and its own eyes: it must see what is lost, doubled or changed."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from sweeps import run as runs
from sweeps.home import Home, SweepFolder
from sweeps.run import Options
from tests.chaos.harness import ROOT, Chaos, Services, differences, ending, spec_of, told_more_than_once
from tests.chaos.schedule import draw
from tests.integration.postgres import binaries

SCHEDULES = (0, 3, 5, 6, 7, 10, 11, 37, 39, 82, 102)
"""Of seed 0: each kind of misfortune, on each kind of service, and quick ones of those."""


@pytest.fixture
def chaos(monkeypatch: pytest.MonkeyPatch) -> Chaos:
    monkeypatch.setattr(runs, "load_data", runs.load_data)  # restored at the end
    return Chaos(Services())


@pytest.mark.timeout(600)
def test_nothing_is_lost_doubled_or_changed() -> None:
    """In a process of its own, for it forks, and this one may have threads. Every service is killed at least once."""
    binaries()
    command = [sys.executable, "-m", "tests.chaos", "--only", *map(str, SCHEDULES)]
    answer = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=580, check=False)
    assert answer.returncode == 0, answer.stdout + answer.stderr[-3000:]
    assert f"{len(SCHEDULES)} schedules: {len(SCHEDULES)} well, 0 wrong" in answer.stdout
    (struck,) = re.findall(r"^struck: (.*)$", answer.stdout, re.MULTILINE)
    assert {"actor", "node", "mlflow", "postgres", "told", "write", "full", "term"} <= set(re.findall("[a-z]+", struck))


# The first session hangs, or ends by an error of its own, after two trials; those after it do well.
FAULTS = """
import json, time
from sweeps import run
from tests.chaos import harness
from tests.chaos.schedule import draw

drive = run.drive
def faulty(study, executor, **named):
    if study.records():
        return drive(study, executor, **named)
    drive(study, executor, **{**named, "configurations": 2})
    fault()

harness._MOST_S = 6.0
chaos = harness.Chaos(harness.Services())
chaos.undisturbed("discrete")
run.drive = faulty
for fault in (lambda: time.sleep(600), lambda: 1 / 0):
    print(json.dumps(chaos.run(draw(0, 6, frozenset()), 0)), flush=True)
print(json.dumps([chaos.struck, chaos.missed]))
"""


def test_a_session_that_hangs_or_breaks_is_wrong_however_well_the_next_one_does() -> None:
    answer = subprocess.run([sys.executable, "-c", FAULTS], cwd=ROOT, capture_output=True, text=True, check=True)
    [hung], [broke], counts = map(json.loads, answer.stdout.splitlines())
    assert "a session hung (told)" in hung and "in faulty" in hung
    assert "a session broke (told)" in broke and "ZeroDivisionError" in broke
    assert counts == [{}, {"told": 2}]


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
