"""The journal: a study in one file, a line a change.

Optuna's own, with three differences. A change goes to the operating system at once, so that a killed process loses
none, but to the disk once a trial, when that ends, and not once a parameter. A line that cannot be written whole is
taken back. Opening a study that exists only reads.
"""

import json
import os
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from optuna.exceptions import DuplicatedStudyError
from optuna.storages import JournalStorage
from optuna.storages.journal import BaseJournalBackend, JournalFileBackend
from optuna.storages.journal._storage import JournalOperation
from optuna.study import StudyDirection
from optuna.trial import FrozenTrial, TrialState

_STATE_IS_SET = b'{"op_code":%d,' % JournalOperation.SET_TRIAL_STATE_VALUES


class JournalFile(JournalFileBackend):
    """The file."""

    def __init__(self, path: Path) -> None:
        """Open the file, or make it."""
        super().__init__(str(path))
        self._path = path

    def append_logs(self, logs: list[dict[str, Any]]) -> None:
        """Write lines; all of them, or none if the disk is full."""
        lines = "".join(json.dumps(log, separators=(",", ":")) + "\n" for log in logs).encode()
        self._lock.acquire()
        try:
            with self._path.open("ab", buffering=0) as stream:
                before = stream.seek(0, os.SEEK_END)
                try:
                    self._write(stream.fileno(), lines)
                except OSError:
                    stream.truncate(before)
                    raise
        finally:
            self._lock.release()

    @staticmethod
    def _write(file: int, lines: bytes) -> None:
        while lines:
            lines = lines[os.write(file, lines) :]

    def sync(self) -> None:
        """Wait until everything is on the disk."""
        with self._path.open("ab") as stream:
            os.fsync(stream.fileno())


class Excerpt(BaseJournalBackend):
    """The lines of that file that make trials and tell of one: enough to read that one, in a tenth of the time."""

    def __init__(self, path: Path, trial: int) -> None:
        """Read the file."""
        other = re.compile(rb'"trial_id":(?!%d\b)' % trial)
        with path.open("rb") as stream:
            self._logs = [json.loads(line) for line in stream if line.endswith(b"\n") and not other.search(line)]

    def read_logs(self, log_number_from: int) -> list[dict[str, Any]]:
        """The lines from a number on."""
        return self._logs[log_number_from:]

    def append_logs(self, logs: list[dict[str, Any]]) -> None:
        """Refuse: this is for reading."""
        raise RuntimeError("an excerpt of a journal cannot be written")


class Journal(JournalStorage):
    """The storage in that file."""

    def __init__(self, path: Path, only: int | None = None) -> None:
        """Open the file, or make it; ``only`` names the one trial that will be read, and nothing written."""
        self._file = JournalFile(path)
        super().__init__(self._file if only is None or not path.stat().st_size else Excerpt(path, only))

    def create_new_study(self, directions: Sequence[StudyDirection], study_name: str | None = None) -> int:
        """Make a study; raises ``DuplicatedStudyError``, without a line written, if it exists."""
        if study_name in {study.study_name for study in self.get_all_studies()}:
            raise DuplicatedStudyError(f"the journal holds a study named {study_name!r}")
        return super().create_new_study(directions, study_name)

    def add(self, study_id: int, trial: FrozenTrial) -> int | None:
        """Make a trial with its params and system attributes; returns its id.

        None if its number is not the next: another process writes the study.
        """
        trial_id = self.create_new_trial(study_id)
        if self.get_trial_number_from_id(trial_id) != trial.number:
            return None
        for key, value in trial.system_attrs.items():
            self.set_trial_system_attr(trial_id, key, value)
        for name, distribution in trial.distributions.items():
            self.set_trial_param(trial_id, name, distribution.to_internal_repr(trial.params[name]), distribution)
        return trial_id

    def end(self, trial: FrozenTrial) -> bool:
        """End a trial with its user attributes, state and values, all on the disk at return; true.

        Raises ``UpdateFinishedTrialError`` if it has ended.
        """
        for key, value in trial.user_attrs.items():
            self.set_trial_user_attr(trial._trial_id, key, value)
        self.set_trial_state_values(trial._trial_id, trial.state, trial.values)
        self._file.sync()
        return True


def ended(path: Path) -> tuple[int, int]:
    """(trials finished, trials failed) of the file, in a fiftieth of the time that reading the study takes."""
    states = {TrialState.COMPLETE: 0, TrialState.FAIL: 0}
    with path.open("rb") as stream:
        for line in stream:
            if line.startswith(_STATE_IS_SET) and line.endswith(b"\n"):
                state = TrialState(json.loads(line)["state"])
                if state in states:
                    states[state] += 1
    return states[TrialState.COMPLETE], states[TrialState.FAIL]
