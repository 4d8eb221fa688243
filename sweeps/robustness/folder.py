"""Where a study of robustness lives on disk.

::

    <home>/sweeps/<sweep>/robustness/<study>-<trial>/
        study.json           what it is: configuration, study file, seed
        points.jsonl         every scored point, one line each, written at once
        result.json          what the points come to
        accuracy.png ...     the pictures of it
        lock                 held by the one process that runs it
"""

import contextlib
import hashlib
import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from filelock import FileLock, Timeout

from sweeps.errors import SweepError
from sweeps.home import SweepFolder, write_atomically
from tasks.chips import ChipScores


class StudyFolderError(SweepError):
    """The folder of a study cannot serve; the text says why and the way out."""


@dataclass(frozen=True)
class StudyFolder:
    """The files of one study of one configuration."""

    path: Path
    """Its folder."""

    @classmethod
    def of(cls, sweep: SweepFolder, study: str, trial: int) -> "StudyFolder":
        """That of a study of a trial."""
        return cls(sweep.path / "robustness" / f"{study}-{trial}")

    @property
    def result_file(self) -> Path:
        """What the points come to; present when all are scored."""
        return self.path / "result.json"

    @property
    def _points_file(self) -> Path:
        return self.path / "points.jsonl"

    @contextlib.contextmanager
    def opened(self, content: Mapping[str, Any]) -> Iterator[None]:
        """Hold the folder, made if need be, for the study that ``content`` describes.

        Raises ``StudyFolderError`` if another process holds it, or if it holds points of another study.
        """
        self.path.mkdir(parents=True, exist_ok=True)
        lock = FileLock(self.path / "lock")
        try:
            lock.acquire(timeout=0)
        except Timeout as error:
            raise StudyFolderError(
                f"The study in {self.path} is being run by another process; wait for it or stop it."
            ) from error
        try:
            self._claim(content)
            yield
        finally:
            lock.release()

    def scores(self) -> dict[int, ChipScores]:
        """Number -> scores of every point that is written down; a half-written last line is dropped for good."""
        if not self._points_file.exists():
            return {}
        found, whole = {}, 0
        with self._points_file.open("r+b") as stream:
            for line in stream:
                if not line.endswith(b"\n"):
                    break
                whole += len(line)
                entry = json.loads(line)
                accuracy = np.array(entry["accuracy"])
                found[int(entry["point"])] = ChipScores(accuracy, entry["floor_hits"], entry["outside_window"])
            stream.truncate(whole)
        return found

    def add(self, point: int, scores: ChipScores) -> None:
        """Write a point down; it is on the disk when this returns."""
        entry = {"point": point, **scores._asdict(), "accuracy": scores.accuracy.tolist()}
        with self._points_file.open("ab") as stream:
            stream.write(json.dumps(entry).encode() + b"\n")
            stream.flush()
            os.fsync(stream.fileno())

    def write_result(self, result: Mapping[str, Any]) -> None:
        """Write the result; a reader never sees half of it."""
        write_atomically(self.result_file, json.dumps(result, indent=1))

    def _claim(self, content: Mapping[str, Any]) -> None:
        # In the order of the file, for that is how points are numbered.
        text = json.dumps(content, indent=1)
        identity = hashlib.sha256(text.encode()).hexdigest()
        file = self.path / "study.json"
        if not file.exists():
            write_atomically(file, json.dumps({"identity": identity, **json.loads(text)}, indent=1))
            return
        if json.loads(file.read_text(encoding="utf-8"))["identity"] != identity:
            raise StudyFolderError(
                f"{self.path} holds another study, of another file, seed or configuration; give the study file "
                "another name, or remove that folder to start again."
            )
