"""The data sets: sizes, ranges and fixed parts, checked on the real files."""

import time

import numpy as np
import pytest

from tasks import TASKS, DataError, Task, load_task
from tasks.data.split import stratified_holdout

SIZES = {
    "digits": (8, 8, 1151, 287, 359),
    "mnist": (28, 28, 50_000, 10_000, 10_000),
    "sitw": (128, 1, 800, 200, 250),
    "fsdd": (20, 16, 2400, 300, 300),
    "fsdd_speaker": (20, 16, 2400, 300, 300),
    "utd_mhad": (60, 80, 120 * 16, 40 * 16, 159 * 16),
    "modelnet10": (32, 32, 3189 * 32, 795 * 32, 908 * 32),
}
PAPER_SIZES = {
    "mnist": (60_000, 10_000),
    "sitw": (1000, 250),
    "agnews": (27_940, 7600),
    "utd_mhad": (259 * 16, 60 * 16),
    "modelnet10": (795 * 32, 200 * 32),
}
SMALL_TYPES = {"utd_mhad": np.float16, "modelnet10": np.uint8}
MOST_SECONDS = 3
"""Of processor time, for loading a set."""


def check_shape(task: Task, steps: int, series: int, cases: tuple[int, int, int]) -> None:
    for part, expected in zip((task.train, task.validation, task.test), cases, strict=True):
        assert part.x.shape == (steps, series, expected)
        assert part.x.dtype == SMALL_TYPES.get(task.name, np.float32)
        assert part.x.flags.c_contiguous
        assert 0 <= part.x.min() < part.x.max() <= 1
        assert part.y.dtype == np.int64
        assert set(np.unique(part.y)) == set(range(task.classes))
        assert (part.y.reshape(-1, task.votes) == part.y[:: task.votes, None]).all()


def test_digits_come_with_the_package() -> None:
    steps, series, *cases = SIZES["digits"]
    check_shape(load_task("digits"), steps, series, tuple(cases))


@pytest.mark.parametrize("name", [name for name in SIZES if name != "digits"])
@pytest.mark.usefixtures("real_data")
def test_real_data_have_the_published_size(name: str) -> None:
    steps, series, *cases = SIZES[name]
    start = time.process_time()
    task = load_task(name)
    assert time.process_time() - start < MOST_SECONDS
    assert (task.name, task.protocol, task.words) == (name, "honest", 0)
    check_shape(task, steps, series, tuple(cases))


@pytest.mark.parametrize("name", PAPER_SIZES)
@pytest.mark.usefixtures("real_data")
def test_paper_protocol_is_the_authors_split_and_chooses_on_the_test_part(name: str) -> None:
    task = load_task(name, protocol="paper")
    assert task.optimistic
    assert (task.train.cases, task.test.cases) == PAPER_SIZES[name]
    assert task.validation is task.test


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


@pytest.mark.parametrize("name", sorted(set(TASKS) - {"arrays", "digits"}))
def test_missing_data_say_the_way_out(name: str, monkeypatch: pytest.MonkeyPatch, tmp_path: object) -> None:
    monkeypatch.delenv("MEMSWEEP_DATA", raising=False)
    with pytest.raises(DataError, match=r"MEMSWEEP_DATA is not set; set it .* or start with the task `digits`"):
        load_task(name)
    monkeypatch.setenv("MEMSWEEP_DATA", str(tmp_path))
    with pytest.raises(DataError, match=r"there is no such (file|folder); put it there"):
        load_task(name)


def test_unknown_task_suggests_the_nearest() -> None:
    with pytest.raises(DataError, match="did you mean 'mnist'"):
        load_task("mnits")


@pytest.mark.parametrize("name", ["digits", "arrays", "fsdd"])
def test_tasks_without_a_paper_protocol_say_so(name: str) -> None:
    with pytest.raises(DataError, match="has no protocol 'paper', for the paper does not have it; choose `honest`"):
        load_task(name, protocol="paper")


def test_unknown_protocol_says_the_choices() -> None:
    with pytest.raises(DataError, match="did you mean 'random'"):
        load_task("utd_mhad", protocol="randon")
    with pytest.raises(DataError, match=r"choose `honest` \(.*\), `random` \(.*\), `paper` \(.*\)\."):
        load_task("utd_mhad", protocol="x")


def test_every_task_has_the_default_protocol() -> None:
    assert all("honest" in source.protocols for source in TASKS.values())


@pytest.mark.usefixtures("real_data")
def test_sitw_paper_order_is_the_authors_shuffle() -> None:
    task = load_task("sitw", protocol="paper")
    # Columns are grouped by class, 125 each: the shuffled index begins 84, 1057, 100, 6, 717, 295, 1110, 1245.
    assert task.train.y[:8].tolist() == [0, 8, 0, 0, 5, 2, 8, 9]
    assert np.bincount(task.train.y).tolist() == [106, 105, 99, 103, 97, 103, 100, 91, 91, 105]


@pytest.mark.usefixtures("real_data")
def test_scans_look_at_the_same_images_from_four_sides() -> None:
    image = load_task("mnist").test.x[:, :, :3].transpose(2, 1, 0)  # [case, row, column]
    task = load_task("mnist_scans")
    assert (task.steps, task.series) == (28, 56)
    right, left, down, up = task.test.x[:, :, :3].reshape(28, 4, 14, 3).transpose(1, 3, 2, 0)
    np.testing.assert_allclose(right, image.reshape(3, 14, 2, 28).mean(axis=2), atol=1e-6)
    np.testing.assert_array_equal(left, right[..., ::-1])
    np.testing.assert_allclose(down, image.swapaxes(1, 2).reshape(3, 14, 2, 28).mean(axis=2), atol=1e-6)
    np.testing.assert_array_equal(up, down[..., ::-1])
