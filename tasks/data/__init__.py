"""The data sets, one a file, and the register that sweep files name them by."""

import difflib
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import NamedTuple

from tasks.data import (
    agnews,
    arrays,
    digits,
    fsdd,
    mnist,
    mnist_scans,
    modelnet10,
    modelnet10_lines,
    sitw,
    ucf101,
    utd_mhad,
)
from tasks.data.protocol import HONEST, check_protocol
from tasks.errors import DataError
from tasks.task import Task


class TaskSource(NamedTuple):
    """How a task is loaded."""

    summary: str
    """One line for ``memsweep tasks``."""
    load: Callable[[Path | None, str], Task]
    """Loads it; the path is for tasks that read a file of the user's, the word is one of ``protocols``."""
    protocols: dict[str, str]
    """Protocol -> how it cuts the parts; ``honest`` is always there."""


def _load_arrays(path: Path | None, protocol: str) -> Task:
    if path is None:
        raise DataError("The task `arrays` needs a path; write `task: {kind: arrays, path: my.npz}`.")
    return arrays.load(path)


def _without_path(name: str, load: Callable[[str], Task], path: Path | None, protocol: str) -> Task:
    if path is not None:
        raise DataError(f"The task `{name}` reads no file of yours; leave `path` out or use the task `arrays`.")
    return load(protocol)


def _source(name: str, summary: str, load: Callable[[str], Task], protocols: dict[str, str]) -> TaskSource:
    return TaskSource(f"{summary}, from MEMSWEEP_DATA", partial(_without_path, name, load), protocols)


TASKS: dict[str, TaskSource] = {
    "digits": TaskSource(
        "image: 8x8 handwritten digits, ships with the package",
        partial(_without_path, "digits", lambda protocol: digits.load()),
        {HONEST: "1,151 train, 287 validation, 359 test"},
    ),
    "mnist": _source("mnist", "image: 28x28 handwritten digits", mnist.load, mnist.PROTOCOLS),
    "mnist_scans": _source(
        "mnist_scans",
        "image: the same digits, looked through in four directions",
        mnist_scans.load,
        mnist_scans.PROTOCOLS,
    ),
    "sitw": _source("sitw", "audio: 10 speakers, the paper's own features", sitw.load, sitw.PROTOCOLS),
    "fsdd": _source("fsdd", "audio: spoken digits from the waveform", fsdd.load, fsdd.PROTOCOLS),
    "fsdd_speaker": _source(
        "fsdd_speaker",
        "audio: 6 speakers of spoken digits from the waveform",
        partial(fsdd.load, label="speaker"),
        fsdd.PROTOCOLS,
    ),
    "agnews": _source(
        "agnews", "text: news in 4 classes, as words (learned kinetics only)", agnews.load, agnews.PROTOCOLS
    ),
    "utd_mhad": _source("utd_mhad", "video: 10 sport-like actions in depth frames", utd_mhad.load, utd_mhad.PROTOCOLS),
    "ucf101": TaskSource(
        "video: 10 sports of UCF101, from clips of yours in a folder or in MEMSWEEP_DATA", ucf101.load, ucf101.PROTOCOLS
    ),
    "modelnet10": _source(
        "modelnet10", "3-D object: 10 kinds of furniture, voxels in slices", modelnet10.load, modelnet10.PROTOCOLS
    ),
    "modelnet10_lines": _source(
        "modelnet10_lines",
        "3-D object: the same furniture, looked through along its axes",
        modelnet10_lines.load,
        modelnet10_lines.PROTOCOLS,
    ),
    "arrays": TaskSource(
        "your own .npz: {kind: arrays, path: my.npz}",
        _load_arrays,
        {HONEST: "your train and test part, a fifth of the train part for validation"},
    ),
}
"""Every task by its name."""


def load_task(name: str, path: Path | None = None, protocol: str = HONEST) -> Task:
    """Load a task.

    Args:
        name: one of ``TASKS``.
        path: the user's own file (``arrays``) or folder (``ucf101``).
        protocol: how the parts are cut: ``honest`` keeps the test part out of every choice, ``paper`` is the
            authors' way, where they have one; a task may name others.

    Raises:
        DataError: there is no task or protocol of that name, or the data are not in order.
    """
    if name not in TASKS:
        near = difflib.get_close_matches(name, TASKS, n=1)
        hint = f"did you mean {near[0]!r}?" if near else f"the tasks are {', '.join(TASKS)}."
        raise DataError(f"There is no task {name!r}; {hint}")
    check_protocol(name, protocol, TASKS[name].protocols)
    return TASKS[name].load(path, protocol)
