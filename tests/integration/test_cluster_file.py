"""docker-compose.yml and what belongs to it: valid by the specification, and closed by default."""

import ast
import re
import stat
import subprocess
import sys
from importlib.metadata import distribution
from pathlib import Path
from typing import Any

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.integration import compose

SERVICES: dict[str, dict[str, Any]] = compose.read()["services"]
TEXT = compose.FILE.read_text()


def test_it_holds_to_the_compose_specification() -> None:
    specification = pytest.importorskip("compose_spec", reason="the validator of the Compose specification is missing")
    content = compose.read()
    valid = specification.PyCompose.from_yaml(yaml.safe_dump(content))
    valid.validate()
    assert set(valid.service_names()) == set(content["services"])
    content["services"]["mlflow"]["depends_on"]["postgres"]["condition"] = "service_wealthy"
    with pytest.raises(ValueError, match="wealthy"):
        specification.PyCompose.from_yaml(yaml.safe_dump(content))


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
