"""The tracker's interface and the plain records that cross it.

A tracker is a *reader* of a sweep: the truth is the study's own storage. Whatever a tracker loses can be
logged again from there, so a tracker may fail, but it must never hold a record twice.
"""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, Protocol

TrialState = Literal["finished", "failed"]
"""How a trial ended; a trial that is still under way is not logged."""


@dataclass(frozen=True, kw_only=True)
class SweepRecord:
    """What is known of a sweep before its first trial."""

    name: str
    """Name of the sweep, unique where its records are kept."""
    spec: dict[str, Any]
    """The sweep file in its plain form."""
    task: str
    """Name of the task."""
    seed: int
    """Seed of the study; with the name, the task, the file's content and the data it identifies the sweep."""
    objectives: dict[str, str]
    """Metric -> ``maximize`` or ``minimize``."""
    planned: int
    """Number of configurations asked for."""
    versions: dict[str, str] = field(default_factory=dict)
    """Package -> version, for those who must repeat the sweep."""
    defaults: dict[str, Any] = field(default_factory=dict)
    """Field that the sweep leaves at its default -> that value, so that it need not be kept with each trial."""
    searched: dict[str, bool] = field(default_factory=dict)
    """Field that is searched -> whether its range spans decades, so that its logarithm is worth showing."""
    data: dict[str, str] = field(default_factory=dict)
    """Part of the data (``training``, ``validation``, ``test``) -> digest of its samples and labels."""
    file: str | None = None
    """Name of the sweep file."""
    commit: str | None = None
    """Git commit of the folder that the sweep was started in, with a ``+`` if there were changes beside it."""


@dataclass(frozen=True, kw_only=True)
class TrialRecord:
    """One configuration and what came of it."""

    sweep: str
    """Name of the sweep that it belongs to."""
    number: int
    """Number of the trial in the study, from 0."""
    state: TrialState
    """How it ended."""
    configuration: dict[str, Any]
    """Dotted name -> value, every field, also the fixed ones."""
    evaluation: dict[str, Any] | None = None
    """Metric -> number; what is ``None``, not finite or not a number is not logged."""
    error: str | None = None
    """Why it failed."""
    duplicate_of: int | None = None
    """The earlier trial of the same configuration whose outcome it took over."""


@dataclass(frozen=True, kw_only=True)
class StudyRecord(TrialRecord):
    """A configuration of a sweep, and what a study of its robustness found: ``evaluation`` holds its single numbers."""

    study: str
    """Name of the study; with the number it identifies the record."""
    settings: dict[str, Any]
    """The study file in its plain form."""
    curves: dict[str, list[float]] = field(default_factory=dict)
    """Metric -> its numbers along a curve, one a step."""
    table: list[dict[str, Any]] = field(default_factory=list)
    """Rows of the same columns, for people."""
    files: dict[str, Path] = field(default_factory=dict)
    """Name -> file to keep with the record."""


@dataclass(frozen=True, kw_only=True)
class Summary:
    """What is known of a sweep after its last trial."""

    finished: int
    """Configurations with an evaluation."""
    failed: int
    """Configurations without."""
    seconds: float
    """Duration of the sweep, s."""
    control: dict[str, Any]
    """Metric -> number of the same read-out on the raw samples."""
    pareto: list[dict[str, Any]]
    """The front: mappings with ``trial``, ``configuration`` and ``evaluation``."""
    best_accuracy: float | None = None
    """The highest accuracy on the validation part."""
    hypervolume: float | None = None
    """That of the front; only values of one sweep can be compared."""
    figures: dict[str, Path] = field(default_factory=dict)
    """Name -> picture to keep with the sweep."""
    files: dict[str, Path] = field(default_factory=dict)
    """Name -> other file to keep with it; the one named ``report`` is linked where the sweep is described."""


class Tracker(Protocol):
    """Keeps the records of one sweep at a time.

    The contract, checked by ``tests/tracking/test_tracker_conformance.py`` for every implementation:

    * **Order**: ``start``, any number of ``log``, ``finish``; ``log`` and ``finish`` before ``start`` raise
      ``TrackerError``.
    * **Idempotent**: starting a sweep whose records exist continues them. Logging a trial whose end is
      already kept changes nothing, also from another process, also after a crash in the middle of an earlier
      ``log``: one record a trial, always. Finishing again replaces the summary.
    * **Apart**: a sweep of the same name with another task, seed, file content or data, and a trial of the same number
      with another configuration, belong to someone else: ``RecordRefusedError``, and nothing is overwritten.
    * **Studies**: a ``StudyRecord`` is kept beside the trial of its number, not in its place; a study of the same name
      and number with other settings is refused as above.
    * **Failure**: any method may raise ``TrackerError``; the record is then not (or only partly) kept, and
      calling again with the same record completes it. ``RecordRefusedError`` says that calling again is of no
      use. No message holds a password.
    * **Threads**: callable from any thread; ``log`` from several at once, for different records, ``start`` and
      ``finish`` alone. No global state such as an "active run".
    """

    @property
    def place(self) -> str | None:
        """Where records outlive the process, without credentials; ``None`` if they do not, or nothing is there."""

    @property
    def writers(self) -> int:
        """How many calls of ``log`` at once are of use."""

    def start(self, sweep: SweepRecord) -> None:
        """Open the records of a sweep, or continue them."""

    def log(self, trial: TrialRecord) -> bool:
        """Keep a trial that has ended, or a study of one; returns whether it was missing until now."""

    def finish(self, summary: Summary) -> None:
        """Keep what the sweep came to."""

    def close(self) -> None:
        """Give up what is held, such as a process; ``start`` opens it again."""
