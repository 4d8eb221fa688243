"""``memsweep ui``."""

import http
import json
import signal
import subprocess
import time
import urllib.error
import urllib.parse
import urllib.request
from pathlib import Path
from typing import Annotated

import typer

from sweeps.cli.console import make_console
from sweeps.cli.options import HomeOption
from sweeps.errors import SweepError
from sweeps.home import Home
from tracking.mlflow_ui import experiment_url, ui_command

_HOST = "127.0.0.1"
_START_TIMEOUT_S = 60.0


def ui_command_(
    name: Annotated[
        str | None, typer.Argument(help="Sweep to land on. Default: the newest.", show_default=False)
    ] = None,
    port: Annotated[int, typer.Option("--port", min=1, max=65535, help="Port on this machine.")] = 5000,
    home: HomeOption = None,
) -> None:
    """Open MLflow on this home, on loopback, and print the address of a sweep's charts."""
    place = Home(home)
    folders = place.sweeps()
    if name is not None:
        chosen = place.find(name).name
    elif folders:
        chosen = max(folders, key=lambda folder: folder.spec_file.stat().st_mtime).name
    else:
        raise SweepError(f"There are no sweeps in {place.path} to show; `memsweep run FILE` makes one.")
    console = make_console()
    command, environment = ui_command(place.tracking_uri, _HOST, port, place.artifacts)
    console.print("Starting MLflow (a few seconds); Ctrl-C ends it.")
    # A server that outlives this command would keep the port: end it on SIGTERM as on Ctrl-C.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    log = place.path / "mlflow-server.log"
    with log.open("wb") as stream:
        server = subprocess.Popen(command, env=environment, stdout=stream, stderr=subprocess.STDOUT)
    try:
        _wait_until_up(server, port, log)
        base = f"http://{_HOST}:{port}"
        identity = _experiment_id(base, chosen)
        if identity is None:
            console.print(f"{base}  (the sweep {chosen!r} has not been logged to this home's MLflow)")
        else:
            console.print(f"Charts of {chosen}: {experiment_url(base, identity)}", soft_wrap=True)
        server.wait()
    except KeyboardInterrupt:
        console.print("MLflow is stopped.")
    finally:
        server.terminate()
        server.wait()


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


def _wait_until_up(server: "subprocess.Popen[bytes]", port: int, log: Path) -> None:
    """Return once the server answers; raise ``SweepError`` if it ends or does not answer in time."""
    deadline = time.monotonic() + _START_TIMEOUT_S
    while time.monotonic() < deadline:
        if server.poll() is not None:
            raise SweepError(
                f"MLflow did not start on port {port}; is the port taken? Choose another with `--port`. "
                f"What it said is in {log}."
            )
        try:
            with urllib.request.urlopen(f"http://{_HOST}:{port}/health", timeout=2):
                return
        except (urllib.error.URLError, OSError):
            time.sleep(0.2)
    raise SweepError(f"MLflow did not answer on port {port} within {_START_TIMEOUT_S:g} s.")
