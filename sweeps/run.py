"""Running a sweep from its file to its result, or what is left of it.

Everything that can be wrong is checked before work starts: the file, the home, the data, the cluster. An
evaluation is durable in the study before anybody is told of it; the tracker only reads along.
"""

import logging
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from importlib.metadata import version
from pathlib import Path
from types import FrameType
from typing import Any, Literal, Protocol

from sweeps.driver import POLL_S, drive
from sweeps.executor import Executor, Job
from sweeps.home import Home, SweepFolder
from sweeps.inline_executor import InlineExecutor
from sweeps.results import best_control, counts, front_entries
from sweeps.samplers import choose_sampler
from sweeps.spec import Spec
from sweeps.storage import choose_storage, find_storage, remember, require_free
from sweeps.study import Record, SweepStudy
from tasks import Configuration, Evaluation, Task, load_task
from tasks.task import require_samples
from tracking.background import BackgroundTracker
from tracking.base import Summary, SweepRecord, Tracker, TrialRecord
from tracking.figures import draw_front

_LOG = logging.getLogger(__name__)
_PACKAGES = ("memsweep", "mlflow", "numpy", "optuna", "ray", "scipy")


class Observer(Protocol):
    """Who watches a sweep: the terminal, or nobody."""

    def started(self, spec: Spec, *, workers: int, sampler: str, told: int) -> None:
        """The sweep starts, or goes on from ``told`` trials."""
        ...

    def told(self, record: Record) -> None:
        """A trial is durable."""
        ...

    def scoring(self, configurations: int) -> None:
        """The front is being scored on the test part."""
        ...


class NoObserver:
    """Watches nothing."""

    def started(self, spec: Spec, *, workers: int, sampler: str, told: int) -> None:
        """Do nothing."""

    def told(self, record: Record) -> None:
        """Do nothing."""

    def scoring(self, configurations: int) -> None:
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
    """Whether all configurations were evaluated; otherwise it was stopped and can be resumed."""
    finished: int
    """Configurations evaluated so far."""
    failed: int
    """Configurations that failed so far."""
    result: dict[str, Any] | None
    """The final result, if complete: name, finished, failed, seconds, control, pareto."""
    untracked: list[int]
    """Trials that the tracker has not taken."""
    tracking_problem: str | None
    """Why, in one line."""


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
    task = _load(spec)
    executor = _make_executor(task, spec, options)
    try:
        folder = home.create(spec)
        remember(folder.path, storage)
        return _run(spec, folder, executor, options)
    finally:
        executor.close()


def resume(folder: SweepFolder, options: Options) -> Outcome:
    """Go on with a sweep that was stopped; raises as ``run`` does."""
    spec = folder.spec()
    find_storage(folder.path, options.storage)
    task = _load(spec)
    # A complete sweep has nothing left to evaluate, only to log.
    complete = folder.result() is not None
    executor = _make_executor(task, spec, replace(options, executor="inline") if complete else options)
    try:
        return _run(spec, folder, executor, options)
    finally:
        executor.close()


def _load(spec: Spec) -> Task:
    """The data, in order and of a kind that a sweep can use."""
    task = load_task(spec.task.kind, spec.task.path, spec.task.protocol)
    require_samples(task)
    return task


def _make_executor(task: Task, spec: Spec, options: Options) -> Executor:
    if options.executor == "inline":
        return InlineExecutor(task, spec.evaluator)
    from sweeps.ray_executor import RayExecutor  # Ray takes a second to import; inline runs need none of it.

    return RayExecutor(task, spec.evaluator, workers=options.workers, address=options.address)


