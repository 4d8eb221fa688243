"""Ctrl-C and SIGTERM as a wish to stop."""

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any


@contextmanager
def stop_on_signal() -> Iterator[Callable[[], bool]]:
    """Turn the first Ctrl-C or SIGTERM into a wish to stop, which what is given tells; the second one acts as usual."""
    stopped = False

    def ask_to_stop(number: int, _: FrameType | None) -> None:
        nonlocal stopped
        stopped = True
        signal.signal(number, previous[number])

    previous: dict[int, Any] = {}
    try:
        for wanted in (signal.SIGINT, signal.SIGTERM):
            previous[wanted] = signal.signal(wanted, ask_to_stop)
    except ValueError:
        previous.clear()  # Not the main thread: the caller's signals are the caller's.
    try:
        yield lambda: stopped
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)
