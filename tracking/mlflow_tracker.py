"""Keeps a sweep in MLflow: one experiment a sweep, one flat run a configuration (and a study), one summary run.

Runs are flat because MLflow's table shows a single collapsed row, and its charts nothing, for runs nested
under a parent. Every run carries the tag ``memsweep.trial``, written when the run is created, and its
terminal status is written last; so a run that is ``RUNNING`` was cut short, and the next ``log`` of its trial
completes it:

    create_run (all tags) ──> log_batch (params, metrics) ──> set_terminated (FINISHED | FAILED)

A server may create a run after the request for it was given up, and the next request then makes a second one. So the
first look at an experiment, and a second look where an answer was lost, keep one run a key and delete the others.

MLflow takes seconds to import and is imported by the first ``start``, not by this module.
"""

import hashlib
import json
import math
import numbers
import os
import shutil
import tempfile
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tracking.base import StudyRecord, Summary, SweepRecord, TrialRecord
from tracking.errors import RecordRefusedError, TrackerError
from tracking.front_table import front_csv, front_markdown, front_rows, plain
from tracking.masking import mask
from tracking.mlflow_ui import experiment_url, is_http, ui_command

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from mlflow.entities import Experiment, Metric, Param, Run

__all__ = ["MlflowTracker", "experiment_url", "ui_command"]

KEY_TAG = "memsweep.trial"
"""Tag that names a run: the number of its trial, a study and that number, or ``summary``."""
FINGERPRINT_TAG = "memsweep.configuration"
"""Tag with a hash of the configuration, so that another sweep's trial of the same number is told apart."""
SUMMARY_KEY = "summary"
"""Value of ``KEY_TAG`` of the summary run."""

_LONGEST_PARAM = 6000
_LONGEST_TAG = 5000  # MLflow 3.17 takes 8000, older servers 5000
_PARAMS_A_BATCH = 100
_METRICS_A_BATCH = 900
_RUNS_A_PAGE = 200
"""So few that a busy server sends them within the time-out below."""
_WRITERS = 4
"""Threads that wait for a server; SQLite has one writer at a time."""
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
_SQLITE = "sqlite:///"
_REFUSALS = ("INVALID_PARAMETER_VALUE", "BAD_REQUEST")
_first_use = threading.Lock()  # the first connection to a new database creates its tables


@dataclass
class _KnownRun:
    """A run that exists in the experiment."""

    run_id: str
    ended: bool
    start_time_ms: int
    fingerprint: str


@dataclass(frozen=True)
class _OpenSweep:
    """The sweep that was started, and where it is kept."""

    client: "MlflowClient"
    sweep: SweepRecord
    experiment_id: str


