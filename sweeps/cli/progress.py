"""The live view of a running sweep: a bar in a terminal, a line now and then elsewhere."""

from types import TracebackType
from typing import Self

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    SpinnerColumn,
    TaskID,
    TextColumn,
    TimeRemainingColumn,
)
from rich.progress import Progress as RichProgress

from sweeps.spec import Spec
from sweeps.study import Record, State

_PLAIN_LINES = 10
"""Lines that a sweep prints where there is no terminal."""


class Progress:
    """Shows how a sweep goes; an observer of ``sweeps.run``."""

    def __init__(self, console: Console, *, silent: bool) -> None:
        """Take the console to draw on; ``silent`` draws nothing."""
        self._console = console
        self._silent = silent
        self._live = console.is_terminal and not silent
        self._bar = RichProgress(
            SpinnerColumn(),
            TextColumn("[bold]{task.description}"),
            BarColumn(bar_width=12),
            MofNCompleteColumn(),
            TextColumn("{task.fields[rate]}"),
            TimeRemainingColumn(compact=True),
            TextColumn("{task.fields[note]}"),
            console=console,
        )
        self._task: TaskID | None = None
        self._planned = 0
        self._done = 0
        self._failed = 0
        self._best = 0.0

    def __enter__(self) -> Self:
        """Start drawing."""
        if self._live:
            self._bar.start()
            self._task = self._bar.add_task("starting workers", total=None, rate="", note="")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop drawing, leaving the last state on the screen."""
        if self._live:
            self._bar.stop()

    def started(self, spec: Spec, *, workers: int, sampler: str, told: int) -> None:
        """Set the bar up."""
        self._planned, self._done = spec.trials, told
        label = f"{spec.name} on {workers} worker{'s' if workers > 1 else ''}"
        if self._live and self._task is not None:
            self._bar.reset(self._task, total=spec.trials, completed=told, description=label)
        elif not self._silent:
            self._console.print(f"{label}: {spec.trials} configurations, sampler {sampler}")

    def told(self, record: Record) -> None:
        """Move on by one trial."""
        self._done += 1
        if record.state is State.FAILED:
            self._failed += 1
        if record.evaluation:
            self._best = max(self._best, record.evaluation.accuracy)
        note = f"best {self._best:.3f}" + (f", {self._failed} failed" if self._failed else "")
        if self._live and self._task is not None:
            speed = self._bar.tasks[0].speed
            self._bar.update(self._task, completed=self._done, note=note, rate=f"{speed:.1f}/s" if speed else "")
        elif not self._silent and self._done * _PLAIN_LINES // self._planned > (
            (self._done - 1) * _PLAIN_LINES // self._planned
        ):
            self._console.print(f"{self._done}/{self._planned} configurations, accuracy: {note}")

    def scoring(self, configurations: int) -> None:
        """Say that the front is being scored."""
        if self._live and self._task is not None:
            self._bar.update(self._task, description=f"scoring {configurations} chosen on the test part")
        elif not self._silent:
            self._console.print(f"scoring the {configurations} configurations of the front on the test part")
