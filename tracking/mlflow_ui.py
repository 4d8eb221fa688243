"""How to open MLflow's pages: the address of a sweep's charts and the command of a local server.

Nothing here imports MLflow: the server is a process of its own.
"""

import os
import sys
from pathlib import Path

from tracking.errors import TrackerError
from tracking.masking import mask

VIEW_KEY = "memsweep"
"""Name of the shared view that ``tracking.mlflow_view`` describes."""
_TRAINING = "workflowType=machine_learning"
"""The model-training mode of the page; without, it opens in its "GenAI" mode."""


def experiment_url(base_url: str, experiment_id: str, *, charts: bool = True) -> str:
    """Address of an experiment in the view that its tracker keeps with it: its charts, or its table."""
    return f"{base_url.rstrip('/')}/{experiment_link(experiment_id, charts=charts)}"


def experiment_link(experiment_id: str, *, charts: bool = True) -> str:
    """The same within MLflow's page.

    The parameters open the charts in the model-training mode, in the shared view of ``tracking.mlflow_view``.
    """
    mode = "CHART" if charts else "TABLE"
    view = f"compareRunsMode={mode}&{_TRAINING}&viewStateShareKey={VIEW_KEY}"
    return f"#/experiments/{experiment_id}/runs?{view}"


def run_link(experiment_id: str, run_id: str, artifact: str = "") -> str:
    """A run, or one of its artifacts, within MLflow's page."""
    within = f"/artifacts/{artifact}" if artifact else ""
    return f"#/experiments/{experiment_id}/runs/{run_id}{within}?{_TRAINING}"


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
