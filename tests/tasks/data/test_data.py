"""The data sets: sizes, ranges and fixed parts, checked on the real files."""

import numpy as np
import pytest

from tasks import DataError, Task, load_task
from tasks.data.split import stratified_holdout

SIZES = {
    "digits": (8, 8, 1151, 287, 359),
    "mnist": (28, 28, 50_000, 10_000, 10_000),
    "sitw": (128, 1, 800, 200, 250),
}


def check_shape(task: Task, steps: int, series: int, cases: tuple[int, int, int]) -> None:
    for part, expected in zip((task.train, task.validation, task.test), cases, strict=True):
        assert part.x.shape == (steps, series, expected)
        assert part.x.dtype == np.float32
        assert part.x.flags.c_contiguous
        assert 0 <= part.x.min() < part.x.max() <= 1
        assert set(np.unique(part.y)) == set(range(task.classes))


def test_digits_come_with_the_package() -> None:
    steps, series, *cases = SIZES["digits"]
    check_shape(load_task("digits"), steps, series, tuple(cases))


@pytest.mark.parametrize("name", ["mnist", "sitw"])
@pytest.mark.usefixtures("real_data")
def test_real_data_have_the_published_size(name: str) -> None:
    steps, series, *cases = SIZES[name]
    check_shape(load_task(name), steps, series, tuple(cases))


@pytest.mark.usefixtures("real_data")
def test_mnist_keeps_the_original_order() -> None:
    task = load_task("mnist")
    assert task.train.y[:10].tolist() == [5, 0, 4, 1, 9, 2, 1, 3, 1, 4]
    assert task.test.y[:10].tolist() == [7, 2, 1, 0, 4, 1, 4, 9, 5, 9]
    # The first image is a 5: its rows are series, so the middle series are the busy ones.
    busy = task.train.x[:, :, 0].sum(axis=0)
    assert busy[14] > busy[0] == 0


@pytest.mark.usefixtures("real_data")
def test_sitw_test_part_is_the_authors() -> None:
    # Classes of the authors' last 250 cases after their shuffle, counted from the published rule.
    counts = np.bincount(load_task("sitw").test.y)
    assert counts.tolist() == [19, 20, 26, 22, 28, 22, 25, 34, 34, 20]


def test_parts_do_not_overlap() -> None:
    task = load_task("digits")
    seen = [
        {case.tobytes() for case in np.ascontiguousarray(part.x.transpose(2, 1, 0))}
        for part in (task.train, task.validation, task.test)
    ]
    assert not seen[0] & seen[1]
    assert not seen[0] & seen[2]
    assert not seen[1] & seen[2]


def test_holdout_takes_its_share_of_every_class() -> None:
    y = np.repeat([0, 1, 2], [100, 50, 10])
    kept, held = stratified_holdout(y, 0.2)
    assert np.bincount(y[held]).tolist() == [20, 10, 2]
    assert sorted([*kept, *held]) == list(range(160))


@pytest.mark.parametrize("name", ["mnist", "sitw"])
def test_missing_data_say_the_way_out(name: str, monkeypatch: pytest.MonkeyPatch, tmp_path: object) -> None:
    monkeypatch.delenv("MEMSWEEP_DATA", raising=False)
    with pytest.raises(DataError, match=r"MEMSWEEP_DATA is not set; set it .* or start with the task `digits`"):
        load_task(name)
    monkeypatch.setenv("MEMSWEEP_DATA", str(tmp_path))
    with pytest.raises(DataError, match="there is no such file; put it there"):
        load_task(name)


def test_unknown_task_suggests_the_nearest() -> None:
    with pytest.raises(DataError, match="did you mean 'mnist'"):
        load_task("mnits")
