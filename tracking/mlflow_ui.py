"""How to open MLflow's pages: the address of a sweep's charts and the command of a local server.

Nothing here imports MLflow: the server is a process of its own.
"""

import os
import sys
from pathlib import Path

from tracking.errors import TrackerError
from tracking.masking import mask


def experiment_url(base_url: str, experiment_id: str) -> str:
    """Address of an experiment's charts.

    The two parameters open the model-training mode and its charts, not MLflow's "GenAI" mode.
    """
    return (
        f"{base_url.rstrip('/')}/#/experiments/{experiment_id}/runs?compareRunsMode=CHART&workflowType=machine_learning"
    )


def ui_command(
    tracking_uri: str, host: str = "127.0.0.1", port: int = 5000, artifact_root: Path | None = None
) -> tuple[list[str], dict[str, str]]:
    """Command and whole environment of an ``mlflow server`` that shows a database.

    The address of the database goes through the environment, where other users of the machine cannot read its
    password. Job workers (1.8 GB, and an interface that runs code) and telemetry are off unless the
    environment says otherwise. Raises ``TrackerError`` for an ``http(s)`` URI, which is a server already.
    """
    if is_http(tracking_uri):
        raise TrackerError(f"{mask(tracking_uri)} is an MLflow server already: open it in a browser.")
    command = [sys.executable, "-m", "mlflow", "server"]
    command += ["--host", host, "--port", str(port), "--workers", "1"]
    if artifact_root is not None:
        command += ["--artifacts-destination", artifact_root.resolve().as_uri()]
    environment = {
        "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false",
        "MLFLOW_DISABLE_TELEMETRY": "true",
        **os.environ,
        "MLFLOW_BACKEND_STORE_URI": tracking_uri,
    }
    return command, environment


def is_http(tracking_uri: str) -> bool:
    """Whether the URI names a server rather than a database."""
    return tracking_uri.lower().startswith(("http://", "https://"))
