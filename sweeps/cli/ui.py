"""``memsweep ui``."""

import http
import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
import webbrowser
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Annotated

import typer

from sweeps.cli.console import make_console
from sweeps.cli.options import HomeOption
from sweeps.dashboard import HOST, dashboard_command, installed
from sweeps.errors import SweepError
from sweeps.home import Home, SweepFolder
from tracking.mlflow_connection import refresh_statistics
from tracking.mlflow_overview import OVERVIEW
from tracking.mlflow_ui import experiment_url, ui_command

_START_TIMEOUT_S = 60.0
_POLL_S = 0.1
_DISPLAYS = ("DISPLAY", "WAYLAND_DISPLAY")

Process = subprocess.Popen[bytes]


def ui_command_(
    name: Annotated[
        str | None, typer.Argument(help="Sweep to land on. Default: the newest.", show_default=False)
    ] = None,
    port: Annotated[int, typer.Option("--port", min=1, max=65535, help="Port of MLflow on this machine.")] = 5000,
    dashboard_port: Annotated[
        int, typer.Option("--dashboard-port", min=0, max=65535, help="Port of optuna-dashboard; 0 for none.")
    ] = 8080,
    open_page: Annotated[
        bool | None,
        typer.Option(
            "--open/--no-open", help="Open the page. Default: on a terminal with a display.", show_default=False
        ),
    ] = None,
    home: HomeOption = None,
) -> None:
    """Open MLflow on this home, and Optuna's dashboard beside it, on loopback, and land on a sweep's charts."""
    place = Home(home)
    folder = _choose(place, name)
    if port == dashboard_port:
        raise SweepError(f"`--port` and `--dashboard-port` must differ, but both are {port}; choose another for one.")
    _require_free(port, "MLflow", "--port")
    console = make_console()
    refresh_statistics(place.tracking_uri)
    command, environment = ui_command(place.tracking_uri, HOST, port, place.artifacts)
    console.print("Starting MLflow (a few seconds); Ctrl-C ends it.")
    # A server that outlives this command would keep the port: end it on SIGTERM as on Ctrl-C.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    log, log_beside = place.path / "mlflow-server.log", place.path / "dashboard.log"
    try:
        with ExitStack() as servers:
            mlflow = servers.enter_context(_running(command, environment, log))
            beside = _start_beside(servers, folder.path, dashboard_port, log_beside)
            _wait_until_up(mlflow, f"http://{HOST}:{port}/health", "MLflow", "--port", log)
            base = f"http://{HOST}:{port}"
            page, words_ = _landing(base, folder.name)
            console.print(words_, soft_wrap=True)
            if (overview := _experiment_id(base, OVERVIEW)) is not None:
                console.print(f"All sweeps: {experiment_url(base, overview, charts=False)}", soft_wrap=True)
            if not isinstance(beside, str):
                beside = _dashboard_words(beside, dashboard_port, folder.name, log_beside)
            console.print(beside, soft_wrap=True)
            if open_page or (open_page is None and _can_open()):
                webbrowser.open(page)
            status = mlflow.wait()
            raise SweepError(
                f"MLflow must run until Ctrl-C, but it ended with status {status}; see {log}, start it again."
            )
    except KeyboardInterrupt:
        console.print("MLflow is stopped.")


def _choose(home: Home, name: str | None) -> SweepFolder:
    if name is not None:
        return home.find(name)
    folders = home.sweeps()
    if not folders:
        raise SweepError(f"There are no sweeps in {home.path} to show; `memsweep run FILE{home.option}` makes one.")
    return max(folders, key=lambda folder: folder.spec_file.stat().st_mtime)


def _require_free(port: int, words: str, option: str) -> None:
    """Raise ``SweepError`` unless a server could listen there: another one that does would be taken for ours."""
    with socket.socket() as probe:
        probe.setsockopt(
            socket.SOL_SOCKET, socket.SO_REUSEADDR, 1
        )  # as servers do: one that has just ended is no hindrance
        try:
            probe.bind((HOST, port))
        except OSError as error:
            raise SweepError(
                f"Port {port} of this machine must be free for {words}, but: {error.strerror}; choose another with "
                f"`{option}`."
            ) from error


@contextmanager
def _running(command: list[str], environment: dict[str, str], log: Path) -> Iterator[Process]:
    """A server that ends with the block; what it says goes to a file."""
    with log.open("wb") as stream:
        server = subprocess.Popen(command, env=environment, stdout=stream, stderr=subprocess.STDOUT)
    try:
        yield server
    finally:
        server.terminate()
        server.wait()


def _landing(base: str, name: str) -> tuple[str, str]:
    """The page to open, and the words that name it."""
    identity = _experiment_id(base, name)
    if identity is None:
        return base, f"{base}  (the sweep {name!r} has not been logged to this home's MLflow)"
    page = experiment_url(base, identity)
    return page, f"Charts of {name}: {page}"


def _start_beside(servers: ExitStack, folder: Path, port: int, log: Path) -> Process | str:
    """Optuna's dashboard, or the words that say why it is not there."""
    if not port:
        return "Optuna's dashboard is left out."
    if not installed():
        return "Optuna's dashboard is not installed; `pip install optuna-dashboard` adds it."
    try:
        _require_free(port, "Optuna's dashboard", "--dashboard-port")
    except SweepError as error:
        return str(error)
    return servers.enter_context(_running(dashboard_command(folder, port), dict(os.environ), log))


def _dashboard_words(server: Process, port: int, name: str, log: Path) -> str:
    base = f"http://{HOST}:{port}"
    try:
        _wait_until_up(server, f"{base}/api/meta", "Optuna's dashboard", "--dashboard-port", log)
    except SweepError as error:
        return str(error)
    with urllib.request.urlopen(f"{base}/api/studies", timeout=30) as answer:
        studies = {study["study_name"]: study["study_id"] for study in json.load(answer)["study_summaries"]}
    return f"Optuna's dashboard, for reading: {base}/dashboard/studies/{studies[name]}"


def _can_open() -> bool:
    """Whether somebody sits before this machine."""
    return sys.stdout.isatty() and (sys.platform == "darwin" or any(os.environ.get(name) for name in _DISPLAYS))


def _experiment_id(base: str, name: str) -> str | None:
    """MLflow's number of a sweep, asked of the server: importing MLflow here would take as long as its start did."""
    query = urllib.parse.urlencode({"experiment_name": name})
    try:
        with urllib.request.urlopen(f"{base}/api/2.0/mlflow/experiments/get-by-name?{query}", timeout=30) as answer:
            return str(json.load(answer)["experiment"]["experiment_id"])
    except urllib.error.HTTPError as error:
        if error.code != http.HTTPStatus.NOT_FOUND:
            raise SweepError(
                f"MLflow at {base} answers {error.code} to the question for the sweep {name!r}."
            ) from error
        return None


def _wait_until_up(server: Process, address: str, words: str, option: str, log: Path) -> None:
    """Return once the server answers; raise ``SweepError`` if it ends or does not answer in time."""
    deadline = time.monotonic() + _START_TIMEOUT_S
    while time.monotonic() < deadline:
        if server.poll() is not None:
            raise SweepError(
                f"{words} did not start at {address}; is the port taken? Choose another with `{option}`. "
                f"What it said is in {log}."
            )
        try:
            with urllib.request.urlopen(address, timeout=2):
                return
        except OSError:
            time.sleep(_POLL_S)
    raise SweepError(f"{words} did not answer at {address} within {_START_TIMEOUT_S:g} s.")
