"""Optuna's dashboard, to look at: ``python -m sweeps.dashboard FOLDER`` on the study of a sweep.

Without a folder it shows all studies of the database that ``MEMSWEEP_STORAGE`` names, as docker-compose.yml has it.

The dashboard itself has buttons that delete or rename a study, and no passwords. Here it answers questions only, on
loopback unless told otherwise, so that the one durable record of a sweep is not lost by a click. It reads along while
the sweep runs.
"""

import argparse
import sys
from collections.abc import Callable, Iterable
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from socketserver import ThreadingMixIn
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

from sweeps.home import SweepFolder
from sweeps.storage import VARIABLE, PatientStorage, choose_storage, open_storage

HOST = "127.0.0.1"
_PACKAGE = "optuna_dashboard"
_READING = ("GET", "HEAD")

App = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]
"""A web application (WSGI)."""


def installed() -> bool:
    """Whether the dashboard, which memsweep does not need, is there."""
    return find_spec(_PACKAGE) is not None


def dashboard_command(folder: Path, port: int) -> list[str]:
    """The command that serves a sweep's study; passwords come from the environment, as for ``open_storage``."""
    # -P: not a package of that name in the folder one works in.
    return [sys.executable, "-P", "-m", "sweeps.dashboard", str(folder), f"--port={port}"]


def for_reading(app: App) -> App:
    """An application that refuses every request that could change something."""

    def reading(environment: dict[str, Any], start: Callable[..., Any]) -> Iterable[bytes]:
        if environment["REQUEST_METHOD"] in _READING:
            return app(environment, start)
        start("405 Method Not Allowed", [("Content-Type", "application/json"), ("Allow", ", ".join(_READING))])
        return [b'{"reason": "memsweep shows this study for reading only."}']

    return reading


class _Server(ThreadingMixIn, WSGIServer):
    """Answers several requests at once: a browser opens connections that it does not use."""

    daemon_threads = True


class _Quiet(WSGIRequestHandler):
    def log_message(self, *_: Any) -> None:
        """Say nothing of requests."""


def main() -> None:
    """Serve until it is ended."""
    parser = argparse.ArgumentParser(prog="python -m sweeps.dashboard", description="Optuna's dashboard, for reading.")
    parser.add_argument("folder", nargs="?", type=Path, help=f"Folder of a sweep. Default: all studies of {VARIABLE}.")
    parser.add_argument("--host", default=HOST, help="Where to listen. Default: %(default)s.")
    parser.add_argument("--port", type=int, default=8080, help="Default: %(default)s.")
    given = parser.parse_args()
    if given.folder is not None:
        storage = open_storage(SweepFolder(given.folder).journal)
    elif (chosen := choose_storage(None)).url is not None:
        storage = PatientStorage(chosen)
    else:
        parser.error(f"there must be a folder, or {VARIABLE} must name a database, but there is neither")
    app = for_reading(import_module(_PACKAGE).wsgi(storage))
    with make_server(given.host, given.port, app, _Server, _Quiet) as server:
        server.serve_forever()


if __name__ == "__main__":
    main()
