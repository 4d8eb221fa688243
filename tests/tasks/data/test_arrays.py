"""The user's own arrays: what is taken, how it is scaled, and a clear error for every mistake."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tasks import DataError, load_task


def arrays(**changes: Any) -> dict[str, Any]:
    rng = np.random.default_rng(0)
    base: dict[str, Any] = {
        "train_x": rng.normal(size=(20, 3, 5)),
        "train_y": np.arange(20) % 2,
        "test_x": rng.normal(size=(6, 3, 5)),
        "test_y": np.arange(6) % 2,
    }
    return {**base, **changes}


def save(path: Path, content: dict[str, Any]) -> Path:
    np.savez(path, **content)
    return path


def test_values_are_scaled_by_the_train_part_and_tails_get_no_pulse(tmp_path: Path) -> None:
    content = arrays()
    content["train_x"] = np.linspace(-1, 3, 300).reshape(20, 3, 5)
    content["train_x"][4, 1, 3:] = np.nan
    content["test_x"] = np.full((6, 3, 5), 7.0)
    content["test_x"][0, 0, 0] = 1.0
    task = load_task("arrays", save(tmp_path / "own.npz", content))
    x = np.concatenate([task.train.x, task.validation.x], axis=2)
    assert (task.steps, task.series, task.classes) == (5, 3, 2)
    assert (task.train.cases, task.validation.cases, task.test.cases) == (16, 4, 6)  # a fifth of each class is held out
    assert x.min() == 0
    assert x.max() == 1
    # -1..3 becomes 0..1, so 1 becomes 1/2, and what lies above the train part is held at 1.
    assert task.test.x[0, 0, 0] == 0.5
    assert task.test.x[1, 0, 0] == 1
    ended = np.flatnonzero((x[3:, 1] == 0).all(axis=0))
    assert len(ended) == 1


def with_entry(array: np.ndarray[Any, Any], index: Any, value: Any) -> np.ndarray[Any, Any]:
    changed = array.copy()
    changed[index] = value
    return changed


BASE = arrays()
MISTAKES = {
    "labels not from 0": (arrays(train_y=BASE["train_y"] + 1), "classes must be 0..C-1"),
    "labels with a gap": (arrays(train_y=BASE["train_y"] * 2), r"train_y holds \[0, 2\]; renumber them"),
    "labels not whole": (arrays(train_y=BASE["train_y"] * 1.0), "train_y must be whole numbers"),
    "one class only": (arrays(train_y=np.zeros(20, int)), "at least two classes"),
    "class with one case": (arrays(train_y=np.array([1] + [0] * 19)), "at least two training cases"),
    "strange test class": (arrays(test_y=np.full(6, 9)), "test_y must hold classes of train_y only"),
    "NaN inside": (
        arrays(train_x=with_entry(BASE["train_x"], (7, 2, 3), np.nan)),
        "NaN at the start of or inside series 2 of case 7",
    ),
    "NaN at the start": (
        arrays(test_x=with_entry(BASE["test_x"], (1, 0), np.nan)),
        "inside series 0 of case 1",
    ),
    "infinity": (arrays(test_x=with_entry(BASE["test_x"], (0, 0, 0), np.inf)), "test_x must be finite"),
    "two axes": (arrays(train_x=BASE["train_x"][:, 0]), r"\[case, series, time\], but is float64"),
    "lengths differ": (arrays(train_y=BASE["train_y"][:-1]), "one for each of the 20 cases"),
    "series differ": (arrays(test_x=BASE["test_x"][:, :2]), "must agree in series and time"),
    "constant": (arrays(train_x=np.ones((20, 3, 5))), "train_x must vary"),
    "text": (arrays(train_x=np.full((20, 3, 5), "a")), "train_x must be real numbers"),
    "objects": (arrays(train_x=np.full((20, 3, 5), None)), "intact .npz of plain arrays"),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_every_mistake_has_its_message(mistake: str, tmp_path: Path) -> None:
    content, message = MISTAKES[mistake]
    with pytest.raises(DataError, match=message):
        load_task("arrays", save(tmp_path / "own.npz", content))


def test_missing_array_is_named(tmp_path: Path) -> None:
    content = arrays()
    del content["test_y"]
    with pytest.raises(DataError, match="lacks test_y"):
        load_task("arrays", save(tmp_path / "own.npz", content))


def test_corrupt_file_is_told(tmp_path: Path) -> None:
    path = save(tmp_path / "own.npz", arrays())
    whole = path.read_bytes()
    for damaged in (b"not a zip at all", whole[: len(whole) // 2], whole[:200] + bytes(200) + whole[400:]):
        path.write_bytes(damaged)
        with pytest.raises(DataError, match=r"intact \.npz"):
            load_task("arrays", path)


def test_single_array_and_missing_file_are_told(tmp_path: Path) -> None:
    np.save(tmp_path / "single.npy", np.zeros(3))
    with pytest.raises(DataError, match="single array"):
        load_task("arrays", tmp_path / "single.npy")
    with pytest.raises(DataError, match="no such file"):
        load_task("arrays", tmp_path / "none.npz")