class MlflowTracker:
    """Keeps sweeps in MLflow (see ``tracking.base.Tracker`` for the contract).

    Args:
        tracking_uri: a database such as ``sqlite:///mlflow.db`` or ``postgresql+psycopg://...``, or the
            ``http(s)`` address of a server.
        artifact_root: where files go, in a folder a sweep. Only for databases: a server has its own place.

    The first ``start`` sets MLflow's environment variables for short HTTP time-outs and no telemetry, those
    that are not set already.
    """

    def __init__(self, tracking_uri: str, artifact_root: Path | None = None) -> None:
        if not tracking_uri:
            raise TrackerError("tracking_uri must not be empty; an example is sqlite:///mlflow.db")
        self._uri = tracking_uri
        self._artifact_root = artifact_root
        self._client: MlflowClient | None = None
        self._current: _OpenSweep | None = None
        self._runs: dict[str, _KnownRun] = {}
        self._uncertain: set[str] = set()  # keys whose create_run raised, and may have worked all the same
        self._doubtful = False  # there was such a key since the last look at all runs

    @property
    def place(self) -> str | None:
        """The address without credentials; ``None`` for an SQLite database that is not there (yet)."""
        if self._uri.startswith(_SQLITE) and not Path(self._uri.removeprefix(_SQLITE)).is_file():
            return None
        return mask(self._uri)

    @property
    def writers(self) -> int:
        """How many calls of ``log`` at once are of use."""
        return _WRITERS if is_http(self._uri) or self._uri.startswith("postgresql") else 1

    @property
    def experiment_id(self) -> str | None:
        """MLflow's number of the sweep's experiment, once started."""
        return None if self._current is None else self._current.experiment_id

    def start(self, sweep: SweepRecord) -> None:
        """Open the sweep's experiment, or continue it."""
        with self._errors(f"start sweep {sweep.name!r}"):
            if self._client is None:
                self._client = _connect(self._uri)
            experiment = self._client.get_experiment_by_name(sweep.name)
            if experiment is None:
                experiment_id, runs = self._create_experiment(self._client, sweep), {}
            else:
                _check_same_sweep(experiment, sweep)
                experiment_id = str(experiment.experiment_id)
                runs = _known_runs(self._client, experiment_id)
            self._current, self._runs = _OpenSweep(self._client, sweep, experiment_id), runs
            self._uncertain.clear()
            self._doubtful = False

    def log(self, trial: TrialRecord) -> bool:
        """Keep a trial that has ended, or a study of one, as a run of its own; returns whether it was missing."""
        if isinstance(trial, StudyRecord):
            return self._log_study(trial)
        with self._errors(f"log trial {trial.number}"):
            current = self._started("log")
            client, sweep = current.client, current.sweep
            fingerprint = _fingerprint(sweep, trial.configuration)
            tags = {
                "kind": "configuration",
                "sweep": sweep.name,
                "trial": str(trial.number),
                "task": sweep.task,
                FINGERPRINT_TAG: fingerprint,
            }
            if trial.error is not None:
                tags["error"] = _shortened(mask(trial.error, self._uri), _LONGEST_TAG)
            run = self._find_or_create(current, str(trial.number), f"trial-{trial.number:04d}", tags)
            if run.fingerprint != fingerprint:
                raise RecordRefusedError(
                    f"Experiment {sweep.name!r} holds trial {trial.number} of another sweep, with another "
                    "configuration: run this one under another name."
                )
            if run.ended:
                return False
            # The time of a metric is that of its run, so that logging it again adds no second point.
            _log_numbers(client, run, _params(trial.configuration), _metrics(trial.evaluation or {}, run.start_time_ms))
            client.set_terminated(run.run_id, "FINISHED" if trial.state == "finished" else "FAILED")
            run.ended = True
            return True

    def _log_study(self, study: StudyRecord) -> bool:
        """Keep a study as a run: its curves as metrics over steps, its table and figures as artifacts."""
        with self._errors(f"log the study {study.study!r} of trial {study.number}"):
            current = self._started("log")
            client, sweep = current.client, current.sweep
            fingerprint = _fingerprint(sweep, {**study.configuration, "study": study.settings})
            tags = {
                "kind": "robustness",
                "sweep": sweep.name,
                "study": study.study,
                "trial": str(study.number),
                "task": sweep.task,
                "mlflow.loggedArtifacts": json.dumps([{"path": "table.json", "type": "table"}]),
                FINGERPRINT_TAG: fingerprint,
            }
            key = f"{study.study} {study.number}"
            run = self._find_or_create(current, key, f"{study.study} of trial-{study.number:04d}", tags)
            if run.fingerprint != fingerprint:
                raise RecordRefusedError(
                    f"Experiment {sweep.name!r} holds another study {study.study!r} of trial {study.number}: give this "
                    "one another name."
                )
            if run.ended:
                return False
            params = {**study.configuration, **{f"study.{name}": value for name, value in study.settings.items()}}
            metrics = _metrics(study.evaluation or {}, run.start_time_ms)
            for step in range(max(map(len, study.curves.values()), default=0)):
                along = {name: numbers[step] for name, numbers in study.curves.items() if step < len(numbers)}
                metrics += _metrics(along, run.start_time_ms, step)
            _log_numbers(client, run, _params(params), metrics)
            with tempfile.TemporaryDirectory() as folder:
                _write_table(Path(folder) / "table.json", study.table)
                for name, file in study.files.items():
                    shutil.copyfile(file, Path(folder) / f"{_folder_name(name)}{file.suffix}")
                client.log_artifacts(run.run_id, folder)
            client.set_terminated(run.run_id, "FINISHED")
            run.ended = True
            return True

    def finish(self, summary: Summary) -> None:
        """Keep what the sweep came to: the summary run, and the experiment's description."""
        with self._errors("log the summary"):
            current = self._started("finish")
            client, sweep = current.client, current.sweep
            if self._doubtful:
                self._runs = _known_runs(client, current.experiment_id)
                self._doubtful = False
            note = _note(sweep, summary)
            tags = {
                "kind": "sweep",
                "sweep": sweep.name,
                "task": sweep.task,
                "seed": str(sweep.seed),
                "planned": str(sweep.planned),
                "mlflow.note.content": note,
                "mlflow.loggedArtifacts": json.dumps([{"path": "pareto.json", "type": "table"}]),
                **{f"objective.{name}": direction for name, direction in sweep.objectives.items()},
                **{f"version.{package}": version for package, version in sweep.versions.items()},
            }
            run = self._find_or_create(current, SUMMARY_KEY, f"summary of {sweep.name}", tags)
            values = {
                "finished": summary.finished,
                "failed": summary.failed,
                "seconds": summary.seconds,
                "front_size": len(summary.pareto),
                **{f"control_{name}": value for name, value in summary.control.items()},
            }
            for name, value in tags.items():  # also those of a run that existed
                client.set_tag(run.run_id, name, value)
            client.log_batch(run.run_id, metrics=_metrics(values, run.start_time_ms))
            with tempfile.TemporaryDirectory() as folder:
                _write_files(Path(folder), sweep, summary)
                client.log_artifacts(run.run_id, folder)
            client.set_experiment_tag(current.experiment_id, "mlflow.note.content", note)
            client.set_terminated(run.run_id, "FINISHED")
            run.ended = True

    def close(self) -> None:
        """Nothing is held between calls."""

    def _started(self, method: str) -> "_OpenSweep":
        if self._current is None:
            raise TrackerError(f"{method} before start: call start(sweep) first.")
        return self._current

    def _create_experiment(self, client: "MlflowClient", sweep: SweepRecord) -> str:
        location = None
        if self._artifact_root is not None and not is_http(self._uri):
            location = (self._artifact_root / _folder_name(sweep.name)).resolve().as_uri()
        tags = {
            "mlflow.experimentKind": "custom_model_development",  # else the UI opens in its "GenAI" mode
            "mlflow.note.content": f"{sweep.planned} configurations on task `{sweep.task}`: under way.",
            **_identity_tags(sweep),
        }
        experiment_id: str = client.create_experiment(sweep.name, artifact_location=location, tags=tags)
        return experiment_id

    def _find_or_create(self, current: "_OpenSweep", key: str, run_name: str, tags: dict[str, str]) -> _KnownRun:
        client, experiment_id = current.client, current.experiment_id
        if key in self._uncertain:
            found = _known_runs(client, experiment_id, f"tags.`{KEY_TAG}` = '{key}'")
            self._runs.update(found)
            self._uncertain.discard(key)
        if key not in self._runs:
            try:
                created = client.create_run(experiment_id, tags={**tags, KEY_TAG: key}, run_name=run_name)
            except BaseException:
                self._uncertain.add(key)
                self._doubtful = True
                raise
            self._runs[key] = _known_run(created)
        return self._runs[key]

    @contextmanager
    def _errors(self, action: str) -> Iterator[None]:
        with _as_tracker_errors(action, self._uri):
            yield


