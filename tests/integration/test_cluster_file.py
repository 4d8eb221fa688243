"""docker-compose.yml and what belongs to it: valid by the specification, and closed by default."""

import ast
import os
import re
import signal
import stat
import subprocess
import sys
import time
import urllib.error
import urllib.request
from importlib.metadata import distribution
from pathlib import Path
from typing import Any

import pytest
import yaml
from compose_spec import PyCompose
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.integration import compose
from tests.integration.postgres import free_port, running_postgres

SERVICES: dict[str, dict[str, Any]] = compose.read()["services"]
TEXT = compose.FILE.read_text()


def test_it_holds_to_the_compose_specification() -> None:
    content = compose.read()
    valid = PyCompose.from_yaml(yaml.safe_dump(content))
    valid.validate()
    assert set(valid.service_names()) == set(content["services"])
    content["services"]["mlflow"]["depends_on"]["postgres"]["condition"] = "service_wealthy"
    with pytest.raises(ValueError, match="wealthy"):
        PyCompose.from_yaml(yaml.safe_dump(content))


def test_every_service_that_was_asked_for_is_there() -> None:
    assert set(SERVICES) == {"postgres", "mlflow", "optuna-dashboard", "ray-head", "ray-worker", "memsweep"}
    images = {service["image"] for name, service in SERVICES.items() if name != "postgres"}
    assert len(images) == 1
    assert all(re.search(r":\d+\.\d+", service["image"]) for service in SERVICES.values())
    assert "container_name" not in SERVICES["ray-worker"]  # or it could not be scaled
    assert "ports" not in SERVICES["ray-worker"]


def test_no_secret_is_in_the_file_nor_has_a_default() -> None:
    for name, source in compose.read()["secrets"].items():
        assert set(source) == {"file"}, name
        assert source["file"].startswith("./deploy/secrets/")
    for name, service in SERVICES.items():
        for variable, value in service.get("environment", {}).items():
            if re.search(r"PASSWORD|SECRET|TOKEN|KEY", variable):
                assert variable.endswith(("_FILE", "_PATH")) and value.startswith("/run/secrets/"), (name, variable)
                assert Path(value).name in service["secrets"], (name, variable)
        assert not re.search(r"://[^/\s]*:[^/\s]*@", str(service)), f"{name} has a password in an address"
    for variable, default in re.findall(r"\$\{(\w+):-([^}]*)\}", TEXT):
        assert not re.search(r"PASSWORD|SECRET|TOKEN|KEY", variable), (variable, default)


def test_what_is_published_is_published_on_loopback() -> None:
    published = {name: service["ports"] for name, service in SERVICES.items() if "ports" in service}
    assert set(published) == {"mlflow", "optuna-dashboard"}
    for ports in published.values():
        assert all(re.fullmatch(r"127\.0\.0\.1:\d+:\d+", port) for port in ports)
    assert not any("network_mode" in service or "privileged" in service for service in SERVICES.values())


def test_each_service_sees_only_the_networks_and_secrets_that_it_needs() -> None:
    assert {name for name, service in SERVICES.items() if "compute" in service["networks"]} == {
        "ray-head",
        "ray-worker",
        "memsweep",
    }
    assert compose.read()["networks"]["compute"]["internal"] is True
    for name in ("ray-head", "ray-worker"):  # they run the sweeps' code
        assert SERVICES[name]["secrets"] == ["ray_token"]
        assert SERVICES[name]["networks"] == ["compute"]


def test_services_start_in_order_and_stay() -> None:
    for name, service in SERVICES.items():
        if name == "memsweep":
            assert service["restart"] == "no"
            continue
        assert service["restart"] == "unless-stopped"
        assert service["healthcheck"]["test"][0] in ("CMD", "CMD-SHELL")
    for name, before in {"mlflow": "postgres", "ray-worker": "ray-head", "memsweep": "ray-worker"}.items():
        assert SERVICES[name]["depends_on"][before] == {"condition": "service_healthy"}


def test_state_is_on_volumes_that_are_declared() -> None:
    volumes = compose.read()["volumes"]
    for name in ("postgres", "mlflow", "memsweep"):
        mounted = [volume.split(":")[0] for volume in SERVICES[name]["volumes"]]
        assert name in mounted and name in volumes


