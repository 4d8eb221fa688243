"""Bringing a tracker up to what the study of a sweep holds: what is missing there is logged, once.

The study is the truth, and a tracker reads along: while a sweep runs, at its end, when it is resumed, and whenever
``memsweep sync`` says so. Each time the tracker is asked what it holds, and only the rest is written. A tracker that
holds all of a complete sweep is noted down, so that resuming that sweep asks nobody:

::

    <sweep>/tracked.json     the tracker's address, never a password
"""

import contextlib
import json
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sweeps.home import SweepFolder, write_atomically
from sweeps.provenance import package_versions, read_provenance
from sweeps.space import Choices
from sweeps.spec import Spec
from sweeps.standing import Standing
from sweeps.study import Record, State, SweepStudy
from tasks import Configuration
from tracking.background import BackgroundTracker
from tracking.base import StudyRecord, Summary, SweepRecord, Tracker, TrialRecord

_INTERRUPTED_s = 5.0
"""How long a sweep that was told to stop waits for its tracker."""


@dataclass(frozen=True, kw_only=True)
class Synced:
    """What a sync found and did."""

    records: int
    """Records that the tracker should hold: trials that have ended, and studies of them."""
    missing: int | None
    """Those that it did not hold; None if it could not be asked."""
    written: int
    """Those that it took."""
    untracked: list[int]
    """Trials whose records it does not hold now."""
    problem: str | None
    """Why, in one line."""


def sync(folder: SweepFolder, tracker: Callable[[], Tracker], storage: str | None = None) -> Synced:
    """Log what the tracker lacks of a sweep, and of the studies of its robustness.

    Args:
        folder: the sweep.
        tracker: makes the tracker.
        storage: the database of the study with its password, as for ``SweepStudy``.

    Raises:
        HomeError: another process runs the sweep, and logs it, or syncs it.
        StorageError: the database of the study does not answer.
    """
    spec = folder.spec()
    with folder.locked(), ExitStack() as held:
        records = SweepStudy(spec, folder.journal, storage).records()
        told = [trial_record(spec, record) for record in records if record.state is not State.RUNNING]
        studies = list(_studies(folder, held))
        behind = BackgroundTracker(tracker())
        behind.start(sweep_record(spec, folder))
        for each in (*told, *studies):
            behind.log(each)
        finish(folder, behind, spec, records)
    return Synced(
        records=len(told) + len(studies),
        missing=behind.written + len(behind.missing) if behind.opened else None,
        written=behind.written,
        untracked=behind.missing,
        problem=behind.problem,
    )


def finish(
    folder: SweepFolder,
    tracker: BackgroundTracker,
    spec: Spec,
    records: Iterable[Record],
    stop: Callable[[], bool] = lambda: False,
) -> None:
    """Wait for a tracker within its bound, unless told to stop; of a complete sweep it gets the summary.

    If it then holds all, that is noted down.
    """
    result = folder.result()
    if result is None:
        tracker.close(timeout_s=_INTERRUPTED_s if stop() else None)
        return
    tracker.finish(_summary(folder, result, spec, records), stop=stop)
    if tracker.place and not tracker.missing and tracker.problem is None:
        with contextlib.suppress(OSError):  # without the note, the next resume asks the tracker
            write_atomically(_note(folder), json.dumps({"tracker": tracker.place}) + "\n")


def is_tracked(folder: SweepFolder, tracker: Tracker) -> bool:
    """Whether the tracker is known to hold all of the sweep, which is complete."""
    try:
        noted = json.loads(_note(folder).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False
    return tracker.place is not None and noted == {"tracker": tracker.place}


def sweep_record(spec: Spec, folder: SweepFolder) -> SweepRecord:
    """A sweep as the tracker keeps it."""
    origin = read_provenance(folder.path)
    return SweepRecord(
        name=spec.name,
        spec=spec.to_dict(),
        task=spec.task.kind,
        seed=spec.seed,
        objectives=dict(spec.objectives),
        planned=spec.trials,
        versions=origin.versions or package_versions(),
        defaults={
            name: value
            for name, value in Configuration.defaults(spec.fixed).items()
            if name not in spec.fixed and name not in spec.space.dimensions
        },
        searched={
            name: not isinstance(dimension, Choices) and dimension.log
            for name, dimension in spec.space.dimensions.items()
        },
        data=origin.data,
        file=origin.file,
        commit=origin.commit,
    )


def trial_record(spec: Spec, record: Record) -> TrialRecord:
    """A trial that has ended, as the tracker keeps it."""
    return TrialRecord(
        sweep=spec.name,
        number=record.number,
        state="finished" if record.evaluation else "failed",
        configuration=record.configuration,
        evaluation=record.evaluation.to_dict() if record.evaluation else None,
        error=record.error,
        duplicate_of=record.duplicate_of,
    )


def _summary(folder: SweepFolder, result: dict[str, Any], spec: Spec, records: Iterable[Record]) -> Summary:
    standing = Standing(spec)
    for record in records:
        if record.state is not State.RUNNING:
            standing.add(record)
    return Summary(
        finished=result["finished"],
        failed=result["failed"],
        seconds=result["seconds"],
        control=result["control"],
        pareto=result["pareto"],
        best_accuracy=standing.best_accuracy,
        hypervolume=standing.hypervolume,
        figures=_present({"front": folder.picture}),
        files=_present({"report": folder.report}),
    )


def _studies(folder: SweepFolder, held: ExitStack) -> Iterator[StudyRecord]:
    """The studies that are complete, held until they are logged; not those in the hands of another process."""
    # Here, for a study of robustness is itself run by way of ``sweeps.run``, which needs this module.
    from sweeps.robustness.folder import StudyFolder, StudyFolderError
    from sweeps.robustness.report import Drawn, study_record

    for path in sorted(folder.path.glob("robustness/*/result.json")):
        content = json.loads(path.with_name("study.json").read_text(encoding="utf-8"))
        content.pop("identity")
        try:
            held.enter_context(StudyFolder(path.parent).opened(content))
        except StudyFolderError:
            continue  # who runs it logs it
        result = json.loads(path.read_text(encoding="utf-8"))
        yield study_record(
            content["study"],
            Drawn(
                result=result,
                configuration=content["configuration"],
                files={"result": path, **{file.stem: file for file in path.parent.glob("*.png")}},
            ),
        )


def _present(files: dict[str, Path]) -> dict[str, Path]:
    return {name: file for name, file in files.items() if file.exists()}


def _note(folder: SweepFolder) -> Path:
    return folder.path / "tracked.json"
