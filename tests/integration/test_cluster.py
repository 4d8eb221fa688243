"""The services of docker-compose.yml, run by their own commands and environment, through a bad day.

A sweep runs on two Ray workers, with its study in PostgreSQL and its runs on an MLflow server that asks for
passwords. In the middle one worker dies with all its processes and MLflow is restarted. In the end every trial must
be told once, logged once, and be the same, bit for bit, as in one quiet process.
"""

import json
import os
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest

from tests.integration.compose import ROOT, Stack
from tests.integration.namespaces import namespaces, require_namespaces
from tests.integration.postgres import PostgresServer, binaries, free_port
from tests.integration.without_time import without_time

CONFIGURATIONS = 60
SETTINGS = ("readout.kind=ridge", "readout.hidden=16", "chips=2")
SWEEP = [
    "run",
    str(ROOT / "examples" / "digits.yaml"),
    "--json",
    f"--configurations={CONFIGURATIONS}",
    *(word for setting in SETTINGS for word in ("--set", setting)),
]
WHAT_IS_KEPT = """
import json, os
import psycopg
from mlflow import MlflowClient
with psycopg.connect("host={host} port={port} user=memsweep dbname=optuna") as database:
    trials = database.execute("SELECT number, state::text FROM trials ORDER BY number").fetchall()
client = MlflowClient(os.environ["MEMSWEEP_TRACKING"])
experiment = client.get_experiment_by_name("digits")
runs = client.search_runs([experiment.experiment_id], max_results=1000)
print(json.dumps({{
    "trials": trials,
    "runs": [[run.data.tags.get("memsweep.trial"), run.info.status, run.data.metrics.get("accuracy")] for run in runs],
    "artifacts": [file.path for run in runs if run.data.tags["memsweep.trial"] == "summary"
                  for file in client.list_artifacts(run.info.run_id)],
}}))
"""

pytestmark = pytest.mark.timeout(600)


@contextmanager
def started(stack: Stack, postgres: PostgresServer) -> Iterator[None]:
    """The services, started in the order of the file, until the end of the block."""
    described = stack.file["services"]["postgres"]["environment"]
    try:
        postgres.start()
        postgres.execute(f"CREATE DATABASE {described['POSTGRES_DB']}")
        postgres.execute((ROOT / "deploy" / "postgres" / "databases.sql").read_text(), described["POSTGRES_DB"])
        for service in ("ray-head", "mlflow"):
            stack.start(service)
        stack.wait_healthy("ray-head")
        for worker in ("ray-worker-1", "ray-worker-2"):
            stack.start("ray-worker", worker)
        stack.wait_healthy("mlflow")
        for worker in ("ray-worker-1", "ray-worker-2"):
            # On one machine the check sees the head's process too, but the log is the worker's own.
            stack.wait_healthy("ray-worker", worker, said="Ray runtime started")
        yield
    finally:
        stack.close()
        postgres.kill()


