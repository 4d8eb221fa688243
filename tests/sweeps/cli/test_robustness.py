"""``memsweep robustness`` as a user types it."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
import yaml

from sweeps.cli import main
from sweeps.home import Home
from sweeps.run import Options, run
from sweeps.spec import parse_spec

STUDY: dict[str, Any] = {
    "chips": 5,
    "curves": {"device.d2d": [0, 0.1, 0.4], "device.temperature_shift_K": [-20, 0, 20]},
    "corners": {"temperature_shift_K": 20},
    "sobol": {"samples": 8, "chips": 2, "parameters": {"device.d2d": [0, 0.4], "device.c2c": [0, 0.01]}},
}


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with the finished sweep ``s``; each test has a study of its own name in it."""
    place = tmp_path_factory.mktemp("home")
    spec = {
        "name": "s",
        "task": "digits",
        "configurations": 4,
        "chips": 2,
        "objectives": {"accuracy": "maximize", "energy_J": "minimize"},
        "configuration": {
            "device.d2d": 0.05,
            "pulse.amplitude_V": {"low": 0.5, "high": 2.0},
            "readout.kind": "ridge",
        },
    }
    run(parse_spec(spec), Home(place), Options(executor="inline"))
    return place


def write(folder: Path, name: str, **changes: Any) -> Path:
    path = folder / f"{name}.yaml"
    path.write_text(yaml.safe_dump(STUDY | changes, sort_keys=False))
    return path


def memsweep(capsys: pytest.CaptureFixture[str], home: Path, *words: object) -> tuple[int, str, str]:
    """Exit status, output and errors of the command, in this process."""
    command = ["memsweep", "robustness", *map(str, words), "--home", str(home), "--executor", "inline"]
    with pytest.MonkeyPatch.context() as patch, pytest.raises(SystemExit) as exit_:
        patch.setattr(sys, "argv", command)
        main()
    out, err = capsys.readouterr()
    return int(exit_.value.code or 0), out, " ".join(err.split())


def test_tables_tell_the_numbers_beside_the_control(
    home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    study = write(tmp_path, "tables")
    words = ("s", "--most", 1, "--study", study, "--tracking", "none")
    status, out, _ = memsweep(capsys, home, *words)
    assert status == 0
    status, text, _ = memsweep(capsys, home, *words, "--json")
    assert status == 0
    [result] = json.loads(text)["configurations"]
    point = result["curves"]["device.d2d"][2]
    low, high = point["yield_interval"]
    row = f"0.4 5 {point['median']:.3f} {point['q25']:.3f} to {point['q75']:.3f} {point['q05']:.3f} "
    row += f"{point['yield']:.2f} ({low:.2f} to {high:.2f})"
    plain = " ".join(out.split())
    assert row in plain
    assert f"control no kinetics {result['control_accuracy']:.3f}" in plain
    assert f"{min(corner['accuracy'] for corner in result['corners']):.3f} <" in plain
    assert "alpha beta 280 K 300 K 320 K" in plain
    assert re.search(r"fix first: device\.d2d \(total index \d\.\d\d, 95 % interval", plain)


def test_a_killed_study_goes_on_and_ends_with_the_same_numbers(
    home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    sobol = STUDY["sobol"] | {"samples": 64}
    study = write(tmp_path, "killed", sobol=sobol)
    words = ["robustness", "s", "--most", "1", "--study", str(study), "--home", str(home), "--tracking", "none"]
    process = subprocess.Popen(
        [sys.executable, "-m", "sweeps", *words, "--executor", "inline"],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        journals = list(home.glob("sweeps/s/robustness/killed-*/points.jsonl"))
        if journals and journals[0].read_bytes().count(b"\n") >= 5:
            break
        time.sleep(0.01)
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    [journal] = journals
    known = journal.read_bytes()
    # Cut off before its end, or this tests nothing.
    assert 5 <= known.count(b"\n") < 200
    status, _, _ = memsweep(capsys, home, *words[1:6], "--tracking", "none")
    assert status == 0
    assert journal.read_bytes().startswith(known[: known.rfind(b"\n") + 1])
    write(tmp_path, "unbroken", sobol=sobol)
    memsweep(capsys, home, "s", "--most", 1, "--study", tmp_path / "unbroken.yaml", "--tracking", "none")
    other = Path(str(journal).replace("killed-", "unbroken-"))
    results = [json.loads((path.parent / "result.json").read_text()) for path in (journal, other)]
    assert [result.pop("study") for result in results] == ["killed", "unbroken"]
    assert results[0] == results[1]


def test_mlflow_holds_a_run_a_configuration(home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    study = write(tmp_path, "tracked")
    status, _, err = memsweep(capsys, home, "s", "--study", study, "--most", 2)
    assert (status, err) == (0, "")
    from mlflow import MlflowClient

    client = MlflowClient(f"sqlite:///{home / 'mlflow.db'}")
    experiment = client.get_experiment_by_name("s")
    assert experiment is not None
    runs = client.search_runs([experiment.experiment_id], "tags.kind = 'robustness'")
    assert len(runs) == 2
    history = client.get_metric_history(runs[0].info.run_id, "device.d2d.median")
    assert [metric.step for metric in history] == [0, 1, 2]
    files = {file.path for file in client.list_artifacts(runs[0].info.run_id)}
    assert files == {"accuracy.png", "yield.png", "sobol.png", "result.json", "table.json"}


def test_bad_input_is_told_before_work_starts(home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    def refused(*words: object, **changes: Any) -> str:
        study = write(tmp_path, "bad", **changes)
        status, out, err = memsweep(capsys, home, *(words or ("s",)), "--study", study)
        assert (status, out) == (2, "")
        return err

    assert "`chips` must be a whole number from 1" in refused(chips=0)
    assert "`yield_target` must be a number from 0 to 1, but got 1.5" in refused(yield_target=1.5)
    assert "did you mean 'device.d2d'?" in refused(curves={"device.dtd": [0]})
    assert "got 'readout.hidden'; choose from device.d2d, " in refused(curves={"readout.hidden": [8]})
    assert "0 <= `device.d2d` <= 1 must hold, but got 1.5" in refused(curves={"device.d2d": [1.5]})
    assert "the range of the parameter set" in refused(curves={"device.temperature_shift_K": [500]})
    assert "the range of the parameter set" in refused(corners={"temperature_shift_K": 500})
    parameters = STUDY["sobol"]["parameters"]
    assert "the next one is 64" in refused(sobol={"samples": 50, "parameters": parameters})
    assert "There is no sweep named 't'" in refused("t")
    assert "has no trial 17; its trials are 0 to 3" in refused("s", 17)
    assert "TRIAL must be a number or `pareto`" in refused("s", "best")
    assert not list(home.glob("sweeps/s/robustness/bad-*"))
    for text in ("[", "just words"):
        (tmp_path / "none.yaml").write_text(text)
        assert memsweep(capsys, home, "s", "--study", tmp_path / "none.yaml")[0] == 2
    status, _, err = memsweep(capsys, home, "s", "--study", tmp_path / "missing.yaml")
    assert status == 2
    assert "The study file must exist" in err
