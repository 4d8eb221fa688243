"""The command line as a user types it: a whole sweep on real data, and every kind of bad input."""

import json
import signal
import socket
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import yaml

from tests.integration.without_time import without_time

EXAMPLE = Path(__file__).parents[2] / "examples" / "digits.yaml"
QUICK = ("--set", "readout.kind=ridge", "--set", "readout.hidden=16", "--set", "chips=2")


def memsweep(*words: object, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "sweeps", *map(str, words)]
    return subprocess.run(command, capture_output=True, text=True, timeout=110, check=False, cwd=cwd)


def run_json(home: Path, *words: object) -> dict[str, Any]:
    answer = memsweep("run", EXAMPLE, *QUICK, "--home", home, "--json", *words)
    assert answer.returncode == 0, answer.stderr
    result: dict[str, Any] = json.loads(answer.stdout)
    return result


@pytest.fixture(scope="module")
def inline(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, Any]]:
    home = tmp_path_factory.mktemp("inline")
    return home, run_json(home, "--configurations", 40, "--executor", "inline")


def test_result_has_the_promised_shape(inline: tuple[Path, dict[str, Any]]) -> None:
    _, result = inline
    assert set(result) == {"name", "finished", "failed", "seconds", "control", "pareto"}
    assert (result["name"], result["finished"], result["failed"]) == ("digits", 40, 0)
    assert result["control"]["test_accuracy"] > 0.85
    best = result["pareto"][0]
    assert set(best) == {"trial", "configuration", "evaluation"}
    assert best["evaluation"]["accuracy"] > 0.6
    assert abs(best["evaluation"]["test_accuracy"] - best["evaluation"]["accuracy"]) < 0.1
    assert best["configuration"]["readout.kind"] == "ridge"


def test_the_front_is_every_configuration_that_no_other_beats(
    inline: tuple[Path, dict[str, Any]], tmp_path: Path
) -> None:
    home, result = inline
    memsweep("export", "digits", "--out", tmp_path / "all.csv", "--home", home)
    table = pd.read_csv(tmp_path / "all.csv")
    losses = table[["accuracy", "parameters", "energy_J"]].to_numpy() * [-1, 1, 1]
    no_worse = (losses[:, None] <= losses[None]).all(axis=2)
    better = (losses[:, None] < losses[None]).any(axis=2)
    beaten = (no_worse & better).any(axis=0)
    assert sorted(entry["trial"] for entry in result["pareto"]) == table["trial"][~beaten].tolist()


def test_same_file_and_seed_give_the_same_bits_on_one_worker_and_two_side_by_side(
    inline: tuple[Path, dict[str, Any]], tmp_path: Path
) -> None:
    # Two sweeps at once, each of which starts a Ray of its own.
    with ThreadPoolExecutor(2) as pool:
        both = list(
            pool.map(lambda n: run_json(tmp_path / str(n), "--configurations", 40, "--workers", n), (1, 2), timeout=200)
        )
    assert [without_time(result) for result in both] == [without_time(inline[1])] * 2


