"""Running a sweep from its file to its result, or what is left of it.

Everything that can be wrong is checked before work starts: the file, the home, the data, the cluster. An
evaluation is durable in the study before anybody is told of it; the tracker only reads along.
"""

import logging
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, Protocol

from sweeps.commands import command
from sweeps.driver import drive
from sweeps.executor import Executor, ExecutorError
from sweeps.heartbeat import Heartbeat, Phase, Vitals
from sweeps.home import Home, SweepFolder
from sweeps.preparation import load_data, make_executor
from sweeps.provenance import compare_versions, provenance_of, require_same_data, write_provenance
from sweeps.results import best_control, counts, front_entries
from sweeps.samplers import choose_sampler
from sweeps.scoring import ScoringError, score_front
from sweeps.signals import stop_on_signal
from sweeps.spec import Spec
from sweeps.storage import StorageError, choose_storage, find_storage, remember, require_free
from sweeps.study import Record, State, SweepStudy
from sweeps.sync import finish, is_tracked, sweep_record, sync, trial_record
from tasks import Task
from tracking.background import BackgroundTracker
from tracking.base import Tracker
from tracking.figures import draw_front

_LOG = logging.getLogger(__name__)
_MANY = 100
"""Records from which one is told that the tracker is waited for."""


class Observer(Protocol):
    """Who watches a sweep: the terminal, or nobody."""

    def started(self, spec: Spec, *, workers: int, sampler: str, ended: Sequence[Record]) -> None:
        """The sweep starts, or goes on after the trials that have ended."""
        ...

    def told(self, record: Record) -> None:
        """A trial is durable."""
        ...

    def scoring(self, configurations: int) -> None:
        """The front is being scored on the test part."""
        ...

    def beat(self, vitals: Vitals) -> None:
        """How the run does, a few times a second."""
        ...


class NoObserver:
    """Watches nothing."""

    def started(self, spec: Spec, *, workers: int, sampler: str, ended: Sequence[Record]) -> None:
        """Do nothing."""

    def told(self, record: Record) -> None:
        """Do nothing."""

    def scoring(self, configurations: int) -> None:
        """Do nothing."""

    def beat(self, vitals: Vitals) -> None:
        """Do nothing."""


@dataclass(frozen=True, kw_only=True)
class Options:
    """How a sweep is run; none of it changes a result."""

    executor: Literal["inline", "ray"] = "ray"
    """Where evaluations run."""
    workers: int | None = None
    """Ray actors; all CPUs if absent."""
    address: str | None = None
    """``host:port`` of a Ray head; Ray is started here if absent."""
    storage: str | None = None
    """Where the study is stored, ``journal`` or an address of PostgreSQL; ``MEMSWEEP_STORAGE``, else the journal, if
    absent. A sweep stays where it was started."""
    deadline_s: float = 1800.0
    """Time that a configuration may take on a Ray actor, which is replaced if it takes longer."""
    tracker: Callable[[], Tracker] | None = None
    """Makes the tracker; none if absent."""
    observer: Observer = field(default_factory=NoObserver)
    """Who watches."""


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """How a run of a sweep ended."""

    folder: SweepFolder
    """Where its files are."""
    complete: bool
    """Whether all configurations were evaluated and the front is scored; otherwise it can be resumed."""
    finished: int
    """Configurations evaluated so far."""
    failed: int
    """Configurations that failed so far."""
    result: dict[str, Any] | None
    """The final result, if complete: name, finished, failed, seconds, control, pareto; unscored (trial, error)
    where the front had configurations that no run can score on the test part."""
    untracked: list[int]
    """Trials that the tracker has not taken."""
    tracking_problem: str | None
    """Why, in one line."""
    problem: str | None = None
    """What ended it early, unless it was asked to stop."""
    was_complete: bool = False
    """Whether it was complete before, so that nothing was left to evaluate."""


def run(spec: Spec, home: Home, options: Options) -> Outcome:
    """Run a new sweep.

    Raises:
        HomeError: its name is taken, or the home cannot be written.
        DataError: the task's data are missing or not in order.
        ExecutorError: workers cannot be had.
        StorageError: the database cannot be used, or its name is taken there.
    """
    home.require_free(spec.name)
    storage = choose_storage(options.storage)
    require_free(storage, spec.name)
    task = load_data(spec)
    executor = make_executor(task, spec, options)
    try:
        origin = provenance_of(spec, task)

        def prepare(path: Path) -> None:
            remember(path, storage)
            write_provenance(path, origin)

        folder = home.create(spec, prepare)
        return _run(spec, task, folder, executor, options)
    finally:
        executor.close()


def resume(folder: SweepFolder, options: Options) -> Outcome:
    """Go on with a sweep that was stopped; raises as ``run`` does, also if the data are not those that it began with.

    A sweep that is complete is only logged where the tracker lacks some of it.
    """
    spec = folder.spec()
    find_storage(folder.path, options.storage)
    if (result := folder.result()) is not None:
        return _log_again(folder, result, options)
    task = load_data(spec)
    require_same_data(folder, task)
    compare_versions(folder)
    executor = make_executor(task, spec, options)
    try:
        return _run(spec, task, folder, executor, options)
    finally:
        executor.close()


