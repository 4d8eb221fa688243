"""Collecting what a report shows of a sweep, finished or not."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from kinetics import KineticsError
from sweeps.commands import home_option
from sweeps.home import SweepFolder
from sweeps.hypervolume import in_decades
from sweeps.importance import importances
from sweeps.provenance import checksums, package_versions, read_provenance
from sweeps.report.answer import answer, question
from sweeps.report.methods import assumptions, methods
from sweeps.report.portraits import chosen, differs, portrait_of
from sweeps.report.view import View
from sweeps.results import counts, study_results
from sweeps.standing import growth
from sweeps.study import State
from tasks import TASKS, DataError, Task, TaskError, load_task
from tasks.recipes import PAPER_TABLE, RECIPES
from tasks.reference_networks import REFERENCE_NETWORKS
from tracking.labels import in_sentence
from tracking.report.content import Content, PaperPoint, Portrait, Study

_METRICS = (
    "accuracy",
    "accuracy_std",
    "parameters",
    "macs",
    "energy_J",
    "latency_s",
    "area_m2",
    "violations",
    "control_accuracy",
    "seconds",
)
"""Those worth showing of every trial, beside the objectives."""
_DIGITS = 6
"""Significant digits of a column."""
_STAND_INS = {"ucf101": "utd_mhad"}
"""Task -> row of the paper's table that has its data set in the chart."""
_CHART = {"utd_mhad": "ucf101"}
"""Row -> task of the chart that it stands beside."""
_THOUSANDS = {"k": 1e3, "M": 1e6, "G": 1e9}


def collect_content(
    folder: SweepFolder,
    *,
    trials: Sequence[int] = (),
    portraits: bool = True,
    storage: str | None = None,
    on_portrait: Callable[[int], None] = lambda trial: None,
) -> Content:
    """Collect what a report shows.

    Args:
        folder: the sweep, which may still be incomplete.
        trials: numbers of configurations to portray beside the chosen ones.
        portraits: whether to look at configurations closely at all, for which each is trained once more.
        storage: the database of the study with its password, as for ``SweepStudy``.
        on_portrait: told the number of each trial that is about to be portrayed.

    Raises:
        SweepError: nothing has finished yet, or a trial of ``trials`` cannot be shown.
        StorageError: the database of the study does not answer.
    """
    view = View.of(folder, storage)
    spec = view.spec
    for trial in trials:
        view.entry(trial)
    task, trouble = _task(view)
    notes = [trouble] if trouble else []
    digests = _checksums(folder, task, notes)
    drawn: list[Portrait] = []
    if task is not None and portraits:
        drawn = _portraits(view, task, trials, notes, on_portrait)
    importance = importances(spec, view.records)
    paper, studies = paper_points(spec.task.kind), _studies(folder)
    finished, failed = counts(list(view.records))
    return Content(
        name=spec.name,
        task=spec.task.kind,
        task_description=task.description if task else TASKS[spec.task.kind].summary,
        question=question(view, task),
        answer=answer(view, task, importance=importance, paper=paper, studies=studies),
        complete=view.complete,
        planned=spec.trials,
        finished=finished,
        failed=failed,
        objectives=dict(spec.objectives),
        searched=list(spec.space.dimensions),
        columns=_columns(view),
        front=view.front,
        control=view.control,
        paper=paper,
        growth=_growth(view),
        hypervolume_unit=_hypervolume_unit(spec.objectives),
        importance=[each for each in importance if each.fields],
        portraits=drawn,
        studies=studies,
        methods=methods(view, task, importance),
        assumptions=[*notes, *assumptions(view)],
        versions=read_provenance(folder.path).versions or package_versions(),
        checksums=digests,
        spec=folder.spec_file.read_text(encoding="utf-8"),
        sweep_file=str(folder.spec_file),
        home_option=home_option(folder),
    )