def test_ray_and_mlflow_are_closed() -> None:
    for name in ("ray-head", "ray-worker", "memsweep"):
        assert SERVICES[name]["environment"]["RAY_AUTH_MODE"] == "token"
        assert SERVICES[name]["environment"]["RAY_AUTH_TOKEN_PATH"] == "/run/secrets/ray_token"
    assert "--include-dashboard=false" in SERVICES["ray-head"]["command"]
    mlflow = SERVICES["mlflow"]
    assert {"--app-name=basic-auth", "--artifacts-destination=/var/lib/mlflow"} <= set(mlflow["command"])
    (hosts,) = (word for word in mlflow["command"] if word.startswith("--allowed-hosts="))
    assert "*" not in hosts.partition("=")[2].split(",")
    assert mlflow["environment"]["MLFLOW_SERVER_ENABLE_JOB_EXECUTION"] == "false"
    assert mlflow["environment"]["MLFLOW_DISABLE_TELEMETRY"] == "true"


def test_nothing_runs_as_root() -> None:
    dockerfile = (compose.ROOT / "Dockerfile").read_text()
    assert re.findall(r"^USER (.*)$", dockerfile, re.MULTILINE)[-1] == "10001:10001"
    for name, service in SERVICES.items():
        assert service.get("user", "postgres" if name == "postgres" else "image") in ("postgres", "image")
        assert service["cap_drop"] == ["ALL"]
        assert service["security_opt"] == ["no-new-privileges:true"]
    assert SERVICES["postgres"]["user"] == "postgres"


def test_the_image_is_pinned_and_holds_no_secret() -> None:
    dockerfile = (compose.ROOT / "Dockerfile").read_text()
    assert re.findall(r"^FROM (\S+)", dockerfile, re.MULTILINE)[0].startswith("python:3.11.")
    assert not re.search(r"(?i)ARG|--mount=type=secret|password|token", dockerfile)
    ignored = (compose.ROOT / ".dockerignore").read_text().split()
    assert "*" in ignored and ignored.index("deploy/secrets") > ignored.index("!deploy")
    pins: dict[str, str] = {}
    for line in (compose.ROOT / "deploy" / "constraints.txt").read_text().splitlines():
        if not line.startswith("#"):
            name, version = line.split("==")
            pins[name] = version
    # The pins hold what memsweep asks for, directly and through what it asks for.
    todo = ["memsweep", "psycopg", "psycopg-binary"]
    seen = set(todo)
    while todo:
        name = todo.pop()
        for text in distribution(name).requires or []:
            wanted = Requirement(text)
            needed = canonicalize_name(wanted.name)
            if wanted.marker is not None and not wanted.marker.evaluate({"extra": ""}):
                continue
            # What another version than the pinned one asks for says nothing of the pins.
            if name == "memsweep" or distribution(name).version == pins.get(name):
                assert needed in pins, f"{needed}, which {name} needs, has no pin"
                assert wanted.specifier.contains(pins[needed], prereleases=True), (name, text, pins[needed])
            if needed not in seen:
                seen.add(needed)
                todo.append(needed)
    assert {"optuna-dashboard", "flask-wtf", "hatchling"} <= set(pins)


def test_secrets_are_made_once_and_closed_to_others(tmp_path: Path) -> None:
    script = tmp_path / "make_secrets.py"
    script.write_text((compose.ROOT / "deploy" / "make_secrets.py").read_text())
    subprocess.run([sys.executable, script], check=True)
    made = {file.name: file.read_text() for file in (tmp_path / "secrets").iterdir()}
    assert set(made) == set(compose.read()["secrets"])
    assert len(set(made.values())) == len(made)
    assert min(map(len, made.values())) >= 40
    assert stat.S_IMODE((tmp_path / "secrets").stat().st_mode) == 0o700
    subprocess.run([sys.executable, script], check=True)
    assert made == {file.name: file.read_text() for file in (tmp_path / "secrets").iterdir()}


def test_a_secret_that_is_missing_stops_the_service_with_its_name(tmp_path: Path) -> None:
    script = compose.ROOT / "deploy" / "with_secrets.py"
    command = [sys.executable, script, sys.executable, "-c", "import os; print(sorted(os.environ))"]
    (tmp_path / "secret").write_text("hunter2\n")
    given = {"A_FILE": str(tmp_path / "secret"), "RAY_AUTH_TOKEN_PATH": "/somewhere"}
    answer = subprocess.run(command, env=given, capture_output=True, text=True, check=True)
    assert {"A", "RAY_AUTH_TOKEN_PATH"} <= set(ast.literal_eval(answer.stdout))
    assert "A_FILE" not in answer.stdout
    for wrong, reason in {"/nowhere": "No such file", "/dev/null": "is empty"}.items():
        answer = subprocess.run(command, env={"A_FILE": wrong}, capture_output=True, text=True, check=False)
        assert answer.returncode == 1
        assert "A_FILE must name a file" in answer.stderr
        assert reason in answer.stderr


