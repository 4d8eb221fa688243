"""The data sets, one a file, and the register that sweep files name them by."""

import difflib
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import NamedTuple

from tasks.data import arrays, digits, mnist, sitw
from tasks.errors import DataError
from tasks.task import Task


class TaskSource(NamedTuple):
    """How a task is loaded."""

    summary: str
    """One line for ``memsweep tasks``."""
    load: Callable[[Path | None], Task]
    """Loads it; the path is for tasks that read a file of the user's."""


def _load_arrays(path: Path | None) -> Task:
    if path is None:
        raise DataError("The task `arrays` needs a path; write `task: {kind: arrays, path: my.npz}`.")
    return arrays.load(path)


def _without_path(name: str, load: Callable[[], Task], path: Path | None) -> Task:
    if path is not None:
        raise DataError(f"The task `{name}` reads no file of yours; leave `path` out or use the task `arrays`.")
    return load()


TASKS: dict[str, TaskSource] = {
    "digits": TaskSource(
        "image: 8x8 handwritten digits, ships with the package", partial(_without_path, "digits", digits.load)
    ),
    "mnist": TaskSource(
        "image: 28x28 handwritten digits, from MEMSWEEP_DATA", partial(_without_path, "mnist", mnist.load)
    ),
    "sitw": TaskSource(
        "audio: 10 speakers, the paper's own features, from MEMSWEEP_DATA",
        partial(_without_path, "sitw", sitw.load),
    ),
    "arrays": TaskSource("your own .npz: {kind: arrays, path: my.npz}", _load_arrays),
}
"""Every task by its name."""


def load_task(name: str, path: Path | None = None) -> Task:
    """Load a task; raises ``DataError`` if there is none of that name or its data are not in order."""
    if name not in TASKS:
        near = difflib.get_close_matches(name, TASKS, n=1)
        hint = f"did you mean {near[0]!r}?" if near else f"the tasks are {', '.join(TASKS)}."
        raise DataError(f"There is no task {name!r}; {hint}")
    return TASKS[name].load(path)