def _log_again(folder: SweepFolder, result: dict[str, Any], options: Options) -> Outcome:
    """A complete sweep has nothing left to evaluate, only perhaps to log."""
    lacks = options.tracker is not None and not is_tracked(folder, options.tracker())
    synced = sync(folder, options.tracker, options.storage) if options.tracker and lacks else None
    return Outcome(
        folder=folder,
        complete=True,
        finished=result["finished"],
        failed=result["failed"],
        result=result,
        untracked=synced.untracked if synced else [],
        tracking_problem=synced.problem if synced else None,
        was_complete=True,
    )


def _run(spec: Spec, task: Task, folder: SweepFolder, executor: Executor, options: Options) -> Outcome:
    start = time.monotonic()
    with folder.locked(), stop_on_signal() as asked_to_stop:
        study = SweepStudy(spec, folder.journal, options.storage, stop=asked_to_stop)
        records = {record.number: record for record in study.records()}
        tracker = BackgroundTracker(options.tracker()) if options.tracker else None
        if tracker:
            tracker.start(sweep_record(spec, folder))
        heart = Heartbeat(
            folder.path,
            lambda: (executor.pending, executor.workers, tracker.backlog if tracker else None),
            options.observer.beat,
        )

        def stop() -> bool:
            # Whoever waits asks this a few times a second.
            heart.beat()
            return asked_to_stop()

        def on_told(record: Record) -> None:
            records[record.number] = record
            _track(tracker, spec, record)
            heart.told += 1
            options.observer.told(record)

        result, problem = folder.result(), None
        was_complete = result is not None
        try:
            ended = [record for record in records.values() if record.state is not State.RUNNING]
            for record in ended:
                _track(tracker, spec, record)
            options.observer.started(spec, workers=executor.workers, sampler=choose_sampler(spec).name, ended=ended)
            try:
                if result is None and _search(spec, study, executor, on_told, stop):
                    heart.phase = Phase.SCORING
                    result = _conclude(spec, task, folder, study, executor, records, options, stop, start)
            except (ExecutorError, ScoringError, StorageError) as error:
                problem = str(error)
            except OSError as error:
                problem = f"The result cannot be written ({error.strerror or error}); make room on the disk."
        finally:
            heart.phase = Phase.LOGGING
            if tracker:
                if tracker.backlog > _MANY:
                    words = "The tracker has %d records to take yet; Ctrl-C leaves them to `%s`."
                    _LOG.warning(words, tracker.backlog, command("sync", folder))
                finish(folder, tracker, spec, records.values(), stop)
            heart.end()
        finished, failed = counts(list(records.values()))
        return Outcome(
            folder=folder,
            complete=result is not None,
            finished=finished,
            failed=failed,
            result=result,
            untracked=tracker.missing if tracker else [],
            tracking_problem=tracker.problem if tracker else None,
            problem=problem,
            was_complete=was_complete,
        )


def _search(
    spec: Spec,
    study: SweepStudy,
    executor: Executor,
    on_told: Callable[[Record], None],
    stop: Callable[[], bool],
) -> bool:
    """Ask and tell to the end; False if stopped before."""
    if spec.lag < min(executor.workers, spec.trials):
        _LOG.warning(
            "At most `lag` = %d configurations are in flight, so some of the %d workers idle; `lag: %d` in the file of "
            "a new sweep would occupy them.",
            spec.lag,
            executor.workers,
            2 * executor.workers,
        )
    return drive(
        study,
        executor,
        configurations=spec.trials,
        lag=spec.lag,
        on_told=on_told,
        in_order=spec.mode == "reproducible",
        racing=spec.robust.racing_chips > 0,
        no_progress=spec.budget.no_progress,
        seconds=spec.budget.seconds,
        stop=stop,
    )


def _conclude(
    spec: Spec,
    task: Task,
    folder: SweepFolder,
    study: SweepStudy,
    executor: Executor,
    records: dict[int, Record],
    options: Options,
    stop: Callable[[], bool],
    start: float,
) -> dict[str, Any] | None:
    """Score the front and write the result down; None if stopped."""
    front = study.front()
    options.observer.scoring(len(front))
    scored = score_front(folder, task, executor, front, stop)
    if scored is None:
        return None
    entries = front_entries(front, scored.evaluations, spec.objectives)
    unscored = [{"trial": trial, "error": error} for trial, error in sorted(scored.errors.items())]
    every = [records[number] for number in sorted(records)]
    finished, failed = counts(every)
    result = {
        "name": spec.name,
        # Said where it is true: which configurations were tried was then up to the machine.
        **({} if spec.mode == Spec.mode else {"mode": spec.mode}),
        "finished": finished,
        "failed": failed,
        "seconds": round(time.monotonic() - start, 3),
        "control": best_control(entries),
        "pareto": entries,
        **({"unscored": unscored} if unscored else {}),
    }
    _draw(folder, spec, every, result)
    folder.write_result(result)
    return result


def _draw(folder: SweepFolder, spec: Spec, records: list[Record], result: dict[str, Any]) -> None:
    """Draw the front; a picture that fails must not cost the result."""
    points = [record.evaluation.to_dict() for record in records if record.evaluation]
    front = [entry["evaluation"] for entry in result["pareto"]]
    if not front:
        return
    try:
        draw_front(folder.picture, points, front, result["control"])
    except Exception:
        _LOG.warning("The picture of %s could not be drawn.", spec.name, exc_info=True)


def _track(tracker: BackgroundTracker | None, spec: Spec, record: Record) -> None:
    if tracker is not None:
        tracker.log(trial_record(spec, record))
