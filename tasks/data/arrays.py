"""The user's own data: an ``.npz`` with ``train_x``, ``train_y``, ``test_x``, ``test_y``.

``*_x`` is [case, series, time] of any real type, ``*_y`` holds the classes 0 to C-1. A series may be shorter
than the others: its tail is NaN. Values are scaled to [0, 1] by the minimum and maximum of the train part;
values of the test part outside that range are held at its ends. A fifth of each class of the train part, drawn
once for all, becomes the validation part.
"""

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tasks.data.archive import read_npz
from tasks.data.split import stratified_holdout
from tasks.errors import DataError
from tasks.task import Part, Task, time_major


def load(path: Path) -> Task:
    """Load and check a file; raises ``DataError`` naming the array, its rule and what it holds instead."""
    arrays = read_npz(path, ("train_x", "train_y", "test_x", "test_y"))
    train_x, train_y = _checked(path, arrays, "train")
    test_x, test_y = _checked(path, arrays, "test")
    if train_x.shape[1:] != test_x.shape[1:]:
        raise DataError(
            f"`{path}`: train_x and test_x must agree in series and time, but are {train_x.shape[1:]} "
            f"and {test_x.shape[1:]}; pad the shorter series with NaN at the end."
        )
    classes = _classes(path, train_y, test_y)
    low, high = np.nanmin(train_x), np.nanmax(train_x)
    if not low < high:
        raise DataError(f"`{path}`: train_x must vary, but every value is {low}; there is nothing to learn from.")
    kept, held = stratified_holdout(train_y, 0.2)

    def part(x: NDArray[Any], y: NDArray[np.int64]) -> Part:
        scaled = np.clip((x - low) / (high - low), 0, 1)
        return Part(time_major(np.nan_to_num(scaled, nan=0.0)), y)

    return Task(
        name="arrays",
        description=f"{path.name}: {train_x.shape[1]} series of {train_x.shape[2]} steps",
        classes=classes,
        train=part(train_x[kept], train_y[kept]),
        validation=part(train_x[held], train_y[held]),
        test=part(test_x, test_y),
    )


def _checked(path: Path, arrays: dict[str, NDArray[Any]], part: str) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Samples and classes of one part, checked for shape, type and holes."""
    x, y = arrays[f"{part}_x"], arrays[f"{part}_y"]
    if x.ndim != 3 or 0 in x.shape or x.dtype.kind not in "fiub":
        raise DataError(
            f"`{path}`: {part}_x must be real numbers [case, series, time], but is {x.dtype} of shape {x.shape}."
        )
    if y.shape != (len(x),) or y.dtype.kind not in "iu":
        raise DataError(
            f"`{path}`: {part}_y must be whole numbers, one for each of the {len(x)} cases of {part}_x, "
            f"but is {y.dtype} of shape {y.shape}."
        )
    x = x.astype(np.float64)
    if np.isinf(x).any():
        raise DataError(f"`{path}`: {part}_x must be finite, but holds infinity; remove or clip it.")
    hole = np.isnan(x)
    # A tail is a run of NaN that reaches the end: once NaN, always NaN.
    inside = hole[..., :-1] & ~hole[..., 1:]
    if inside.any() or hole[..., 0].any():
        case, series = np.argwhere(inside.any(axis=-1) | hole[..., 0])[0]
        raise DataError(
            f"`{path}`: NaN may only end a series that is shorter than the others, but {part}_x has NaN at the "
            f"start of or inside series {series} of case {case}; fill the hole or cut the series there."
        )
    return x, y.astype(np.int64)


def _classes(path: Path, train_y: NDArray[np.int64], test_y: NDArray[np.int64]) -> int:
    """Number of classes; labels must be 0..C-1, each present in the train part at least twice."""
    labels, counts = np.unique(train_y, return_counts=True)
    if len(labels) < 2:
        raise DataError(f"`{path}`: train_y must hold at least two classes, but holds only {labels.tolist()}.")
    if labels[0] != 0 or labels[-1] != len(labels) - 1:
        raise DataError(
            f"`{path}`: classes must be 0..C-1 without gaps, but train_y holds {_shorten(labels)}; renumber them, "
            "for example with np.unique(y, return_inverse=True)."
        )
    if counts.min() < 2:
        raise DataError(
            f"`{path}`: each class needs at least two training cases (one goes to validation), but class "
            f"{labels[counts.argmin()]} has one."
        )
    strange = np.setdiff1d(test_y, labels)
    if len(strange):
        raise DataError(f"`{path}`: test_y must hold classes of train_y only, but also holds {_shorten(strange)}.")
    return len(labels)


def _shorten(values: NDArray[np.int64]) -> str:
    """The first few of many values."""
    return f"{values[:8].tolist()}{' ...' if len(values) > 8 else ''}"
