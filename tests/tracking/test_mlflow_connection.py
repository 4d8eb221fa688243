"""How the database of MLflow is opened."""

import json
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest
import sqlalchemy
from sqlalchemy import event

from tracking.mlflow_connection import commit_sooner

NORMAL, FULL = 1, 2
"""SQLite's numbers: whether it waits for the disk at checkpoints only, or at every commit too."""


@pytest.mark.parametrize(("mode", "waits"), [("WAL", NORMAL), ("DELETE", FULL)])
def test_commits_wait_for_the_disk_where_a_power_cut_could_break_the_file(
    tmp_path: Path, mode: str, waits: int
) -> None:
    file = tmp_path / "mlflow.db"
    with closing(sqlite3.connect(file)) as connection:
        connection.execute(f"PRAGMA journal_mode={mode}")
        connection.execute("CREATE TABLE runs (name TEXT)")
    engine = sqlalchemy.create_engine(f"sqlite:///{file}")
    event.listen(engine, "connect", commit_sooner)
    with engine.connect() as connection:
        assert connection.exec_driver_sql("PRAGMA synchronous").scalar() == waits
    engine.dispose()


def test_the_process_that_writes_to_mlflow_opens_databases_so(tmp_path: Path) -> None:
    code = (
        "import sqlalchemy; from tracking import __main__, mlflow_connection; __main__.main(); "
        "engine = sqlalchemy.engine.Engine; "
        "assert sqlalchemy.event.contains(engine, 'connect', mlflow_connection.commit_sooner)"
    )
    place = {"uri": f"sqlite:///{tmp_path / 'mlflow.db'}", "artifact_root": None}
    subprocess.run([sys.executable, "-c", code], input=json.dumps(place) + "\n", text=True, check=True)
