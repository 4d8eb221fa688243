"""Where the study of a sweep is stored: a journal file in its folder, or a PostgreSQL database.

::

    --storage URL | MEMSWEEP_STORAGE | nothing       a new sweep
                     │
                     v
    <sweep>/storage.json   kind and address, never a password
                     │
                     v          the password: --storage, MEMSWEEP_STORAGE, PGPASSWORD, PGPASSFILE or ~/.pgpass
               open_storage     the study, wherever the sweep was started

A database that goes away is waited for: every step is tried again for ``PATIENCE_s`` and then given up with all that
was told still there. A trial is made in one transaction and ended in another, each known by its time to the
microsecond: one whose answer was lost is looked for before it is repeated, and what another process wrote is not taken
for it.
"""

import functools
import json
import logging
import os
import time
import weakref
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from optuna.exceptions import StorageInternalError
from optuna.storages import RDBStorage
from optuna.trial import FrozenTrial, TrialState

from sweeps.errors import SweepError
from sweeps.journal import Journal
from tracking.masking import mask

if TYPE_CHECKING:
    from sqlalchemy import URL, Table

_LOG = logging.getLogger(__name__)
Answer = TypeVar("Answer")

VARIABLE = "MEMSWEEP_STORAGE"
JOURNAL = "journal"
"""The word for the journal file, where a database is the default."""
PATIENCE_s = 300.0
"""How long a sweep waits for a database that does not answer."""
_PATIENCE_STOPPING_s = 10.0
"""The same for a sweep that was asked to stop."""
_FIRST_PAUSE_s = 0.2
_LAST_PAUSE_s = 10.0
_LOOK_s = 0.2
"""How often a wait looks whether it should stop."""
_CONNECT_TIMEOUT_s = 5
_DRIVER = "postgresql+psycopg"
_POSTGRES = ("postgres", "postgresql", _DRIVER)
_SECRETS = ("password", "sslpassword")
_CONNECTION: dict[str, Any] = {
    "connect_timeout": _CONNECT_TIMEOUT_s,
    "application_name": "memsweep",
    # A host that vanished without a word is noticed within a minute, not within the two hours of TCP's own default.
    "keepalives_idle": 20,
    "keepalives_interval": 5,
    "keepalives_count": 4,
    "tcp_user_timeout": 40_000,
}


class StorageError(SweepError):
    """The storage cannot serve; the text says why and the way out, and holds no password."""


@dataclass(frozen=True, kw_only=True)
class Storage:
    """A place for studies."""

    url: str | None = field(default=None, repr=False)
    """Address of a PostgreSQL database, perhaps with its password; the sweep's journal file if absent."""

    @property
    def place(self) -> str:
        """The address without its password; what may be written down and shown."""
        if self.url is None:
            return JOURNAL
        from sqlalchemy import make_url

        url = make_url(self.url)
        return url._replace(password=None).difference_update_query(_SECRETS).render_as_string()

    def same_place(self, other: "Storage") -> bool:
        """Whether both are one database (or the journal); users and passwords may differ."""
        return _key(self) == _key(other)


def parse_storage(text: str) -> Storage:
    """Read ``--storage``: ``journal`` or ``postgresql://[user[:password]@]host[:port]/database``.

    Raises:
        StorageError: the text is neither, or PostgreSQL's driver is not installed.
    """
    if text.strip().lower() == JOURNAL:
        return Storage()
    from sqlalchemy import make_url
    from sqlalchemy.exc import ArgumentError

    way_out = f"write `{JOURNAL}` or {_DRIVER}://user@host:5432/database"
    try:
        url = make_url(text.strip())
    except (ArgumentError, ValueError):
        # "from None", here and below: the text of the cause holds the password.
        raise StorageError(f"The storage must be an address of PostgreSQL, but is {mask(text)!r}; {way_out}.") from None
    if url.drivername not in _POSTGRES:
        raise StorageError(f"Studies are stored in PostgreSQL or a journal, not in {url.drivername!r}; {way_out}.")
    if not url.database:
        raise StorageError(f"The storage {mask(text)!r} names no database; {way_out}.")
    if "@" in (url.host or "") or "@" in url.database:
        # A part of the password that would be taken for a host, and be shown as one.
        raise StorageError(f"An `@` in the password of {mask(text)!r} must be written as %40; {way_out}.")
    storage = Storage(url=url.set(drivername=_DRIVER).render_as_string(hide_password=False))
    try:
        import psycopg  # noqa: F401  # SQLAlchemy loads it by its name
    except ImportError:
        raise StorageError(
            "A study in PostgreSQL needs its driver; install it by `pip install 'memsweep[cluster]'`, or store the "
            f"study in a file by `--storage {JOURNAL}`."
        ) from None
    return storage