def test_a_ray_that_somebody_else_started_here_is_let_alone(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    # Where `ray start` leaves the address that ``ray.init`` joins by itself; not below tmp_path, whose name is too long
    # for Ray's sockets.
    with tempfile.TemporaryDirectory(prefix="ms") as folder:
        (Path(folder) / "ray").mkdir()
        (Path(folder) / "ray" / "ray_current_cluster").write_text("127.0.0.1:9")
        monkeypatch.setenv("RAY_TMPDIR", folder)
        assert run_json(tmp_path, "--configurations", 2, "--workers", 1, "--tracking", "none")["finished"] == 2


def test_another_seed_gives_another_result(inline: tuple[Path, dict[str, Any]], tmp_path: Path) -> None:
    result = run_json(tmp_path, "--configurations", 40, "--executor", "inline", "--set", "seed=1")
    assert without_time(result) != without_time(inline[1])


def test_list_show_and_export_read_it_back(inline: tuple[Path, dict[str, Any]], tmp_path: Path) -> None:
    home, result = inline
    assert json.loads(memsweep("list", "--home", home, "--json").stdout)[0]["finished"] == 40
    assert json.loads(memsweep("show", "digits", "--home", home, "--json").stdout) == result
    shown = memsweep("show", "digits", result["pareto"][0]["trial"], "--home", home)
    assert "pulse.width_s" in shown.stdout
    assert "test_accuracy" in shown.stdout
    for file_format, read in (("csv", pd.read_csv), ("parquet", pd.read_parquet)):
        path = tmp_path / f"table.{file_format}"
        answer = memsweep("export", "digits", "--format", file_format, "--out", path, "--home", home)
        assert answer.returncode == 0, answer.stderr
        table = read(path)
        assert len(table) == 40
        assert table["on_front"].sum() == len(result["pareto"])
        best = table.set_index("trial").loc[result["pareto"][0]["trial"]]
        assert best["energy_J"] == result["pareto"][0]["evaluation"]["energy_J"]
        assert best["test_accuracy"] == result["pareto"][0]["evaluation"]["test_accuracy"]


def test_a_taken_name_is_refused_with_the_ways_out(inline: tuple[Path, dict[str, Any]]) -> None:
    answer = memsweep("run", EXAMPLE, "--home", inline[0])
    assert answer.returncode == 2
    assert "exists already" in answer.stderr
    assert "memsweep resume digits" in answer.stderr
    assert "--set name=" in answer.stderr


def test_mlflow_holds_every_configuration(inline: tuple[Path, dict[str, Any]]) -> None:
    from mlflow import MlflowClient

    client = MlflowClient(f"sqlite:///{inline[0] / 'mlflow.db'}")
    experiment = client.get_experiment_by_name("digits")
    assert experiment is not None
    runs = client.search_runs([experiment.experiment_id], "tags.kind = 'configuration'", max_results=100)
    assert len(runs) == 40
    assert {run.info.status for run in runs} == {"FINISHED"}
    best = inline[1]["pareto"][0]
    (run,) = [run for run in runs if run.data.tags["memsweep.trial"] == str(best["trial"])]
    assert run.data.metrics["accuracy"] == best["evaluation"]["accuracy"]
    assert float(run.data.params["pulse.width_s"]) == best["configuration"]["pulse.width_s"]


def test_ctrl_c_keeps_what_is_done_and_resume_completes_it(inline: tuple[Path, dict[str, Any]], tmp_path: Path) -> None:
    words = ["run", EXAMPLE, *QUICK, "--home", tmp_path, "--configurations", 40]
    command = [sys.executable, "-m", "sweeps", *map(str, words), "--executor", "inline", "--tracking", "none"]
    journal = tmp_path / "sweeps" / "digits" / "journal.log"
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            if journal.exists() and journal.read_text().count('"evaluation"') >= 5:
                break
            time.sleep(0.01)
        process.send_signal(signal.SIGINT)
        output, _ = process.communicate(timeout=60)
    assert process.returncode == 130, output
    assert "memsweep resume digits" in output
    answer = memsweep("resume", "digits", "--home", tmp_path, "--json", "--executor", "inline")
    assert answer.returncode == 0, answer.stderr
    assert without_time(json.loads(answer.stdout)) == without_time(inline[1])


def test_the_python_side_gives_the_same(inline: tuple[Path, dict[str, Any]], tmp_path: Path) -> None:
    from sweeps import load_spec, run_sweep

    spec = load_spec(EXAMPLE, {"readout.kind": "ridge", "readout.hidden": 16, "chips": 2, "configurations": 40})
    table = run_sweep(spec, executor="inline", home=tmp_path, tracking="none")
    assert len(table) == 40
    assert without_time(table.attrs["result"]) == without_time(inline[1])


# Bad input: exit status 2 and a message with the way out, before any work.


def sweep_file(folder: Path, **changes: Any) -> Path:
    content = yaml.safe_load(EXAMPLE.read_text())
    content.update(configurations=4, chips=1, **changes)
    path = folder / "sweep.yaml"
    path.write_text(yaml.safe_dump(content))
    return path


def refused(*words: object) -> str:
    start = time.monotonic()
    answer = memsweep(*words)
    assert answer.returncode == 2, (answer.returncode, answer.stdout, answer.stderr)
    assert "Traceback" not in answer.stderr
    assert time.monotonic() - start < 60
    return " ".join(answer.stderr.split())


def test_all_mistakes_of_a_file_are_told_at_once(tmp_path: Path) -> None:
    path = sweep_file(
        tmp_path, sampelr="tpe", configuration={"pulse.width": 1, "pulse.amplitude_V": {"low": 3, "high": 1}}
    )
    message = refused("run", path, "--home", tmp_path)
    assert "sampler" in message
    assert "pulse.width_s" in message
    assert "low" in message
    assert not (tmp_path / "sweeps" / "digits").exists()


def test_missing_data_leave_no_trace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("MEMSWEEP_DATA", raising=False)
    message = refused("run", sweep_file(tmp_path, task="mnist"), "--home", tmp_path)
    assert "MEMSWEEP_DATA" in message
    assert not (tmp_path / "sweeps" / "digits").exists()


def test_own_arrays_work_and_broken_ones_are_told(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    y = np.arange(90) % 3
    x = rng.random((90, 2, 6)) + 0.5 * y[:, None, None]
    x[:5, 1, 4:] = np.nan
    np.savez(tmp_path / "own.npz", train_x=x, train_y=y, test_x=x, test_y=y)
    path = sweep_file(tmp_path, name="own", task={"kind": "arrays", "path": "own.npz"})
    words = ("--home", tmp_path, "--executor", "inline", "--tracking", "none")
    answer = memsweep("run", path, *words, "--json")
    assert answer.returncode == 0, answer.stderr
    assert json.loads(answer.stdout)["finished"] == 4
    (tmp_path / "own.npz").write_bytes(b"PK nonsense")
    assert "intact .npz" in refused("run", path, *words, "--set", "name=again")


def test_home_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    message = refused("run", EXAMPLE, "--home", tmp_path / "file")
    assert "cannot be written" in message
    assert "--home" in message


def test_address_without_ray_is_told_in_time(tmp_path: Path) -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        port = closed.getsockname()[1]
    message = refused("run", EXAMPLE, "--home", tmp_path, "--address", f"127.0.0.1:{port}")
    assert "No Ray answers" in message


def test_address_of_something_else_is_told_in_time(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        start = time.monotonic()
        message = refused("run", EXAMPLE, "--home", tmp_path, "--address", f"127.0.0.1:{port}")
    assert "does not answer as Ray" in message or "is no Ray head" in message
    assert time.monotonic() - start < 30 + 15  # 30 s as promised, and the start of Python on a busy machine


def test_mlflow_that_does_not_answer_costs_the_log_only(tmp_path: Path) -> None:
    path = sweep_file(tmp_path)
    answer = memsweep("run", path, "--home", tmp_path, "--executor", "inline", "--tracking", "http://127.0.0.1:9")
    assert answer.returncode == 0, answer.stderr
    said = " ".join((answer.stdout + answer.stderr).split())
    assert "MLflow did not take 4 configurations" in said
    assert "Pareto front of digits" in said


def test_a_diverging_configuration_fails_alone(tmp_path: Path) -> None:
    path = sweep_file(
        tmp_path,
        sampler="grid",
        configuration={
            "device.floor_policy": "fail",
            "device.alpha": 0.02,
            "device.beta": {"choices": [0.05, 0.1, 5.0, 0.2]},
            "readout.kind": "ridge",
        },
    )
    words = ("--home", tmp_path, "--executor", "inline", "--tracking", "none")
    answer = memsweep("run", path, *words, "--json")
    assert answer.returncode == 1, answer.stderr
    result = json.loads(answer.stdout)
    assert (result["finished"], result["failed"]) == (3, 1)
    table = memsweep("export", "digits", "--home", tmp_path, "--out", tmp_path / "t.csv")
    assert table.returncode == 0
    failed = pd.read_csv(tmp_path / "t.csv").query("state == 'failed'")
    assert failed["device.beta"].tolist() == [5.0]
    assert "DivergenceError" in failed["error"].item()


def test_unknown_sweep_and_trial(inline: tuple[Path, dict[str, Any]], tmp_path: Path) -> None:
    assert "no sweep named 'none'" in refused("show", "none", "--home", tmp_path)
    assert "has no trial 99" in refused("show", "digits", 99, "--home", inline[0])
