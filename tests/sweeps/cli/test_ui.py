"""`memsweep ui` shows its own servers, or says why it cannot."""

import signal
import socket
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from sweeps.cli import main, ui
from sweeps.home import Home
from sweeps.spec import Spec

ENDS = """
import http.server, sys

class Server(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        known = self.path == "/health"
        self.send_response(200 if known else 404)
        self.end_headers()

with http.server.HTTPServer(("127.0.0.1", int(sys.argv[1])), Server) as server:
    for _ in range(3):  # is it up, where is the sweep, where are all sweeps
        server.handle_request()
sys.exit(3)
"""


@pytest.fixture
def taken() -> Iterator[int]:
    """A port of loopback that another program has."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen()
        yield listening.getsockname()[1]


@pytest.fixture
def home(tiny_spec: Spec, tmp_path: Path) -> Path:
    Home(tmp_path).create(tiny_spec)
    return tmp_path


def run_ui(home: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str], *words: str) -> str:
    """What it says in the end; its status is that of bad input."""
    monkeypatch.setattr(sys, "argv", ["memsweep", "ui", "--home", str(home), "--no-open", *words])
    monkeypatch.setattr(signal, "signal", lambda *_: None)  # this process keeps its own
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 2
    return " ".join("".join(capfd.readouterr()).split())


def no_server(*_: Any) -> Any:
    raise AssertionError("nothing may be started")


def test_a_port_that_another_program_has_is_refused_before_anything_starts(
    taken: int, home: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(ui, "_running", no_server)
    said = run_ui(home, monkeypatch, capfd, "--port", str(taken))
    assert f"Port {taken} of this machine must be free for MLflow" in said
    assert "choose another with `--port`" in said
    same = run_ui(home, monkeypatch, capfd, "--port", "8099", "--dashboard-port", "8099")
    assert "must differ, but both are 8099" in same


def test_a_server_that_ends_by_itself_is_an_error_and_a_dashboard_without_a_port_is_not(
    taken: int, home: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    monkeypatch.setattr(ui, "ui_command", lambda *_: ([sys.executable, "-c", ENDS, str(port)], {}))
    said = run_ui(home, monkeypatch, capfd, "--port", str(port), "--dashboard-port", str(taken))
    assert "has not been logged to this home's MLflow" in said
    assert f"Port {taken} of this machine must be free for Optuna's dashboard" in said
    assert "choose another with `--dashboard-port`" in said
    assert "it ended with status 3" in said
    assert str(home / "mlflow-server.log") in said.replace(" ", "")
