"""A real MLflow server on loopback and a database file, which tests kill and start again where it was."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import requests

from tests.integration.postgres import free_port

_START_S = 90.0


class MlflowServer:
    """One server; everything goes into ``folder``."""

    def __init__(self, folder: Path) -> None:
        """Choose a port; the server does not run yet."""
        self.port = free_port()
        self.uri = f"http://127.0.0.1:{self.port}"
        self._folder = folder
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start; returns before it answers."""
        words = ["--backend-store-uri", f"sqlite:///{self._folder / 'mlflow.db'}", "--host", "127.0.0.1"]
        words += ["--artifacts-destination", str(self._folder / "artifacts"), "--port", str(self.port)]
        quiet = {"MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false", "MLFLOW_DISABLE_TELEMETRY": "true"}
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "mlflow", "server", *words, "--workers", "1"],
                env=os.environ | quiet,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def wait(self) -> None:
        """Wait until it answers."""
        end_s = time.monotonic() + _START_S
        while time.monotonic() < end_s:
            try:
                if requests.get(f"{self.uri}/health", timeout=5).ok:
                    return
            except requests.RequestException:
                time.sleep(0.2)
        raise RuntimeError(f"MLflow does not start: {self._log.read_text()[-3000:]}")

    def kill(self) -> None:
        """Kill it and its workers."""
        if self._process is not None:
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()
            self._process = None

    @property
    def _log(self) -> Path:
        return self._folder / "server.log"