def paper_points(task: str) -> list[PaperPoint]:
    """The published networks of a task, those of the chart of Shi et al. 2025; none for others."""
    row = next((recipe.task for recipe in RECIPES if recipe.data == task), _STAND_INS.get(task, task))
    if row not in PAPER_TABLE:
        return []
    entry, chart = PAPER_TABLE[row], _CHART.get(row, row)
    elsewhere = f", {chart.upper()}" if chart != task and chart != row else ""
    parameters, macs = _number(entry.parameters), _number(entry.macs)
    own = [(f"DDK{elsewhere}", entry.accuracy), (f"DDK-exp, on a chip{elsewhere}", entry.accuracy_exp)]
    return [
        *(
            PaperPoint(label=label, accuracy=accuracy, parameters=parameters, macs=macs, is_reference=False)
            for label, accuracy in own
        ),
        *(
            PaperPoint(
                label=f"{network.name}{elsewhere}",
                accuracy=network.accuracy,
                parameters=network.paper_parameters,
                macs=network.paper_macs,
                is_reference=True,
            )
            for network in REFERENCE_NETWORKS
            if network.task == chart
        ),
    ]


def _number(text: str) -> float:
    """2.2k -> 2200."""
    return float(text[:-1]) * _THOUSANDS[text[-1]] if text[-1] in _THOUSANDS else float(text)


def _task(view: View) -> tuple[Task | None, str | None]:
    """The data, or why they are not at hand."""
    choice = view.spec.task
    try:
        return load_task(choice.kind, choice.path, choice.protocol), None
    except (DataError, OSError) as error:
        return None, f"The data are not at hand, so there are no portraits: {error}"


def _checksums(folder: SweepFolder, task: Task | None, notes: list[str]) -> dict[str, str]:
    """Those of the data that the sweep was run on, where it wrote them down, else of the data as they are."""
    written = read_provenance(folder.path).data
    if task is None:
        return written
    found = checksums(task)
    if written and written != found:
        notes.append("The data have changed since the sweep was run: portraits are of the new ones.")
    return written or found


def _portraits(
    view: View, task: Task, trials: Sequence[int], notes: list[str], on_portrait: Callable[[int], None]
) -> list[Portrait]:
    evaluator, drawn = view.spec.evaluator(task), []
    for trial, why in chosen(view, trials).items():
        on_portrait(trial)
        try:
            portrait = portrait_of(evaluator, task, view.entry(trial), why=why)
        except (TaskError, KineticsError) as error:
            notes.append(f"Trial {trial} could not be portrayed: {error}")
            continue
        drawn.append(portrait)
        if (difference := differs(portrait)) is not None:
            notes.append(difference)
    return drawn


def _columns(view: View) -> dict[str, list[Any]]:
    """All trials, a column each."""
    records, front = view.records, {entry["trial"]: entry["evaluation"] for entry in view.front}
    evaluations = [vars(record.evaluation) if record.evaluation else {} for record in records]
    metrics = dict.fromkeys((*view.spec.objectives, *_METRICS))
    columns: dict[str, list[Any]] = {
        "trial": [record.number for record in records],
        "state": [str(record.state) for record in records],
        "on_front": [record.number in front for record in records],
    }
    for name in view.spec.space.dimensions:
        # Exact: the page writes commands with them.
        columns[name] = [record.configuration[name] for record in records]
    for name in metrics:
        columns[name] = [_short(evaluation.get(name)) for evaluation in evaluations]
    if view.complete:
        columns["test_accuracy"] = [_short(front.get(record.number, {}).get("test_accuracy")) for record in records]
    columns["error"] = [record.error for record in records]
    return columns


def _short(value: Any) -> Any:
    """A number to as many digits as a column has; several values as a list."""
    if isinstance(value, tuple):
        return list(value)
    return float(f"{value:.{_DIGITS}g}") if isinstance(value, float) else value


def _growth(view: View) -> dict[str, list[float]]:
    """How the front grew."""
    ended = [record for record in view.records if record.state is not State.RUNNING]
    return {name: [_short(value) for value in column] for name, column in growth(view.spec, ended).items()}


def _hypervolume_unit(directions: Mapping[str, str]) -> str:
    """In words; see ``sweeps.hypervolume``."""
    return " x ".join(
        f"decades of {in_sentence(name)}" if in_decades(name, way) else in_sentence(name)
        for name, way in directions.items()
    )


def _studies(folder: SweepFolder) -> list[Study]:
    """Studies of robustness that have come to their end."""
    return [Study(name=result["study"], trial=result["trial"], result=result) for result in study_results(folder)]
