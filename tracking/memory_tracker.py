"""A tracker that keeps its records in memory: for tests and notebooks."""

from tracking.base import StudyRecord, Summary, SweepRecord, TrialRecord
from tracking.errors import RecordRefusedError, TrackerError
from tracking.identity import identity


class MemoryTracker:
    """Keeps the records of the current sweep as attributes; starting a sweep of another name forgets them."""

    place: str | None = None
    """Memory does not outlive the process."""
    writers = 1
    """Waits for nobody, so that one is enough."""

    def __init__(self) -> None:
        self.sweep: SweepRecord | None = None
        self.trials: dict[int, TrialRecord] = {}
        self.studies: dict[tuple[str, int], StudyRecord] = {}
        self.summary: Summary | None = None

    def start(self, sweep: SweepRecord) -> None:
        """Open the records of a sweep, or continue them."""
        known = self.sweep
        if known is None or known.name != sweep.name:
            self.trials, self.studies, self.summary = {}, {}, None
        elif identity(known) != identity(sweep):
            raise RecordRefusedError(
                f"Sweep {sweep.name!r} is kept already with another task, seed, file content or data: give this one "
                "another name."
            )
        self.sweep = sweep

    def log(self, trial: TrialRecord) -> bool:
        """Keep a trial that has ended, or a study of one; returns whether it was missing until now."""
        if self.sweep is None:
            raise TrackerError("log before start: call start(sweep) first.")
        if isinstance(trial, StudyRecord):
            missing = (trial.study, trial.number) not in self.studies
            kept = self.studies.setdefault((trial.study, trial.number), trial)
            if (kept.configuration, kept.settings) != (trial.configuration, trial.settings):
                raise RecordRefusedError(
                    f"The study {trial.study!r} of trial {trial.number} is kept already with other settings or another "
                    "configuration: give this one another name."
                )
            return missing
        missing = trial.number not in self.trials
        known = self.trials.setdefault(trial.number, trial)
        if known.configuration != trial.configuration:
            raise RecordRefusedError(
                f"Trial {trial.number} of sweep {trial.sweep!r} is kept already with another configuration."
            )
        return missing

    def finish(self, summary: Summary) -> None:
        """Keep what the sweep came to."""
        if self.sweep is None:
            raise TrackerError("finish before start: call start(sweep) first.")
        self.summary = summary

    def close(self) -> None:
        """Nothing is held but memory."""