def choose_storage(option: str | None) -> Storage:
    """The storage of a new sweep: the option, else that of ``MEMSWEEP_STORAGE``, else the journal."""
    return parse_storage(option or os.environ.get(VARIABLE) or JOURNAL)


def require_free(storage: Storage, name: str) -> None:
    """Raise ``StorageError`` unless the storage answers, is of this Optuna's making and holds no study ``name``."""
    if storage.url is None:
        return
    try:
        _connect(storage, check=True).get_study_id_from_name(name)
    except KeyError:
        return
    raise StorageError(
        f"A study named {name!r} exists already in {storage.place}, perhaps of another home; run this sweep under "
        "another name with `--set name=...`."
    )


def remember(folder: Path, storage: Storage) -> None:
    """Write down, without the password, where the study of a sweep's folder lives."""
    from sweeps.home import write_atomically

    write_atomically(_file(folder), json.dumps({"storage": storage.place}) + "\n")


def recall(folder: Path) -> Storage:
    """Where the study of a sweep's folder lives; raises ``StorageError`` if the note cannot be read."""
    if not _file(folder).exists():
        return Storage()
    try:
        return parse_storage(json.loads(_file(folder).read_text(encoding="utf-8"))["storage"])
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise StorageError(
            f'{_file(folder)} must hold {{"storage": ...}} with `{JOURNAL}` or an address of PostgreSQL; put it right.'
        ) from error


def find_storage(folder: Path, option: str | None = None) -> Storage:
    """Where the study of a sweep's folder lives, with the password if the option or ``MEMSWEEP_STORAGE`` has it.

    Raises:
        StorageError: the option names another place than the one that the sweep was started on.
    """
    remembered = recall(folder)
    if option:
        chosen = parse_storage(option)
        if not chosen.same_place(remembered):
            raise StorageError(
                f"The sweep {folder.name!r} lives in {remembered.place}, but `--storage` is {chosen.place}; leave the "
                f"option out to go on there. If that database has moved, write its new address into {_file(folder)}."
            )
        return chosen
    variable = os.environ.get(VARIABLE)
    if remembered.url is not None and variable:
        chosen = parse_storage(variable)
        if chosen.same_place(remembered):
            return chosen
    return remembered


def open_storage(
    journal: Path, option: str | None = None, *, only: int | None = None, stop: Callable[[], bool] = lambda: False
) -> "Journal | PatientStorage":
    """Open the storage of the sweep whose folder holds, or would hold, ``journal``.

    ``only`` names the one trial that will be read, and nothing written, so that a long journal is read quickly;
    ``stop`` is asked while a database is waited for, and ends that soon.

    Raises:
        StorageError: as ``find_storage``, or the database does not answer.
    """
    storage = find_storage(journal.parent, option)
    if storage.url is None:
        return Journal(journal, only)
    return _connect(storage, stop=stop)


def _file(folder: Path) -> Path:
    return folder / "storage.json"


def _key(storage: Storage) -> tuple[Any, ...]:
    if storage.url is None:
        return (JOURNAL,)
    from sqlalchemy import make_url

    url: URL = make_url(storage.url)
    return url.host, url.port or 5432, url.database, url.query.get("host"), url.query.get("port")


def _connect(storage: Storage, *, check: bool = False, stop: Callable[[], bool] = lambda: False) -> "PatientStorage":
    """Open a database; one that does not answer now is an error at once, for nothing is lost yet."""
    from sqlalchemy.exc import SQLAlchemyError

    try:
        return PatientStorage(storage, check=check, stop=stop)
    except (SQLAlchemyError, StorageInternalError, RuntimeError) as error:
        raise StorageError(
            f"The storage {storage.place} cannot be used ({_one_line(error, storage)}); start it or put its address "
            f"right (`--storage` or {VARIABLE}). A password can also come from PGPASSWORD or PGPASSFILE."
        ) from None