RAY = """#!{python}
import os, signal, sys, time
from pathlib import Path
def stop(*_):
    print("left", file=open("node", "a"))
    sys.exit(1)
signal.signal(signal.SIGTERM, stop)
print(os.getpid(), file=open("node", "w"))
if {joins}:
    print("Ray runtime started.", flush=True)
time.sleep(60)
"""
COMMAND = """
import signal, sys, time
from pathlib import Path
signal.signal(signal.SIGTERM, lambda *_: print("stop", file=open("command", "a")))
Path("command").write_text("")
while not Path("command").read_text():
    time.sleep(0.01)
time.sleep(0.5)
sys.exit(7)
"""


@pytest.mark.parametrize(
    ("joins", "number", "status"),
    [(False, signal.SIGTERM, 143), (False, signal.SIGINT, 130), (False, signal.SIGHUP, 129), (True, signal.SIGTERM, 7)],
)
def test_the_node_of_a_driver_leaves_whenever_it_is_stopped(
    joins: bool, number: signal.Signals, status: int, tmp_path: Path
) -> None:
    """While it joins, the command is never run; later the command hears of it once, and ends by itself."""
    ray = tmp_path / "ray"
    ray.write_text(RAY.format(python=sys.executable, joins=joins))
    ray.chmod(0o755)
    words = [compose.ROOT / "deploy" / "join_ray.py", sys.executable, "-c", COMMAND, "--address=127.0.0.1:9"]
    environment = {**os.environ, "PATH": f"{tmp_path}:{os.environ['PATH']}"}
    waits_for = tmp_path / ("command" if joins else "node")
    with subprocess.Popen([sys.executable, *words], cwd=tmp_path, env=environment) as joined:
        while not waits_for.exists() or not (tmp_path / "node").read_text():
            assert joined.poll() is None
            time.sleep(0.01)
        joined.send_signal(number)
        assert joined.wait(20) == status
    pid, left = (tmp_path / "node").read_text().split()
    assert left == "left"
    assert not Path("/proc", pid).exists()
    assert not joins or (tmp_path / "command").read_text() == "stop\n"
    assert joins or not (tmp_path / "command").exists()


def test_a_driver_has_time_to_stop_and_a_node_needs_none() -> None:
    assert SERVICES["memsweep"]["stop_grace_period"] == "5m"
    for name in ("ray-head", "ray-worker", "memsweep"):
        assert SERVICES[name]["environment"]["RAY_GRACEFUL_SHUTDOWN_DRAIN_TIMEOUT_S"] == "0"


def test_the_dashboard_shows_studies_and_deletes_none(tmp_path: Path) -> None:
    addresses = {address: f"127.0.0.1:{free_port()}" for address in ("postgres:5432", "optuna-dashboard:8080")}
    stack = compose.Stack(tmp_path, tmp_path, addresses=addresses, listen="127.0.0.1")
    port = int(addresses["postgres:5432"].rpartition(":")[2])
    with running_postgres(password=stack.secret("postgres_password"), port=port) as postgres:
        postgres.execute("CREATE DATABASE optuna")
        try:
            stack.start("optuna-dashboard")
            stack.wait_healthy("optuna-dashboard")  # on a database that no sweep has seen yet
            number = postgres.execute("INSERT INTO studies (study_name) VALUES ('kept') RETURNING study_id", "optuna")
            postgres.execute(
                f"INSERT INTO study_directions (direction, study_id, objective) VALUES ('MINIMIZE', {number}, 0)",
                "optuna",
            )
            studies = f"http://{addresses['optuna-dashboard:8080']}/api/studies"
            with urllib.request.urlopen(studies, timeout=30) as answer:
                assert "kept" in answer.read().decode()
            delete = urllib.request.Request(f"{studies}/{number.strip()}", method="DELETE")
            with pytest.raises(urllib.error.HTTPError) as refused:
                urllib.request.urlopen(delete, timeout=30)
            refused.value.close()
        finally:
            stack.close()
        assert refused.value.code == 405
        assert postgres.execute("SELECT study_name FROM studies", "optuna").strip() == "kept"
