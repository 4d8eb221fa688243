"""Voxels: the layout on grids made by hand, the splits on the real ones."""

from pathlib import Path

import numpy as np
import pytest

from tasks import DataError, load_task


def write(root: Path, **changes: np.ndarray) -> None:
    (root / "modelnet10").mkdir(exist_ok=True)
    train = np.zeros((12, 30, 30, 30), np.uint8)
    train[:, 4, 9, 20] = 1
    train[3] = 0
    content = {
        "train_voxels": train,
        "test_voxels": train[:4],
        "train_labels": np.repeat([0, 1], 6),
        "test_labels": np.array([0, 0, 1, 1]),
        "train_model_number": np.tile(np.arange(1, 7), 2),
        "class_names": np.array(["a", "b"]),
    }
    np.savez(root / "modelnet10/modelnet10_vox30.npz", **{**content, **changes})


def test_slices_are_horizontal_and_padded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path)
    monkeypatch.setenv("MEMSWEEP_DATA", str(tmp_path))
    task = load_task("modelnet10")
    assert task.validation.cases == 2 * 32  # numbers 5
    assert task.train.cases == 9 * 32  # without the empty one
    assert task.test.cases == 4 * 32  # the empty one stays
    # Voxel (4, 9) at height 20: row 4 is a series, 9 its step, 20 the slice, all moved by the padding.
    assert np.argwhere(task.validation.x).tolist() == [[10, 5, 21], [10, 5, 32 + 21]]


def test_lines_run_along_all_axes_both_ways(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path)
    monkeypatch.setenv("MEMSWEEP_DATA", str(tmp_path))
    x = load_task("modelnet10_lines").validation.x
    assert x.shape == (24, 864, 2)
    # Voxel (4, 9, 20) of 30^3 is (1, 6, 17) of the central 24^3; of each 2 x 2 lines one holds it.
    at = {0: (1, 6 // 2 * 12 + 17 // 2), 1: (6, 1 // 2 * 12 + 17 // 2), 2: (17, 1 // 2 * 12 + 6 // 2)}
    expected = []
    for axis, (step, line) in at.items():
        expected += [(step, axis * 288 + line), (23 - step, axis * 288 + 144 + line)]
    assert sorted(map(tuple, np.argwhere(x[:, :, 0]).tolist())) == sorted(expected)
    assert set(np.unique(x)) == {0, 0.25}


def test_misshapen_grids_are_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MEMSWEEP_DATA", str(tmp_path))
    write(tmp_path, test_voxels=np.zeros((4, 30, 30), np.uint8))
    with pytest.raises(DataError, match=r"test_voxels must be \[model, n, n, n\], n <= 32, but is \(4, 30, 30\)"):
        load_task("modelnet10")
    write(tmp_path, train_labels=np.zeros(3, np.uint8))
    with pytest.raises(DataError, match="train_voxels must be"):
        load_task("modelnet10")


@pytest.mark.usefixtures("real_data")
def test_real_splits_have_the_published_counts() -> None:
    task = load_task("modelnet10")
    models = [np.bincount(part.y) // 32 for part in (task.train, task.validation, task.test)]
    # The published train counts less the seven empty grids: five bathtubs, a table, a toilet.
    assert (models[0] + models[1]).tolist() == [101, 515, 889, 200, 200, 465, 200, 680, 391, 343]
    assert models[2].tolist() == [50, 100, 100, 86, 86, 100, 86, 100, 100, 100]
    paper = load_task("modelnet10", protocol="paper")
    assert (np.bincount(paper.train.y) // 32).tolist() == [75, 80, 80, 80, 80, 80, 80, 80, 80, 80]
    assert (np.bincount(paper.test.y) // 32).tolist() == [20] * 10
