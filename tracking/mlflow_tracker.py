"""Keeps a sweep in MLflow: one experiment a sweep, one flat run a configuration (and a study), one summary run.

Runs are flat because MLflow's table shows a single collapsed row, and its charts nothing, for runs nested
under a parent. Every run carries the tag ``memsweep.trial``, written when the run is created, and its
terminal status is written last; so a run that is ``RUNNING`` was cut short, and the next ``log`` of its trial
completes it. The params of a run are the fields that the sweep searches or fixes; those that all runs have at their
defaults are params of the summary run, once:

    create_run (all tags) ──> log_batch (params, metrics) ──> set_terminated (FINISHED | FAILED)

What else is MLflow's own lives next door: ``mlflow_runs`` (runs without doubles), ``mlflow_view`` (the charts),
``mlflow_labels`` (names and colours), ``mlflow_note`` (the description), ``mlflow_overview`` (the list of all sweeps).
"""

import tempfile
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from tracking.base import StudyRecord, Summary, SweepRecord, TrialRecord
from tracking.errors import RecordRefusedError, TrackerError
from tracking.identity import fingerprint, identity
from tracking.masking import mask
from tracking.mlflow_connection import as_tracker_errors, connect, refresh_statistics, shortened, sqlite_file
from tracking.mlflow_labels import run_colour, run_name
from tracking.mlflow_note import LONGEST_NOTE, note, note_under_way
from tracking.mlflow_overview import list_sweep, origin_tags, outcome_of, replace_outcome
from tracking.mlflow_runs import FINGERPRINT_TAG, FRONT_TAG, KnownRun, Runs
from tracking.mlflow_ui import is_http, run_link
from tracking.mlflow_values import (
    copy_files,
    datasets_of,
    folder_name,
    log_numbers,
    metrics_of,
    params_of,
    table_tag,
    tags_of,
    told_apart,
    with_log_energy,
    write_summary_files,
    write_table,
)
from tracking.mlflow_view import sweep_views

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from mlflow.entities import Experiment

SUMMARY_KEY = "summary"
"""Key of the summary run."""
_REPORT = "report"
_CHOSEN = ("fresh_accuracy", "test_accuracy")
"""What is known of the front alone, and logged with its runs."""
_IDENTITY_TAG = "memsweep.identity"
_WRITERS = 4
"""Threads that wait for a server; SQLite has one writer at a time."""


