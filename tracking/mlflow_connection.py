"""Reaching MLflow: a client that gives up in seconds, not in minutes, and errors that show no password.

MLflow takes seconds to import and is imported by the first ``connect``.
"""

import contextlib
import os
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tracking.errors import RecordRefusedError, TrackerError
from tracking.masking import mask
from tracking.mlflow_ui import is_http

if TYPE_CHECKING:
    from mlflow import MlflowClient

_SQLITE = "sqlite:///"
_DATABASE_TIMEOUT_s = 5
_ENVIRONMENT = {
    "MLFLOW_DISABLE_TELEMETRY": "true",
    # One attempt that ends within 8 s: a caller that wants more (BackgroundTracker) tries again itself, while
    # MLflow's own 7 retries of 120 s each would hold a sweep for minutes and print a warning for each.
    "MLFLOW_HTTP_REQUEST_TIMEOUT": "8",
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "0",
    # MLflow prints to the terminal, where the progress of the sweep is shown.
    "MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT": "true",
    "MLFLOW_LOGGING_LEVEL": "WARNING",
}
_REFUSALS = ("INVALID_PARAMETER_VALUE", "BAD_REQUEST")
_SAMPLED_ROWS = 400
_first_use = threading.Lock()  # the first connection to a new database creates its tables


def connect(uri: str) -> "MlflowClient":
    """A client of a database or server that answers; sets MLflow's environment variables that are not set already."""
    for name, value in _ENVIRONMENT.items():
        os.environ.setdefault(name, value)
    with _first_use:
        if "://" in uri and not is_http(uri):
            _check_database(uri)
        from mlflow import MlflowClient

        client = MlflowClient(tracking_uri=uri)
        client.search_experiments(max_results=1)  # creates the tables of a new database
        return client


@contextmanager
def as_tracker_errors(action: str, uri: str) -> Iterator[None]:
    """Turn what MLflow and its libraries raise into ``TrackerError``, without the credentials they quote."""
    try:
        yield
    except TrackerError:
        raise
    except Exception as error:
        refused = getattr(error, "error_code", None) in _REFUSALS
        cause = " ".join(mask(str(error), uri).split())
        message = f"MLflow at {mask(uri)} could not {action}: {type(error).__name__}: {shortened(cause, 400)}"
        # "from None": the traceback of the cause would show the address with its password.
        raise (RecordRefusedError if refused else TrackerError)(message) from None


def sqlite_file(uri: str) -> Path | None:
    """The file of an SQLite database; ``None`` for everything else."""
    return Path(uri.removeprefix(_SQLITE)) if uri.startswith(_SQLITE) else None


def refresh_statistics(uri: str) -> None:
    """Let SQLite count what its tables hold, that of a sample; nothing happens for other databases.

    Without, it compares each run with each metric of that name to sort runs by a metric, which is what the charts open
    with: 12 s instead of 0.7 s for 10,000 runs. A database that is busy, or cannot be written, stays as it is.
    """
    file = sqlite_file(uri)
    if file is None or not file.is_file():
        return
    with contextlib.suppress(sqlite3.Error), contextlib.closing(sqlite3.connect(file, timeout=1.0)) as connection:
        connection.execute(f"PRAGMA analysis_limit={_SAMPLED_ROWS}")
        connection.execute("ANALYZE")


def commit_sooner(connection: object, _: object) -> None:
    """Let commits to SQLite not wait for the disk, a tenth of MLflow's time for a run; SQLAlchemy calls it.

    That is for databases with a write-ahead log, which stay whole when the power fails and lose their last commits at
    most. Those of a sweep that goes on are looked for and written again; the last step of one that ends
    (``refresh_statistics``) waits for the disk, and all before it with it.
    """
    if isinstance(connection, sqlite3.Connection):
        (mode,) = connection.execute("PRAGMA journal_mode").fetchone()
        if mode == "wal":
            connection.execute("PRAGMA synchronous=NORMAL")


def shortened(text: str, longest: int) -> str:
    """Cut the middle out: an error names itself at its start, a traceback at its end."""
    if len(text) <= longest:
        return text
    half = (longest - 5) // 2
    return f"{text[:half]} ... {text[-half:]}"


def _check_database(uri: str) -> None:
    """Connect once: MLflow itself tries a database that cannot be opened for about 100 s."""
    import sqlalchemy

    try:
        url = sqlalchemy.make_url(uri)
        dialect = url.get_backend_name()
    except sqlalchemy.exc.ArgumentError:
        return  # not a database; MLflow says what it is
    if dialect == "sqlite":
        if url.database:
            Path(url.database).parent.mkdir(parents=True, exist_ok=True)
        arguments: dict[str, Any] = {}
    elif dialect == "postgresql":
        arguments = {"connect_timeout": _DATABASE_TIMEOUT_s}
    else:
        return
    engine = sqlalchemy.create_engine(uri, connect_args=arguments)
    try:
        with engine.connect() as connection:
            new = not sqlalchemy.inspect(connection).get_table_names()
            if new and dialect == "sqlite":
                # Half the waiting for the disk, and a page that reads does not lock out a sweep that writes.
                # A file system that cannot do it answers with another mode, which is as good.
                connection.exec_driver_sql("PRAGMA journal_mode=WAL")
    finally:
        engine.dispose()
