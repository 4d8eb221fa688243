"""``memsweep ui``."""

import subprocess
import time
import urllib.error
import urllib.request
from typing import Annotated

import typer
from rich.console import Console

from sweeps.cli.options import HomeOption
from sweeps.errors import SweepError
from sweeps.home import Home
from tracking.mlflow_ui import experiment_url, ui_command

_HOST = "127.0.0.1"
_START_TIMEOUT_S = 60.0


def ui_command_(
    name: Annotated[
        str | None, typer.Argument(help="Sweep to land on.  [default: the newest]", show_default=False)
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
    console = Console(highlight=False)
    command, environment = ui_command(place.tracking_uri, _HOST, port, place.artifacts)
    console.print("Starting MLflow (a few seconds); Ctrl-C ends it.")
    server = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    try:
        _wait_until_up(server, port)
        from tracking.mlflow_tracker import find_experiment_id

        base = f"http://{_HOST}:{port}"
        identity = find_experiment_id(place.tracking_uri, chosen)
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


def _wait_until_up(server: "subprocess.Popen[bytes]", port: int) -> None:
    """Return once the server answers; raise ``SweepError`` if it ends or does not answer in time."""
    deadline = time.monotonic() + _START_TIMEOUT_S
    while time.monotonic() < deadline:
        if server.poll() is not None:
            last = server.stderr.read().decode(errors="replace").strip().splitlines() if server.stderr else []
            raise SweepError(
                f"MLflow did not start on port {port} ({last[-1] if last else 'no message'}); is the port taken? "
                "Choose another with `--port`."
            )
        try:
            with urllib.request.urlopen(f"http://{_HOST}:{port}/health", timeout=2):
                return
        except (urllib.error.URLError, OSError):
            time.sleep(0.2)
    raise SweepError(f"MLflow did not answer on port {port} within {_START_TIMEOUT_S:g} s.")