@dataclass(frozen=True)
class _OpenSweep:
    """The sweep that was started, and where it is kept."""

    client: "MlflowClient"
    sweep: SweepRecord
    experiment_id: str
    runs: Runs


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

    @property
    def place(self) -> str | None:
        """The address without credentials; ``None`` for an SQLite database that is not there (yet)."""
        file = sqlite_file(self._uri)
        return None if file is not None and not file.is_file() else mask(self._uri)

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
                self._client = connect(self._uri)
            client = self._client
            experiment = client.get_experiment_by_name(sweep.name)
            if experiment is None:
                experiment_id = self._create_experiment(client, sweep)
            else:
                _check_same_sweep(experiment, sweep)
                experiment_id = str(experiment.experiment_id)
                for tag, text in {**sweep_views(sweep), **_identity_tags(sweep)}.items():
                    if experiment.tags.get(tag) != text:
                        client.set_experiment_tag(experiment_id, tag, text)
            self._current = _OpenSweep(
                client, sweep, experiment_id, Runs(client, experiment_id, new=experiment is None)
            )

    def log(self, trial: TrialRecord) -> bool:
        """Keep a trial that has ended, or a study of one, as a run of its own; returns whether it was missing."""
        if isinstance(trial, StudyRecord):
            return self._log_study(trial)
        with self._errors(f"log trial {trial.number}"):
            current = self._started("log")
            client, sweep = current.client, current.sweep
            mark = fingerprint(sweep, trial.configuration)
            tags = {
                "kind": "configuration",
                "sweep": sweep.name,
                "trial": str(trial.number),
                "task": sweep.task,
                FINGERPRINT_TAG: mark,
            }
            if trial.error is not None:
                tags["error"] = shortened(mask(trial.error, self._uri), LONGEST_NOTE)
            if trial.duplicate_of is not None:
                tags["duplicate_of"] = str(trial.duplicate_of)
            if (colour := run_colour(trial.evaluation or {})) is not None:
                tags["mlflow.runColor"] = colour
            name = run_name(sweep, trial.number, trial.configuration)
            run = current.runs.find_or_create(str(trial.number), name, tags)
            if run.fingerprint != mark:
                raise RecordRefusedError(
                    f"Experiment {sweep.name!r} holds trial {trial.number} of another sweep, with another "
                    "configuration: run this one under another name."
                )
            if run.ended:
                return False
            decades = [field for field, wide in sweep.searched.items() if wide]
            log_numbers(
                client,
                run.run_id,
                params_of(told_apart(trial.configuration, sweep.defaults), decades),
                # The time of a metric is that of its run, so that logging it again adds no second point.
                metrics_of(with_log_energy(trial.evaluation or {}), run.start_time_ms),
            )
            _end(client, run, "FINISHED" if trial.state == "finished" else "FAILED")
            return True

    def _log_study(self, study: StudyRecord) -> bool:
        """Keep a study as a run: its curves as metrics over steps, its table and figures as artifacts."""
        with self._errors(f"log the study {study.study!r} of trial {study.number}"):
            current = self._started("log")
            client, sweep = current.client, current.sweep
            mark = fingerprint(sweep, {**study.configuration, "study": study.settings})
            tags = {
                "kind": "robustness",
                "sweep": sweep.name,
                "study": study.study,
                "trial": str(study.number),
                "task": sweep.task,
                **table_tag("table.json"),
                FINGERPRINT_TAG: mark,
            }
            name = f"{run_name(sweep, study.number, study.configuration)} · {study.study}"
            run = current.runs.find_or_create(f"{study.study} {study.number}", name, tags)
            if run.fingerprint != mark:
                raise RecordRefusedError(
                    f"Experiment {sweep.name!r} holds another study {study.study!r} of trial {study.number}: give this "
                    "one another name."
                )
            if run.ended:
                return False
            params = {**study.configuration, **{f"study.{name}": value for name, value in study.settings.items()}}
            metrics = metrics_of(study.evaluation or {}, run.start_time_ms)
            for step in range(max(map(len, study.curves.values()), default=0)):
                along = {name: numbers[step] for name, numbers in study.curves.items() if step < len(numbers)}
                metrics += metrics_of(along, run.start_time_ms, step)
            log_numbers(client, run.run_id, params_of(params), metrics)
            with tempfile.TemporaryDirectory() as folder:
                write_table(Path(folder) / "table.json", study.table)
                copy_files(Path(folder), study.files)
                client.log_artifacts(run.run_id, folder)
            _end(client, run, "FINISHED")
            return True

    def finish(self, summary: Summary) -> None:
        """Keep what the sweep came to: the summary run, the experiment's description, the list of all sweeps."""
        with self._errors("log the summary"):
            current = self._started("finish")
            client, sweep, runs = current.client, current.sweep, current.runs
            runs.look_again()
            _mark_front(current, summary)
            kind = {"kind": "sweep", "planned": str(sweep.planned), **origin_tags(sweep)}
            run = runs.find_or_create(SUMMARY_KEY, f"summary of {sweep.name}", kind)
            text = note(sweep, summary, lambda key: _link(current, summary, key))
            tags = {
                **kind,
                **table_tag("pareto.json"),
                **{f"objective.{name}": direction for name, direction in sweep.objectives.items()},
                **{f"version.{package}": version for package, version in sweep.versions.items()},
                "mlflow.note.content": text,
            }
            replace_outcome(client, run.run_id, outcome_of(summary), tags)
            log_numbers(client, run.run_id, params_of(sweep.defaults), [])
            if sweep.data:
                client.log_inputs(run.run_id, datasets=datasets_of(sweep))
            with tempfile.TemporaryDirectory() as folder:
                write_summary_files(Path(folder), sweep, summary)
                client.log_artifacts(run.run_id, folder)
            client.set_experiment_tag(current.experiment_id, "mlflow.note.content", text)
            _end(client, run, "FINISHED")
            list_sweep(client, sweep, summary, current.experiment_id)
            refresh_statistics(self._uri)

    def close(self) -> None:
        """Nothing is held between calls."""

    def _started(self, method: str) -> "_OpenSweep":
        if self._current is None:
            raise TrackerError(f"{method} before start: call start(sweep) first.")
        return self._current

    def _create_experiment(self, client: "MlflowClient", sweep: SweepRecord) -> str:
        location = None
        if self._artifact_root is not None and not is_http(self._uri):
            location = (self._artifact_root / folder_name(sweep.name)).resolve().as_uri()
        tags = {
            "mlflow.experimentKind": "custom_model_development",  # else the UI opens in its "GenAI" mode
            "mlflow.note.content": note_under_way(sweep),
            **sweep_views(sweep),
            **_identity_tags(sweep),
        }
        experiment_id: str = client.create_experiment(sweep.name, artifact_location=location, tags=tags)
        return experiment_id

    def _errors(self, action: str) -> AbstractContextManager[None]:
        return as_tracker_errors(action, self._uri)