@contextmanager
def _as_tracker_errors(action: str, uri: str) -> Iterator[None]:
    """Turn what MLflow and its libraries raise into ``TrackerError``, without the credentials they quote."""
    try:
        yield
    except TrackerError:
        raise
    except Exception as error:
        refused = getattr(error, "error_code", None) in _REFUSALS
        cause = " ".join(mask(str(error), uri).split())
        message = f"MLflow at {mask(uri)} could not {action}: {type(error).__name__}: {_shortened(cause, 400)}"
        # "from None": the traceback of the cause would show the address with its password.
        raise (RecordRefusedError if refused else TrackerError)(message) from None


def _connect(uri: str) -> "MlflowClient":
    for name, value in _ENVIRONMENT.items():
        os.environ.setdefault(name, value)
    with _first_use:
        if "://" in uri and not is_http(uri):
            _check_database(uri)
        from mlflow import MlflowClient

        client = MlflowClient(tracking_uri=uri)
        client.search_experiments(max_results=1)  # creates the tables of a new database
        return client


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


def _known_runs(client: "MlflowClient", experiment_id: str, query: str = "") -> dict[str, _KnownRun]:
    """All runs with a key; of several with one key, the first that has ended, else the first, is kept."""
    found: dict[str, list[_KnownRun]] = {}
    token: str | None = None
    while True:
        page = client.search_runs([experiment_id], filter_string=query, max_results=_RUNS_A_PAGE, page_token=token)
        for run in page:
            if KEY_TAG in run.data.tags:
                found.setdefault(run.data.tags[KEY_TAG], []).append(_known_run(run))
        token = page.token
        if not token:
            break
    known: dict[str, _KnownRun] = {}
    for key, runs in found.items():
        # Whoever else looks at the same time decides the same.
        known[key], *doubles = sorted(runs, key=lambda run: (not run.ended, run.start_time_ms, run.run_id))
        for double in doubles:
            client.delete_run(double.run_id)
    return known


def _known_run(run: "Run") -> _KnownRun:
    return _KnownRun(
        run_id=run.info.run_id,
        ended=run.info.status not in ("RUNNING", "SCHEDULED"),
        start_time_ms=run.info.start_time,
        fingerprint=run.data.tags.get(FINGERPRINT_TAG, ""),
    )


def _identity_tags(sweep: SweepRecord) -> dict[str, str]:
    return {"memsweep.task": sweep.task, "memsweep.seed": str(sweep.seed)}


