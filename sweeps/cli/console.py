"""The console that all subcommands print on."""

import contextlib
import sys
from collections.abc import Iterator

from rich.console import Console

_PLAIN_WIDTH = 120
"""Width of what is written to a file or a pipe."""


def make_console(*, stderr: bool = False) -> Console:
    """A console as wide as the terminal; wide enough for tables where there is none."""
    stream = sys.stderr if stderr else sys.stdout
    return Console(stderr=stderr, highlight=False, width=None if stream.isatty() else _PLAIN_WIDTH)


@contextlib.contextmanager
def stdout_kept(keep: bool) -> Iterator[None]:
    """Keep standard output for what this program prints itself: Ray tells of dead nodes there, from a thread."""
    with contextlib.redirect_stdout(sys.stderr) if keep else contextlib.nullcontext():
        yield