def _run(spec: Spec, folder: SweepFolder, executor: Executor, options: Options) -> Outcome:
    start = time.monotonic()
    with folder.locked(), _stop_on_signal() as stop:
        study = SweepStudy(spec, folder.journal, options.storage)
        already = study.records()
        tracker = BackgroundTracker(options.tracker()) if options.tracker else None
        if tracker:
            tracker.start(_sweep_record(spec))
        try:
            for record in already:
                _track(tracker, spec, record)
            options.observer.started(
                spec,
                workers=executor.workers,
                sampler=choose_sampler(spec).name,
                told=study.counts()[1],
            )

            def on_told(record: Record) -> None:
                _track(tracker, spec, record)
                options.observer.told(record)

            complete = drive(
                study,
                executor,
                configurations=spec.trials,
                lag=spec.lag,
                racing=spec.robust.racing_chips > 0,
                on_told=on_told,
                stop=stop,
            )
            result = folder.result()
            records = study.records()
            finished, failed = counts(records)
            scored: dict[int, Evaluation] | None = None
            if complete and result is None:
                front = study.front()
                options.observer.scoring(len(front))
                scored = _score_front(executor, front, stop)
                complete = scored is not None
            if scored is not None:
                entries = front_entries(front, scored)
                result = {
                    "name": spec.name,
                    "finished": finished,
                    "failed": failed,
                    "seconds": round(time.monotonic() - start, 3),
                    "control": best_control(entries),
                    "pareto": entries,
                }
                _draw(folder, spec, records, result)
                folder.write_result(result)
            if tracker and result:
                tracker.finish(_summary(folder, result))
        finally:
            if tracker:
                tracker.close()
        return Outcome(
            folder=folder,
            complete=complete,
            finished=finished,
            failed=failed,
            result=result,
            untracked=tracker.missing if tracker else [],
            tracking_problem=tracker.problem if tracker else None,
        )


def _score_front(executor: Executor, front: list[Record], stop: Callable[[], bool]) -> dict[int, Evaluation] | None:
    """Evaluate the chosen configurations once more, now with fresh chips and the test part; None if stopped."""
    executor.submit(
        [
            Job(
                trial=record.number,
                configuration=Configuration.from_dotted(record.configuration),
                chosen=True,
            )
            for record in front
        ]
    )
    scored: dict[int, Evaluation] = {}
    left = len(front)
    while left:
        if stop():
            return None
        for outcome in executor.wait(POLL_S):
            left -= 1
            if outcome.evaluation is None:
                _LOG.warning("Trial %d could not be scored on the test part: %s", outcome.trial, outcome.error)
            else:
                scored[outcome.trial] = outcome.evaluation
    return scored


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


def _sweep_record(spec: Spec) -> SweepRecord:
    return SweepRecord(
        name=spec.name,
        spec=spec.to_dict(),
        task=spec.task.kind,
        seed=spec.seed,
        objectives=dict(spec.objectives),
        planned=spec.trials,
        versions={name: version(name) for name in _PACKAGES},
    )


def _track(tracker: BackgroundTracker | None, spec: Spec, record: Record) -> None:
    if tracker is None or record.state == "running":
        return
    tracker.log(
        TrialRecord(
            sweep=spec.name,
            number=record.number,
            state="finished" if record.evaluation else "failed",
            configuration=record.configuration,
            evaluation=record.evaluation.to_dict() if record.evaluation else None,
            error=record.error,
        )
    )


def _summary(folder: SweepFolder, result: dict[str, Any]) -> Summary:
    figures: dict[str, Path] = {"front": folder.picture} if folder.picture.exists() else {}
    return Summary(
        finished=result["finished"],
        failed=result["failed"],
        seconds=result["seconds"],
        control=result["control"],
        pareto=result["pareto"],
        figures=figures,
    )


@contextmanager
def _stop_on_signal() -> Iterator[Callable[[], bool]]:
    """Turn the first Ctrl-C or SIGTERM into a wish to stop; the second one acts as usual."""
    stopped = False

    def ask_to_stop(number: int, _: FrameType | None) -> None:
        nonlocal stopped
        stopped = True
        signal.signal(number, previous[number])

    previous: dict[int, Any] = {}
    try:
        for wanted in (signal.SIGINT, signal.SIGTERM):
            previous[wanted] = signal.signal(wanted, ask_to_stop)
    except ValueError:
        previous.clear()  # Not the main thread: the caller's signals are the caller's.
    try:
        yield lambda: stopped
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)