def _check_same_sweep(experiment: "Experiment", sweep: SweepRecord) -> None:
    if experiment.lifecycle_stage != "active":
        raise RecordRefusedError(
            f"Experiment {sweep.name!r} was deleted in MLflow, but its name is still taken: run the sweep "
            "under another name, or restore it with "
            f"'mlflow experiments restore -x {experiment.experiment_id}'."
        )
    tags = {name: experiment.tags.get(name) for name in _identity_tags(sweep)}
    if tags != _identity_tags(sweep):
        found = ", ".join(f"{name}={value}" for name, value in tags.items() if value is not None)
        raise RecordRefusedError(
            f"Experiment {sweep.name!r} belongs to something else ({found or 'not made by memsweep'}), not "
            f"to a sweep of task {sweep.task!r} and seed {sweep.seed}: run the sweep under another name."
        )


def _fingerprint(sweep: SweepRecord, configuration: Mapping[str, Any]) -> str:
    text = json.dumps([sweep.task, sweep.seed, plain(configuration)], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _params(configuration: Mapping[str, Any]) -> "list[Param]":
    from mlflow.entities import Param

    return [Param(name, _shortened(_param_text(value), _LONGEST_PARAM)) for name, value in configuration.items()]


def _log_numbers(client: "MlflowClient", run: _KnownRun, params: "list[Param]", metrics: "list[Metric]") -> None:
    """Log in batches of a size that every server takes."""
    client.log_batch(run.run_id, params=params[:_PARAMS_A_BATCH], metrics=metrics[:_METRICS_A_BATCH])
    for first in range(_PARAMS_A_BATCH, len(params), _PARAMS_A_BATCH):
        client.log_batch(run.run_id, params=params[first : first + _PARAMS_A_BATCH])
    for first in range(_METRICS_A_BATCH, len(metrics), _METRICS_A_BATCH):
        client.log_batch(run.run_id, metrics=metrics[first : first + _METRICS_A_BATCH])


def _metrics(values: Mapping[str, Any], timestamp_ms: int, step: int = 0) -> "list[Metric]":
    from mlflow.entities import Metric

    return [
        Metric(name, float(value), timestamp_ms, step)
        for name, value in values.items()
        if isinstance(value, numbers.Real) and math.isfinite(value)
    ]


def _param_text(value: Any) -> str:
    """Strings as they are, everything else as JSON: ``1e-08``, ``true``, ``[8, 16]``, ``null``."""
    value = plain(value)
    return value if isinstance(value, str) else json.dumps(value)


def _shortened(text: str, longest: int) -> str:
    """Cut the middle out: an error names itself at its start, a traceback at its end."""
    if len(text) <= longest:
        return text
    half = (longest - 5) // 2
    return f"{text[:half]} ... {text[-half:]}"


def _folder_name(name: str) -> str:
    """A sweep's name as one folder name that no other sweep gets."""
    safe = "".join(letter if letter.isalnum() or letter in "-_" else "_" for letter in name)
    return safe if safe == name else f"{safe}-{hashlib.sha256(name.encode()).hexdigest()[:8]}"


def _note(sweep: SweepRecord, summary: Summary) -> str:
    head = (
        f"Sweep of {sweep.planned} configurations on task `{sweep.task}`, seed {sweep.seed}: "
        f"{summary.finished} finished, {summary.failed} failed, {summary.seconds:.1f} s.\n\n"
        f"Pareto front ({', '.join(f'{direction} {name}' for name, direction in sweep.objectives.items())}), "
        "beside the control: the same read-out on the raw samples.\n\n"
    )
    return head + front_markdown(
        summary.pareto,
        metrics=list(sweep.objectives),
        control=summary.control,
        longest=_LONGEST_TAG - len(head),
    )


def _write_table(file: Path, rows: list[dict[str, Any]]) -> None:
    """A table as MLflow's page shows it."""
    columns = list(rows[0]) if rows else []
    data = [[plain(row[column]) for column in columns] for row in rows]
    file.write_text(json.dumps({"columns": columns, "data": data}, indent=1) + "\n", encoding="utf-8")


def _write_files(folder: Path, sweep: SweepRecord, summary: Summary) -> None:
    columns, rows = front_rows(summary.pareto)
    files = {
        "pareto.json": json.dumps({"columns": columns, "data": rows}, indent=1),
        "pareto.csv": front_csv(summary.pareto),
        "sweep.json": json.dumps(plain(sweep.spec), indent=2),
        "control.json": json.dumps(plain(summary.control), indent=2),
    }
    for name, text in files.items():
        (folder / name).write_text(text + ("" if text.endswith("\n") else "\n"), encoding="utf-8")
    for name, picture in summary.figures.items():
        target = folder / "figures" / f"{_folder_name(name)}{picture.suffix}"
        target.parent.mkdir(exist_ok=True)
        shutil.copyfile(picture, target)
