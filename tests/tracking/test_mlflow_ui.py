"""The address of the charts and the command of a local server."""

import sys
from pathlib import Path

import pytest

from tracking import TrackerError, experiment_url, ui_command
from tracking.mlflow_ui import VIEW_KEY


def test_address_opens_the_charts_of_the_training_mode() -> None:
    page, view = "http://127.0.0.1:5000/#/experiments/7/runs?compareRunsMode=", f"viewStateShareKey={VIEW_KEY}"
    assert experiment_url("http://127.0.0.1:5000/", "7") == f"{page}CHART&workflowType=machine_learning&{view}"
    table = experiment_url("http://127.0.0.1:5000", "7", charts=False)
    assert table == f"{page}TABLE&workflowType=machine_learning&{view}"


def test_command_serves_on_loopback_without_job_workers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("MLFLOW_SERVER_ENABLE_JOB_EXECUTION", raising=False)
    monkeypatch.delenv("MLFLOW_DISABLE_TELEMETRY", raising=False)
    uri = "postgresql+psycopg://me:hush@host/db"
    command, environment = ui_command(uri, port=5123, artifact_root=tmp_path)
    assert command[:4] == [sys.executable, "-m", "mlflow", "server"]
    assert command[command.index("--host") + 1] == "127.0.0.1"
    assert command[command.index("--port") + 1] == "5123"
    assert command[command.index("--artifacts-destination") + 1] == tmp_path.as_uri()
    assert "hush" not in " ".join(command)
    assert environment["MLFLOW_BACKEND_STORE_URI"] == uri
    assert environment["MLFLOW_SERVER_ENABLE_JOB_EXECUTION"] == "false"
    assert environment["MLFLOW_DISABLE_TELEMETRY"] == "true"
    assert "PATH" in environment


# mlflow 3.17 warns of a type hint of its own when its command line is imported.
@pytest.mark.filterwarnings("ignore:.*Any type hint is inferred as AnyType")
def test_server_knows_every_option_of_the_command() -> None:
    from mlflow.cli import server

    known = {option for parameter in server.params for option in parameter.opts}
    command, _ = ui_command("sqlite:///mlflow.db", artifact_root=Path())
    assert {option for option in command if option.startswith("--")} <= known
    assert "MLFLOW_BACKEND_STORE_URI" in {parameter.envvar for parameter in server.params}


def test_server_is_not_started_for_a_server() -> None:
    with pytest.raises(TrackerError, match=r"https://\*\*\*@host is an MLflow server already"):
        ui_command("https://me:hush@host")
