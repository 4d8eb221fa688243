"""Where a study lives: read, remembered without its password, never changed silently; lost answers are not repeated."""

import logging
from collections.abc import Callable
from pathlib import Path

import pytest
from optuna.exceptions import StorageInternalError
from optuna.storages import RDBStorage
from sqlalchemy.exc import OperationalError

from sweeps import storage as storages
from sweeps.storage import PatientStorage, Storage, StorageError, choose_storage, find_storage, parse_storage, remember

SECRET = "hunter2"
URL = f"postgresql://ada:{SECRET}@db:5433/optuna?sslmode=require"


@pytest.fixture(autouse=True)
def no_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(storages.VARIABLE, raising=False)


@pytest.mark.parametrize("scheme", ["postgres", "postgresql", "postgresql+psycopg"])
def test_every_spelling_of_postgresql_means_its_third_driver(scheme: str) -> None:
    storage = parse_storage(URL.replace("postgresql", scheme))
    assert storage.url == f"postgresql+psycopg://ada:{SECRET}@db:5433/optuna?sslmode=require"
    assert storage.place == "postgresql+psycopg://ada@db:5433/optuna?sslmode=require"
    assert SECRET not in repr(storage)


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        (f"mysql://ada:{SECRET}@db/optuna", "PostgreSQL or a journal, not in 'mysql'"),
        ("sqlite:///study.db", "not in 'sqlite'"),
        (f"postgresql+psycopg2://ada:{SECRET}@db/optuna", r"not in 'postgresql\+psycopg2'"),
        (f"postgresql://ada:{SECRET}@db", "names no database"),
        (f"postgresql://ada:{SECRET}@db:port/optuna", "must be an address"),
        ("somewhere", "must be an address"),
    ],
)
def test_anything_else_is_refused_with_the_way_out_and_without_the_password(text: str, rule: str) -> None:
    with pytest.raises(StorageError, match=rule) as caught:
        parse_storage(text)
    assert "postgresql+psycopg://user@host:5432/database" in str(caught.value)
    assert SECRET not in str(caught.value)
    assert caught.value.__suppress_context__ or caught.value.__context__ is None


def test_a_new_sweep_takes_the_option_then_the_variable_then_the_journal(monkeypatch: pytest.MonkeyPatch) -> None:
    assert choose_storage(None) == Storage()
    monkeypatch.setenv(storages.VARIABLE, URL)
    assert choose_storage(None).place.startswith("postgresql+psycopg://ada@db")
    assert choose_storage("journal") == Storage()