class PatientStorage(RDBStorage):
    """Optuna's database storage that waits for its server, for a study that one process writes.

    Each method below is safe to repeat after an answer that was lost: reads and upserts are, and ``add`` and ``end``,
    by which trials are made and ended here, look for what they had done.
    """

    def __init__(self, storage: Storage, *, check: bool = False, stop: Callable[[], bool] = lambda: False) -> None:
        """Connect, and make the tables of a new database; ``check`` also compares an old one with this Optuna."""
        if storage.url is None:
            raise ValueError("a journal is no database")
        self._storage, self._stop = storage, stop
        super().__init__(
            storage.url,
            engine_kwargs={"connect_args": _CONNECTION},
            skip_compatibility_check=not check,
        )
        weakref.finalize(self, self.engine.dispose)

    def patiently(self, step: Callable[[], Answer]) -> Answer:
        """Take a step, again and again while the server does not answer, for ``PATIENCE_s`` unless asked to stop."""
        since_s = time.monotonic()
        pause_s = _FIRST_PAUSE_s
        while True:
            try:
                return step()
            except Exception as error:
                if not _is_outage(error):
                    raise
                reason = _one_line(error, self._storage)
            if pause_s == _FIRST_PAUSE_s:
                _LOG.warning(
                    "The storage %s does not answer (%s); trying again for up to %.0f s.",
                    self._storage.place,
                    reason,
                    PATIENCE_s,
                )
            patience_s = _PATIENCE_STOPPING_s if self._stop() else PATIENCE_s
            waited_s = time.monotonic() - since_s
            if waited_s + pause_s > patience_s:
                raise StorageError(
                    f"The storage {self._storage.place} has not answered for {waited_s:.0f} s ({reason}); all that was "
                    "told is kept there. When it is back, go on with `memsweep resume NAME`."
                ) from None
            self._pause(pause_s)
            pause_s = min(2 * pause_s, _LAST_PAUSE_s)

    def _pause(self, pause_s: float) -> None:
        """Wait, but not through a wish to stop that comes meanwhile."""
        stopping = self._stop()
        end_s = time.monotonic() + pause_s
        while (left_s := end_s - time.monotonic()) > 0 and self._stop() == stopping:
            time.sleep(min(left_s, _LOOK_s))

    def add(self, study_id: int, trial: FrozenTrial) -> int | None:
        """Make a trial with its params and system attributes, all in one transaction; returns its id.

        None, and nothing is written, if its number is not the next: another process writes the study.
        """
        return self.patiently(lambda: self._add(study_id, trial))

    def _add(self, study_id: int, trial: FrozenTrial) -> int | None:
        from optuna.distributions import distribution_to_json
        from sqlalchemy import insert, select

        begun = _utc(trial.datetime_start)
        studies, trials = self._table("studies"), self._table("trials")
        # Plain statements, a few for all: Optuna's own take several a param, each at the price of a journey.
        with self.engine.begin() as connection:
            connection.execute(select(studies.c.study_id).where(studies.c.study_id == study_id).with_for_update())
            newest = select(trials.c.trial_id, trials.c.number, trials.c.datetime_start)
            newest = newest.where(trials.c.study_id == study_id).order_by(trials.c.trial_id.desc()).limit(1)
            last_id, last, last_begun = connection.execute(newest).first() or (None, -1, None)
            if (last, last_begun) == (trial.number, begun):
                return last_id  # made by the attempt of which the answer was lost
            if last + 1 != trial.number:
                return None
            row = {"study_id": study_id, "number": trial.number, "state": trial.state, "datetime_start": begun}
            trial_id: int = connection.execute(insert(trials).returning(trials.c.trial_id), row).scalar_one()
            params = [
                {
                    "trial_id": trial_id,
                    "param_name": name,
                    "param_value": distribution.to_internal_repr(trial.params[name]),
                    "distribution_json": distribution_to_json(distribution),
                }
                for name, distribution in trial.distributions.items()
            ]
            if params:
                connection.execute(insert(self._table("trial_params")), params)
            if trial.system_attrs:
                connection.execute(
                    insert(self._table("trial_system_attributes")), _attributes(trial_id, trial.system_attrs)
                )
        return trial_id

    def end(self, trial: FrozenTrial) -> bool:
        """End a trial with its user attributes, state and values, all in one transaction.

        False, and nothing is written, if another process has ended it.
        """
        return self.patiently(lambda: self._end(trial))

    def _end(self, trial: FrozenTrial) -> bool:
        from optuna.storages._rdb.models import TrialValueModel
        from sqlalchemy import delete, insert, select, update

        trial_id, ended = trial._trial_id, _utc(trial.datetime_complete)
        trials, attributes = self._table("trials"), self._table("trial_user_attributes")
        with self.engine.begin() as connection:
            running = (trials.c.trial_id == trial_id) & (trials.c.state == TrialState.RUNNING)
            change = update(trials).where(running).values(state=trial.state, datetime_complete=ended)
            if connection.execute(change).rowcount == 0:
                # Ended by the attempt of which the answer was lost, or by another process.
                known = select(trials.c.datetime_complete).where(trials.c.trial_id == trial_id)
                return bool(connection.execute(known).scalar() == ended)
            # Older versions wrote attributes before the state: a driver that was killed in between left some.
            connection.execute(delete(attributes).where(attributes.c.trial_id == trial_id))
            connection.execute(insert(attributes), _attributes(trial_id, trial.user_attrs))
            values = [TrialValueModel.value_to_stored_repr(value) for value in trial.values or ()]
            if values:
                connection.execute(
                    insert(self._table("trial_values")),
                    [
                        {"trial_id": trial_id, "objective": objective, "value": value, "value_type": kind}
                        for objective, (value, kind) in enumerate(values)
                    ],
                )
        return True

    @staticmethod
    def _table(name: str) -> "Table":
        from optuna.storages._rdb.models import BaseModel

        table: Table = BaseModel.metadata.tables[name]
        return table


