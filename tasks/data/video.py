"""Video: how clips become frames, frames become series, and clips are split.

The frame rule is the authors' video code: frames 0, p, .. 15p with p = floor(T / 16) of a clip of T frames, reduced
to 60 x 80 by averages. A case is one frame: its 80 columns are 80 series that run down the 60 rows. The 16 frames of a
clip vote. Samples are kept in float16 (a grey level or a depth is exact to 0.05 %): half the memory.

======  ===============================  ====================
symbol  meaning                          shape
======  ===============================  ====================
frames  grey, in [0, 1]                  [clip, 16, 60, 80]
group   who or what a clip shows         [clip]
======  ===============================  ====================
"""

from collections.abc import Collection
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tasks.data.protocol import PAPER
from tasks.data.split import Split, shuffled, stratified_holdout
from tasks.errors import DataError
from tasks.task import Part, Task

FRAMES, ROWS, COLUMNS = 16, 60, 80
_TEST_SHARE = 0.2
_VALIDATION_SHARE = 1 / 8
"""Of what is not test: a tenth of all."""
_LUMA = np.array([0.299, 0.587, 0.114], np.float32)
"""Grey of red, green and blue, ITU-R BT.601."""


def chosen_frames(length: int) -> NDArray[np.int64]:
    """Which frames of a clip are used; raises ``DataError`` if it is shorter than 16."""
    if length < FRAMES:
        raise DataError(f"A clip must have at least {FRAMES} frames, but has {length}; leave it out.")
    return np.arange(FRAMES, dtype=np.int64) * (length // FRAMES)


def reduced(frame: NDArray[Any]) -> NDArray[np.float32]:
    """One frame [height, width] or [height, width, 3] -> its grey averages [60, 80]."""
    if (
        frame.ndim not in (2, 3)
        or frame.shape[0] < ROWS
        or frame.shape[1] < COLUMNS
        or frame.shape[2:] not in ((), (3,))
    ):
        raise DataError(
            f"A frame must be [height, width] or [height, width, 3] of at least {ROWS} x {COLUMNS}, "
            f"but has shape {frame.shape}."
        )
    grey = frame.astype(np.float32) if frame.ndim == 2 else frame @ _LUMA
    rows = np.arange(ROWS + 1) * frame.shape[0] // ROWS
    columns = np.arange(COLUMNS + 1) * frame.shape[1] // COLUMNS
    sums = np.add.reduceat(np.add.reduceat(grey, rows[:-1], axis=0), columns[:-1], axis=1)
    return (sums / np.outer(np.diff(rows), np.diff(columns))).astype(np.float32)


def random_split(y: NDArray[np.int64], protocol: str) -> Split:
    """80/20 of each class, drawn once for all; with ``paper`` everything is chosen on the test part."""
    rest, test = stratified_holdout(y, _TEST_SHARE)
    if protocol == PAPER:
        return Split(shuffled(rest), test, test)
    kept, held = stratified_holdout(y[rest], _VALIDATION_SHARE)
    return Split(shuffled(rest[kept]), rest[held], test)


def group_split(group: NDArray[Any], *, validation: Collection[int], test: Collection[int]) -> Split:
    """Whole groups for validation and test, all others for training."""
    in_validation, in_test = np.isin(group, list(validation)), np.isin(group, list(test))
    return Split(
        shuffled(np.flatnonzero(~in_validation & ~in_test)), np.flatnonzero(in_validation), np.flatnonzero(in_test)
    )


def video_task(
    name: str,
    description: str,
    *,
    class_names: tuple[str, ...],
    frames: NDArray[Any],
    y: NDArray[np.int64],
    split: Split,
    protocol: str,
) -> Task:
    """The task of some clips: frames [clip, 16, 60, 80] in [0, 1], classes [clip]."""

    def part(clips: NDArray[np.int64]) -> Part:
        x = frames[clips].astype(np.float16).transpose(2, 3, 0, 1)
        return Part(np.ascontiguousarray(x).reshape(ROWS, COLUMNS, -1), np.repeat(y[clips], FRAMES))

    train, validation, test = split.parts(part)
    return Task(
        name=name,
        description=f"{description}; 16 frames vote, 80 columns of a frame are 80 series of 60 pixels",
        classes=len(class_names),
        class_names=class_names,
        train=train,
        validation=validation,
        test=test,
        protocol=protocol,
        votes=FRAMES,
    )