def sweep_through_a_bad_day(
    stack: Stack, postgres: PostgresServer, host: str, port: int
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Run the sweep, kill and restart in the middle; returns its result and what is kept of it."""
    sweep = stack.run("memsweep", *SWEEP, "--address", "ray-head:6379")
    deadline = time.monotonic() + 180
    while _told(postgres) < CONFIGURATIONS // 4:
        assert sweep.poll() is None, sweep.communicate()
        assert time.monotonic() < deadline
        time.sleep(0.2)
    stack.kill("ray-worker-2")
    stack.kill("mlflow")
    assert _told(postgres) < CONFIGURATIONS, "the sweep was over before anything happened to it"
    stack.start("mlflow")
    stack.start("ray-worker", "ray-worker-2")  # as its restart policy would
    output, errors = sweep.communicate(timeout=400)
    assert sweep.returncode == 0, (output[-2000:], errors[-2000:])
    assert stack.secret("postgres_password") not in output + errors
    assert stack.secret("mlflow_password") not in output + errors
    # The sweep does not wait long for a server that is away: what it could not log is logged now, and nothing twice.
    stack.wait_healthy("mlflow")
    again = stack.run("memsweep", "resume", "digits", "--json")
    repeated, errors = again.communicate(timeout=200)
    assert again.returncode == 0, errors[-2000:]
    assert json.loads(repeated) == json.loads(output)
    return json.loads(output), stack.python("memsweep", WHAT_IS_KEPT.format(host=host, port=port))


def _told(postgres: PostgresServer) -> int:
    """Trials told so far; asked by psql, for a Python takes seconds to start on a busy machine."""
    try:
        return int(postgres.execute("SELECT count(*) FROM trials WHERE state = 'COMPLETE'", "optuna"))
    except RuntimeError as error:
        if "does not exist" in str(error):
            return 0
        raise


def check(stack: Stack, result: dict[str, Any], kept: dict[str, Any], quiet: dict[str, Any]) -> None:
    """Nothing lost, nothing doubled, nothing different."""
    assert kept["trials"] == [[number, "COMPLETE"] for number in range(CONFIGURATIONS)]
    assert sorted(key for key, _, _ in kept["runs"]) == sorted([*map(str, range(CONFIGURATIONS)), "summary"])
    assert {status for _, status, _ in kept["runs"]} == {"FINISHED"}
    assert all(accuracy is not None for key, _, accuracy in kept["runs"] if key != "summary")
    assert "pareto.csv" in kept["artifacts"]
    assert (result["finished"], result["failed"]) == (CONFIGURATIONS, 0)
    assert all(entry["evaluation"]["test_accuracy"] is not None for entry in result["pareto"])
    assert without_time(result) == without_time(quiet)


def check_secrets(stack: Stack, postgres: PostgresServer, ray_folder: Path) -> None:
    """Nothing given away: not in a log, a volume, a session of Ray nor a database."""
    written = {"the databases": postgres.dump().encode()}
    for file in [*stack.folder.rglob("*"), *ray_folder.rglob("*")]:
        if stack.secrets not in file.parents:
            with suppress(FileNotFoundError):  # Ray's own, which come and go
                written |= {str(file): file.read_bytes()} if file.is_file() else {}
    assert b"memsweep.trial" in written["the databases"]
    assert {"mlflow.log", "ray-head.log", "raylet.out"} <= {Path(name).name for name in written}
    secrets = {name: stack.secret(name).encode() for name in stack.file["secrets"]}
    assert [(name, file) for name, secret in secrets.items() for file, text in written.items() if secret in text] == []


@pytest.fixture(scope="module")
def quiet(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """The result of the same sweep in one process, with nobody around."""
    home = tmp_path_factory.mktemp("quiet")
    words = [*SWEEP, "--home", str(home), "--executor", "inline", "--storage", "journal", "--tracking", "none"]
    answer = subprocess.run([sys.executable, "-m", "sweeps", *words], capture_output=True, text=True, check=True)
    result: dict[str, Any] = json.loads(answer.stdout)
    return result


@pytest.fixture
def ray_folder() -> Iterator[Path]:
    """A folder with a name that is short enough for Ray's sockets."""
    with tempfile.TemporaryDirectory(prefix="ms", dir="/tmp", ignore_cleanup_errors=True) as folder:
        yield Path(folder)


@pytest.fixture
def postgres_folder() -> Iterator[Path]:
    """A folder that another user may enter."""
    binaries()
    with tempfile.TemporaryDirectory(prefix="memsweep-postgres-") as folder:
        yield Path(folder)


def test_a_bad_day_on_loopback(quiet: dict[str, Any], ray_folder: Path, postgres_folder: Path, tmp_path: Path) -> None:
    ports = {"postgres:5432": 0, "mlflow:5000": 0, "ray-head:6379": 0, "optuna-dashboard:8080": 0}
    ports = {address: free_port() for address in ports}
    stack = Stack(
        tmp_path,
        ray_folder,
        addresses={address: f"127.0.0.1:{port}" for address, port in ports.items()},
        listen="127.0.0.1",
    )
    postgres = PostgresServer(
        postgres_folder,
        user=stack.file["services"]["postgres"]["environment"]["POSTGRES_USER"],
        password=stack.secret("postgres_password"),
        port=ports["postgres:5432"],
    )
    with started(stack, postgres):
        _mlflow_asks_for_the_password(stack, ports["mlflow:5000"])
        _ray_asks_for_the_token(ports["ray-head:6379"], ray_folder, tmp_path)
        result, kept = sweep_through_a_bad_day(stack, postgres, "127.0.0.1", ports["postgres:5432"])
        check(stack, result, kept, quiet)
        stack.start("optuna-dashboard")
        stack.wait_healthy("optuna-dashboard")
        url = f"http://127.0.0.1:{ports['optuna-dashboard:8080']}/api/studies"
        with urllib.request.urlopen(url, timeout=30) as answer:
            assert "digits" in answer.read().decode()
        check_secrets(stack, postgres, ray_folder)


def test_a_bad_day_on_hosts_of_their_own(
    quiet: dict[str, Any], ray_folder: Path, postgres_folder: Path, tmp_path: Path
) -> None:
    require_namespaces()
    stack = Stack(tmp_path, ray_folder)
    described = stack.file["services"]
    hosts = {
        "postgres": "postgres",
        "mlflow": "mlflow",
        "ray-head": "ray-head",
        "ray-worker-1": "ray-worker",
        "ray-worker-2": "ray-worker",
        "memsweep": "memsweep",
    }
    with namespaces(stack.file, hosts, ray_folder, tmp_path / "tmp") as prefixes:
        stack.prefixes = prefixes
        postgres = PostgresServer(
            postgres_folder,
            user=described["postgres"]["environment"]["POSTGRES_USER"],
            password=stack.secret("postgres_password"),
            host="0.0.0.0",
            port=5432,
            prefix=prefixes["postgres"][:4],  # its network is enough, and signals reach it
        )
        with started(stack, postgres):
            result, kept = sweep_through_a_bad_day(stack, postgres, "postgres", 5432)
            check(stack, result, kept, quiet)
            check_secrets(stack, postgres, ray_folder)


def _mlflow_asks_for_the_password(stack: Stack, port: int) -> None:
    address = f"http://127.0.0.1:{port}/api/2.0/mlflow/experiments/search?max_results=1"
    with pytest.raises(urllib.error.HTTPError) as caught:
        urllib.request.urlopen(address, timeout=30)
    assert caught.value.code == 401
    caught.value.close()
    strange = urllib.request.Request(address, headers={"Host": "evil.example:5000"})
    with pytest.raises(urllib.error.HTTPError) as caught:
        urllib.request.urlopen(strange, timeout=30)
    assert caught.value.code == 403
    caught.value.close()


def _ray_asks_for_the_token(port: int, ray_folder: Path, home: Path) -> None:
    """Without the right token nobody joins, neither with none nor with another."""
    wrong = home / "wrong_token"
    wrong.write_text("0" * 40)
    for token in ({}, {"RAY_AUTH_MODE": "token", "RAY_AUTH_TOKEN_PATH": str(wrong)}):
        environment = {"PATH": os.environ["PATH"], "HOME": str(home), "RAY_TMPDIR": str(ray_folder), **token}
        command = [sys.executable, "-m", "ray.scripts.scripts", "health-check", "--address", f"127.0.0.1:{port}"]
        answer = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
        assert answer.returncode != 0
