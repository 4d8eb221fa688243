"""Running a study of robustness, or what is left of it, on the executors of sweeps.

Everything that can be wrong is checked before work starts. A point is on the disk before the next is waited for; a
study that is stopped, or killed, goes on from there and ends with the same numbers. The tracker is told at the end, and
again by the next run of a study that is complete.
"""

from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any, Protocol

from sweeps.driver import POLL_S
from sweeps.executor import Executor, ScoreJob
from sweeps.home import SweepFolder
from sweeps.preparation import load_data, make_executor
from sweeps.provenance import require_same_data
from sweeps.robustness.choose import Chosen
from sweeps.robustness.folder import StudyFolder
from sweeps.robustness.plan import Plan, make_plan
from sweeps.robustness.report import Drawn, draw, study_record
from sweeps.robustness.result import make_result
from sweeps.robustness.study_file import Study
from sweeps.run import Options
from sweeps.signals import stop_on_signal
from sweeps.spec import Spec
from sweeps.sync import sweep_record
from tasks.chips import ChipScores
from tasks.evaluator import Variant
from tracking.background import BackgroundTracker


class Observer(Protocol):
    """Who watches a study."""

    def started(self, *, points: int, done: int, workers: int) -> None:
        """Scoring starts, or goes on."""
        ...

    def scored(self) -> None:
        """One more point is durable, or has failed."""
        ...


@dataclass(frozen=True, kw_only=True)
class StudyOutcome:
    """How a run of a study ended."""

    complete: bool
    """Whether every point of every configuration is scored."""
    stopped: bool
    """Whether it was asked to stop."""
    done: int
    """Points that are scored, over all configurations."""
    points: int
    """Points in all."""
    errors: dict[str, int]
    """Why points failed -> how many; the next run tries these again."""
    results: list[dict[str, Any]]
    """One a configuration that is complete: what its ``result.json`` holds."""
    untracked: list[int]
    """Trials whose results the tracker has not taken."""
    tracking_problem: str | None
    """Why, in one line."""


@dataclass(frozen=True, kw_only=True)
class _Configured:
    """A study of one configuration under way."""

    chosen: Chosen
    plan: Plan
    folder: StudyFolder
    scores: dict[int, ChipScores]

    @property
    def complete(self) -> bool:
        return len(self.scores) == len(self.plan.points)


def run_study(
    sweep: SweepFolder, chosen: list[Chosen], study: Study, options: Options, observer: Observer
) -> StudyOutcome:
    """Run a study of configurations of a sweep.

    Raises:
        SpecError: a value of the study breaks a rule of a configuration.
        StudyFolderError: its folder holds another study, or another process runs it.
        DataError: the task's data are missing, not in order, or not those of the sweep.
        ExecutorError: workers cannot be had.
    """
    spec = sweep.spec()
    plans = [make_plan(study, one.configuration, spec.seed) for one in chosen]
    with ExitStack() as stack:
        studies = []
        for one, plan in zip(chosen, plans, strict=True):
            folder = StudyFolder.of(sweep, study.name, one.trial)
            stack.enter_context(folder.opened(_identity(spec, study, one)))
            studies.append(_Configured(chosen=one, plan=plan, folder=folder, scores=folder.scores()))
        stop = stack.enter_context(stop_on_signal())
        errors: dict[str, int] = {}
        if not all(each.complete for each in studies):
            task = load_data(spec)
            require_same_data(sweep, task)
            executor = make_executor(task, spec, options)
            try:
                errors = _score(studies, study, executor, observer, stop)
            finally:
                executor.close()
        results = [_finish(sweep, study, each, spec.seed) for each in studies if each.complete]
        untracked, problem = _track(sweep, study, results, options)
    return StudyOutcome(
        complete=len(results) == len(studies),
        stopped=stop(),
        done=sum(len(each.scores) for each in studies),
        points=sum(len(plan.points) for plan in plans),
        errors=errors,
        results=[each.result for each in results],
        untracked=untracked,
        tracking_problem=problem,
    )


def _identity(spec: Spec, study: Study, chosen: Chosen) -> dict[str, Any]:
    return {
        "sweep": spec.name,
        "task": spec.task.to_plain(),
        "seed": spec.seed,
        "trial": chosen.trial,
        "configuration": chosen.configuration.to_dotted(),
        "study": study.to_dict(),
    }


def _score(
    studies: list[_Configured], study: Study, executor: Executor, observer: Observer, stop: Callable[[], bool]
) -> dict[str, int]:
    """Score the points that are left, one configuration after the other, so that a worker trains each once."""
    jobs: dict[int, tuple[_Configured, int]] = {}
    for each in studies:
        for number in range(len(each.plan.points)):
            if number not in each.scores:
                jobs[len(jobs)] = (each, number)
    total = sum(len(each.plan.points) for each in studies)
    observer.started(points=total, done=total - len(jobs), workers=executor.workers)
    executor.submit([ScoreJob(trial=job, variant=_variant(each, n, study)) for job, (each, n) in jobs.items()])
    errors: dict[str, int] = {}
    while jobs and not stop():
        for outcome in executor.wait(POLL_S):
            each, number = jobs.pop(outcome.trial)
            if outcome.scores is None:
                reason = outcome.error or "unknown"
                errors[reason] = errors.get(reason, 0) + 1
            else:
                each.folder.add(number, outcome.scores)
                each.scores[number] = outcome.scores
            observer.scored()
    return errors


def _variant(each: _Configured, number: int, study: Study) -> Variant:
    used, chips = each.plan.points[number]
    return Variant(each.chosen.configuration, each.chosen.trial, used, chips, study.part)


def _finish(sweep: SweepFolder, study: Study, each: _Configured, seed: int) -> Drawn:
    """The result of a configuration, written and drawn."""
    result = {
        "sweep": sweep.name,
        "study": study.name,
        "trial": each.chosen.trial,
        "part": study.part,
        "yield_target": study.yield_target,
        "control_accuracy": each.chosen.control_accuracy,
        **make_result(study, each.plan, each.scores, seed),
    }
    each.folder.write_result(result)
    return Drawn(result=result, configuration=each.chosen.configuration.to_dotted(), files=draw(each.folder, result))


def _track(sweep: SweepFolder, study: Study, results: list[Drawn], options: Options) -> tuple[list[int], str | None]:
    """Hand results to the tracker; returns the trials that it has not taken, and why."""
    if options.tracker is None or not results:
        return [], None
    tracker = BackgroundTracker(options.tracker())
    tracker.start(sweep_record(sweep.spec(), sweep))
    for each in results:
        tracker.log(study_record(study.to_dict(), each))
    tracker.close()
    return tracker.missing, tracker.problem