def _attributes(trial_id: int, attributes: dict[str, Any]) -> list[dict[str, Any]]:
    """The rows of a trial's attributes."""
    return [{"trial_id": trial_id, "key": key, "value_json": json.dumps(value)} for key, value in attributes.items()]


def _utc(local: datetime | None) -> datetime | None:
    """A time as Optuna's tables have it."""
    return local and local.astimezone(UTC).replace(tzinfo=None)


def _patient(method: Callable[..., Any]) -> Callable[..., Any]:
    """A method of the storage that waits for the server."""

    @functools.wraps(method)
    def patient(self: PatientStorage, *arguments: Any, **named: Any) -> Any:
        return self.patiently(lambda: method(self, *arguments, **named))

    return patient


for _name in (
    "create_new_study",
    "get_all_studies",
    "get_all_trials",
    "get_study_directions",
    "get_study_id_from_name",
    "get_study_name_from_id",
    "get_study_system_attrs",
    "get_study_user_attrs",
    "get_trial",
    "get_trial_id_from_study_id_trial_number",
    "set_study_system_attr",
    "set_study_user_attr",
    "set_trial_intermediate_value",
    "set_trial_system_attr",
    "set_trial_user_attr",
    "_get_best_trial_id",
    "_get_trials",
    "_set_trial_param",
):
    setattr(PatientStorage, _name, _patient(getattr(RDBStorage, _name)))


def _is_outage(error: Exception) -> bool:
    """Whether the server, not the step, is at fault."""
    from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError

    cause = error.__cause__ if isinstance(error, StorageInternalError) else error
    return isinstance(cause, (OperationalError, InterfaceError)) or (
        isinstance(cause, DBAPIError) and cause.connection_invalidated
    )


def _one_line(error: Exception, storage: Storage) -> str:
    """What went wrong, without the password, the statement and its values."""
    cause = error.__cause__ if isinstance(error, StorageInternalError) else error
    said = getattr(cause, "orig", None) or cause or error
    lines = str(said).strip().splitlines() or [type(said).__name__]
    return mask(" ".join(lines[0].split()), storage.url or "")
