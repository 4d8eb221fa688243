"""Showing a sweep that runs here: a live panel in a terminal, a line now and then elsewhere."""

import contextlib
import time
from collections.abc import Sequence
from dataclasses import replace
from types import TracebackType
from typing import Self

from rich.console import Console, RenderableType
from rich.live import Live
from rich.text import Text

from sweeps.cli.console import is_live, warnings_above
from sweeps.cli.view import State, line, make_state, render
from sweeps.heartbeat import Vitals
from sweeps.spec import Spec
from sweeps.standing import Standing
from sweeps.study import Record

REFRESHES_per_s = 4
_PLAIN_LINES = 10
"""Lines that a sweep prints where there is no terminal."""


class Progress:
    """Shows how a sweep goes; an observer of ``sweeps.run``."""

    def __init__(self, console: Console, spec: Spec, *, silent: bool) -> None:
        """Take the console to draw on, and the sweep; ``silent`` draws nothing."""
        self._console, self._spec = console, spec
        self._plain = not silent and not is_live(console)
        self._live = not silent and is_live(console)
        self._doing = "starting"
        self._standing = Standing(spec)
        self._vitals: Vitals | None = None
        self._at_s = 0.0
        self._open = contextlib.ExitStack()
        self._view: Live | None = None
        self._started = False

    def __enter__(self) -> Self:
        """Start drawing, until the sweep has started a line that does not stay."""
        if self._live:
            self._view = Live(
                console=self._console,
                get_renderable=self._picture,
                refresh_per_second=REFRESHES_per_s,
                transient=True,
            )
            self._open.enter_context(self._view)
            self._open.enter_context(warnings_above())
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop drawing, leaving the last state of a sweep that has started on the screen."""
        self._doing = "ended"
        self._open.close()

    def started(self, spec: Spec, *, workers: int, sampler: str, ended: Sequence[Record]) -> None:
        """Begin with the trials that have ended."""
        for record in ended:
            self._standing.add(record)
        self._started = True
        if self._view is not None:
            self._view.transient = False
        if self._plain:
            label = f"{spec.name} on {workers} worker{'s' if workers > 1 else ''}"
            self._console.print(f"{label}: {spec.trials} configurations, sampler {sampler}")

    def told(self, record: Record) -> None:
        """Take in one trial."""
        self._standing.add(record)
        done, planned = self._standing.ended, self._spec.trials
        if self._plain and done * _PLAIN_LINES // planned > (done - 1) * _PLAIN_LINES // planned:
            self._console.print(line(self._state()))

    def scoring(self, configurations: int) -> None:
        """Say that the front is being scored."""
        if self._plain:
            self._console.print(f"scoring the {configurations} configurations of the front on the test part")

    def beat(self, vitals: Vitals) -> None:
        """Take in how the run does."""
        self._doing = str(vitals.phase)
        self._vitals, self._at_s = vitals, time.monotonic()

    def _state(self) -> State:
        return make_state(self._spec.name, self._spec.trials, self._doing, self._standing, self._vitals)

    def _picture(self) -> RenderableType:
        if not self._started:
            return Text(f"{self._spec.name}: {self._doing}", style="dim")
        state, since_s = self._state(), time.monotonic() - self._at_s
        # The clock goes on while the driver is busy.
        return render(state if state.elapsed_s is None else replace(state, elapsed_s=state.elapsed_s + since_s))