def _end(client: "MlflowClient", run: KnownRun, status: str) -> None:
    client.set_terminated(run.run_id, status)
    run.ended = True


def _mark_front(current: _OpenSweep, summary: Summary) -> None:
    """Tell the runs of the front from the others, with what was scored of them alone."""
    client, runs = current.client, current.runs
    front = {str(row["trial"]): row["evaluation"] for row in summary.pareto}
    for key, run in runs.on_front().items():
        if key not in front:
            client.delete_tag(run.run_id, FRONT_TAG)
            run.on_front = False
    for key, evaluation in front.items():
        if (member := runs.find(key)) is not None and not member.on_front:
            scored = {name: evaluation.get(name) for name in _CHOSEN}
            metrics = metrics_of(scored, member.start_time_ms)
            client.log_batch(member.run_id, metrics=metrics, tags=tags_of({FRONT_TAG: "true"}))
            member.on_front = True


def _link(current: _OpenSweep, summary: Summary, key: str) -> str | None:
    """Address of a run, or of the report, within MLflow's page."""
    run = current.runs.get(SUMMARY_KEY if key == _REPORT else key)
    if run is None or (key == _REPORT and _REPORT not in summary.files):
        return None
    if key not in (_REPORT, SUMMARY_KEY):
        return run_link(current.experiment_id, run.run_id)
    artifact = f"{_REPORT}{summary.files[_REPORT].suffix}" if key == _REPORT else "pareto.json"
    return run_link(current.experiment_id, run.run_id, artifact)


def _identity_tags(sweep: SweepRecord) -> dict[str, str]:
    return {"memsweep.task": sweep.task, "memsweep.seed": str(sweep.seed), _IDENTITY_TAG: identity(sweep)}


def _check_same_sweep(experiment: "Experiment", sweep: SweepRecord) -> None:
    if experiment.lifecycle_stage != "active":
        raise RecordRefusedError(
            f"Experiment {sweep.name!r} was deleted in MLflow, but its name is still taken: run the sweep "
            "under another name, or restore it with "
            f"'mlflow experiments restore -x {experiment.experiment_id}'."
        )
    wanted = _identity_tags(sweep)
    tags = {name: experiment.tags.get(name) for name in wanted}
    if tags[_IDENTITY_TAG] is None:  # made before there was this tag
        tags[_IDENTITY_TAG] = wanted[_IDENTITY_TAG]
    if tags == wanted:
        return
    found = ", ".join(f"{name}={value}" for name, value in tags.items() if value is not None and name != _IDENTITY_TAG)
    if tags | {_IDENTITY_TAG: ""} == wanted | {_IDENTITY_TAG: ""}:
        found = "the same task and seed with another file content or other data"
    raise RecordRefusedError(
        f"Experiment {sweep.name!r} belongs to something else ({found or 'not made by memsweep'}), not "
        f"to this sweep of task {sweep.task!r} and seed {sweep.seed}: run the sweep under another name."
    )
