"""A study in a real PostgreSQL: the same bits as the journal, also when the server dies in the middle."""

import json
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from sweeps import load_spec
from sweeps import storage as storages
from sweeps.home import Home
from sweeps.run import NoObserver, Options, resume, run
from sweeps.spec import Spec
from sweeps.storage import StorageError
from sweeps.study import Record, SweepStudy
from tests.integration.postgres import PASSWORD, PostgresServer, running_postgres
from tests.integration.without_time import records_without_time, without_time

EXAMPLE = Path(__file__).parents[2] / "examples" / "digits.yaml"

Found = tuple[dict[str, Any], list[Record]]

pytestmark = pytest.mark.timeout(300)


@pytest.fixture(scope="module")
def server() -> Iterator[PostgresServer]:
    with running_postgres() as server:
        yield server


@pytest.fixture
def database(server: PostgresServer, request: pytest.FixtureRequest) -> str:
    """Address of a new database, with the password."""
    name = request.node.name.split("[")[0][-50:]
    server.execute(f"CREATE DATABASE {name}")
    return server.url(name)


@pytest.fixture(autouse=True)
def no_passwords_around(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in (storages.VARIABLE, "MEMSWEEP_TRACKING", "PGPASSWORD", "PGPASSFILE"):
        monkeypatch.delenv(name, raising=False)


def spec() -> Spec:
    return load_spec(EXAMPLE, {"readout.kind": "ridge", "readout.hidden": 16, "chips": 2, "configurations": 40})


@pytest.fixture(scope="module")
def journal(tmp_path_factory: pytest.TempPathFactory) -> Found:
    home = Home(tmp_path_factory.mktemp("journal"))
    outcome = run(spec(), home, Options(executor="inline", storage="journal"))
    return without_time(outcome.result), records_without_time(SweepStudy(spec(), outcome.folder.journal).records())


class Accident(NoObserver):
    """Kills the server when some trials have been told, and starts it again after a while."""

    def __init__(self, server: PostgresServer, *, after: int, for_s: float | None) -> None:
        self._server, self._left, self._for_s = server, after, for_s
        self.thread: threading.Thread | None = None

    def told(self, record: Record) -> None:
        self._left -= 1
        if self._left == 0:
            self._server.kill()
            if self._for_s is not None:
                self.thread = threading.Timer(self._for_s, self._server.start)
                self.thread.start()


@pytest.fixture
def alive(server: PostgresServer) -> Iterator[PostgresServer]:
    """The server, running again for the next test."""
    yield server
    server.kill()
    server.start()


def no_password_in(folder: Path) -> None:
    for file in folder.rglob("*"):
        if file.is_file():
            assert PASSWORD.encode() not in file.read_bytes(), file


def test_a_server_that_dies_and_comes_back_costs_time_only(
    alive: PostgresServer,
    database: str,
    journal: Found,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
) -> None:
    accident = Accident(alive, after=15, for_s=2.0)
    options = Options(executor="inline", storage=database, observer=accident)
    outcome = run(spec(), Home(tmp_path), options)
    assert outcome.complete
    assert accident.thread is not None
    assert without_time(outcome.result) == journal[0]
    assert records_without_time(SweepStudy(spec(), outcome.folder.journal, database).records()) == journal[1]
    assert not outcome.folder.journal.exists()
    assert "does not answer" in caplog.text
    assert PASSWORD not in caplog.text
    no_password_in(tmp_path)
    # The same name in the same database is somebody else's study, also from another home.
    with pytest.raises(StorageError, match="exists already in"):
        run(spec(), Home(tmp_path / "another"), Options(executor="inline", storage=database))


def test_a_server_that_stays_away_stops_the_sweep_which_then_goes_on_as_if_nothing_had_been(
    alive: PostgresServer,
    database: str,
    journal: Found,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with monkeypatch.context() as hurried:
        hurried.setattr(storages, "PATIENCE_s", 1.0)
        accident = Accident(alive, after=9, for_s=None)
        outcome = run(spec(), Home(tmp_path), Options(executor="inline", storage=database, observer=accident))
    assert not outcome.complete
    assert "has not answered for 1 s" in (outcome.problem or "")
    assert PASSWORD not in (outcome.problem or "")
    folder = Home(tmp_path).find("digits")
    with pytest.raises(StorageError, match="cannot be used"):
        resume(folder, Options(executor="inline", storage=database))
    alive.start()
    with pytest.raises(StorageError, match="lives in"):
        resume(folder, Options(executor="inline", storage="journal"))
    wrong = database.replace("memsweep:", "memsweep:x")
    with pytest.raises(StorageError, match="password authentication failed"):
        resume(folder, Options(executor="inline", storage=wrong))
    # Without the option: the place from the folder, the password from libpq's own variable.
    monkeypatch.setenv("PGPASSWORD", PASSWORD)
    words = ["resume", "digits", "--home", tmp_path, "--executor", "inline", "--tracking", "none", "--json"]
    answer = memsweep(*words)
    assert answer.returncode == 0, answer.stderr
    assert without_time(json.loads(answer.stdout)) == journal[0]
    assert records_without_time(SweepStudy(spec(), folder.journal).records()) == journal[1]
    assert json.loads(memsweep("show", "digits", 3, "--home", tmp_path, "--json").stdout)["state"] == "finished"
    table = memsweep("export", "digits", "--home", tmp_path, "--out", tmp_path / "all.csv")
    assert "40 trials" in table.stdout
    no_password_in(tmp_path)


def memsweep(*words: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "sweeps", *map(str, words)]
    return subprocess.run(command, capture_output=True, text=True, timeout=110, check=False)


def test_the_command_line_tells_what_is_wrong_without_the_password(server: PostgresServer, tmp_path: Path) -> None:
    words = ["run", EXAMPLE, "--home", tmp_path, "--executor", "inline", "--tracking", "none", "--storage"]
    start = time.monotonic()
    for url, said in {
        server.url("nowhere"): 'database "nowhere" does not exist',
        server.url("postgres").replace(str(server.port), "9"): "Connection refused",
        server.url("postgres").replace("postgresql", "mysql"): "not in 'mysql'",
    }.items():
        answer = memsweep(*words, url)
        assert answer.returncode == 2, answer.stderr
        assert said in answer.stderr
        assert "Traceback" not in answer.stderr
        assert PASSWORD not in answer.stderr + answer.stdout
        assert not (tmp_path / "sweeps" / "digits").exists()
    assert time.monotonic() - start < 60