def test_the_folder_remembers_the_place_but_no_password(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    remember(tmp_path, parse_storage(f"{URL}&password={SECRET}"))
    assert SECRET not in "".join(file.read_text() for file in tmp_path.iterdir())
    found = find_storage(tmp_path)
    assert found.url == "postgresql+psycopg://ada@db:5433/optuna?sslmode=require"
    monkeypatch.setenv(storages.VARIABLE, URL)
    assert SECRET in (find_storage(tmp_path).url or "")
    monkeypatch.setenv(storages.VARIABLE, URL.replace("optuna", "another"))
    assert find_storage(tmp_path) == found  # a default for new sweeps does not move an old one
    assert SECRET in (find_storage(tmp_path, URL).url or "")


@pytest.mark.parametrize(
    ("started_on", "option"),
    [("journal", URL), (URL, "journal"), (URL, URL.replace("optuna", "mlflow")), (URL, URL.replace("5433", "5432"))],
)
def test_a_sweep_does_not_move_by_resuming(tmp_path: Path, started_on: str, option: str) -> None:
    remember(tmp_path, parse_storage(started_on))
    with pytest.raises(StorageError, match=r"lives in .* but `--storage` is") as caught:
        find_storage(tmp_path, option)
    assert SECRET not in str(caught.value)


def test_a_note_that_cannot_be_read_is_told(tmp_path: Path) -> None:
    (tmp_path / "storage.json").write_text("{")
    with pytest.raises(StorageError, match=r"storage\.json must hold"):
        find_storage(tmp_path)


# Answers that get lost. SQLite stands in for the server: Optuna's code above it is the same.


class Database(PatientStorage):
    """Loses the answer of every step once, after it was done."""

    def __init__(self, path: Path, stop: Callable[[], bool] = lambda: False) -> None:
        self._storage, self._stop = Storage(url=f"postgresql+psycopg://ada:{SECRET}@db/optuna"), stop
        self._next = {}
        RDBStorage.__init__(self, f"sqlite:///{path}")
        self.lost = False
        session = self.scoped_session.session_factory
        commit = session.class_.commit

        def commit_and_lose(this: object) -> None:
            commit(this)
            self.lost = not self.lost
            if self.lost:
                raise OperationalError("COMMIT", {"secret": SECRET}, Exception(f"connection to ada:{SECRET}@db lost"))

        session.class_ = type("Session", (session.class_,), {"commit": commit_and_lose})
        self.remove_session()


def test_a_step_whose_answer_was_lost_is_done_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    import optuna

    monkeypatch.setattr("time.sleep", lambda _: None)
    database = Database(tmp_path / "study.db")
    study = optuna.create_study(storage=database, study_name="s", load_if_exists=True)
    with caplog.at_level(logging.WARNING, "sweeps.storage"):
        for number in range(3):
            trial = study.ask({"x": optuna.distributions.FloatDistribution(0, 1)})
            assert trial.number == number
            trial.set_user_attr("evaluation", {"accuracy": number})
            study.tell(trial, number)
    plain = RDBStorage(f"sqlite:///{tmp_path / 'study.db'}")
    trials = plain.get_all_trials(plain.get_study_id_from_name("s"))
    assert [(trial.number, trial.value, set(trial.params), trial.user_attrs["evaluation"]) for trial in trials] == [
        (number, number, {"x"}, {"accuracy": number}) for number in range(3)
    ]
    assert "does not answer" in caplog.text
    assert SECRET not in caplog.text
    database.engine.dispose()
    plain.engine.dispose()


@pytest.fixture
def slept(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The pauses of a clock that only they move."""
    pauses: list[float] = []
    monkeypatch.setattr(storages.time, "sleep", pauses.append)
    monkeypatch.setattr(storages.time, "monotonic", lambda: sum(pauses))
    return pauses


def unreachable() -> None:
    raise StorageInternalError("Optuna's own words") from OperationalError(
        "SELECT", {"secret": SECRET}, Exception(f"cannot reach postgresql://ada:{SECRET}@db")
    )


def test_patience_ends_with_the_way_on_and_other_errors_are_not_waited_for(tmp_path: Path, slept: list[float]) -> None:
    database = Database(tmp_path / "study.db")
    with pytest.raises(StorageError, match=r"has not answered for 29\d s .* `memsweep resume NAME`") as caught:
        database.patiently(unreachable)
    assert SECRET not in str(caught.value)
    assert 250 < sum(slept) <= storages.PATIENCE_s
    slept.clear()
    with pytest.raises(ZeroDivisionError):
        database.patiently(lambda: 1 / 0)  # type: ignore[arg-type, return-value]  # raises
    assert not slept
    database.engine.dispose()


@pytest.mark.parametrize(("asked_s", "waits_until_s"), [(1.0, 10.0), (60.0, 60.2), (97.3, 97.5)])
def test_a_wish_to_stop_ends_patience(asked_s: float, waits_until_s: float, tmp_path: Path, slept: list[float]) -> None:
    database = Database(tmp_path / "study.db", lambda: sum(slept) >= asked_s)
    with pytest.raises(StorageError, match="has not answered"):
        database.patiently(unreachable)
    assert asked_s <= sum(slept) <= waits_until_s + 1e-6
    database.engine.dispose()
