"""The console that all subcommands print on, and what is kept off it."""

import contextlib
import logging
import sys
import threading
from collections.abc import Iterator
from typing import Any, TextIO, cast

from rich.console import Console

_PLAIN_WIDTH = 120
"""Width of what is written to a file or a pipe."""


def make_console(*, stderr: bool = False) -> Console:
    """A console as wide as the terminal; wide enough for tables where there is none."""
    stream = sys.stderr if stderr else sys.stdout
    return Console(stderr=stderr, highlight=False, width=None if stream.isatty() else _PLAIN_WIDTH)


def is_live(console: Console) -> bool:
    """Whether a view may be drawn anew in place: on a terminal that can, of a user who wants it."""
    return console.is_terminal and not console.is_dumb_terminal and not console.no_color


@contextlib.contextmanager
def stdout_kept(keep: bool) -> Iterator[None]:
    """Keep standard output for the one JSON object; what else is printed goes to standard error."""
    with contextlib.redirect_stdout(sys.stderr) if keep else contextlib.nullcontext():
        yield


@contextlib.contextmanager
def warnings_above() -> Iterator[None]:
    """Log to where standard error leads now, such as above a live view."""
    handlers = [handler for handler in logging.getLogger().handlers if type(handler) is logging.StreamHandler]
    before = [handler.setStream(sys.stderr) for handler in handlers]
    try:
        yield
    finally:
        for handler, stream in zip(handlers, before, strict=True):
            if stream is not None:
                handler.setStream(stream)


@contextlib.contextmanager
def errors_only(wanted: bool) -> Iterator[None]:
    """Log errors, and no warnings."""
    before = logging.root.manager.disable
    if wanted:
        logging.disable(logging.WARNING)
    try:
        yield
    finally:
        logging.disable(before)


@contextlib.contextmanager
def ray_kept_silent() -> Iterator[None]:
    """Drop what Ray's own threads print, such as that a node has died: the executor says what matters of it."""
    with (
        contextlib.redirect_stdout(cast(TextIO, _WithoutRay(sys.stdout))),
        contextlib.redirect_stderr(cast(TextIO, _WithoutRay(sys.stderr))),
    ):
        yield


class _WithoutRay:
    """A stream that does not take what Ray's threads write."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def write(self, text: str) -> int:
        if threading.current_thread().name.startswith("ray_"):
            return len(text)
        return self._stream.write(text)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)
