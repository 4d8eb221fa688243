"""AG News: tokens, vocabulary of the train part alone, published sizes, and broken files."""

import gzip
from pathlib import Path

import numpy as np
import pytest

from tasks import DataError, load_task
from tasks.data import agnews

TEXTS = ["Alpha beta's 7 gamma_delta", "alpha BETA", "alpha", "Été"]


def write(root: Path, rows: list[tuple[int, str]], test: str | None = None) -> None:
    (root / "agnews").mkdir()
    lines = ['"label","source","text"', *(f'"{label}","1","{text}"' for label, text in rows)]
    (root / "agnews/train_partial.csv.gz").write_bytes(gzip.compress("\n".join(lines).encode()))
    given = "".join(f'"{label}","Alpha, unseen","beta"\n' for label in range(1, 5)) if test is None else test
    (root / "agnews/test.csv").write_text(given)


def test_words_are_numbered_by_frequency(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path, [(label, text) for label, text in enumerate(TEXTS, start=1)])
    monkeypatch.setenv("MEMSWEEP_DATA", str(tmp_path))
    task = load_task("agnews", protocol="paper")
    # alpha 3, beta 2, then once each, by the alphabet: 7, delta, gamma, s, été
    assert task.train.x[:7, 0, 0].tolist() == [2, 3, 7, 4, 6, 5, 0]
    assert task.train.x[:2, 0, 3].tolist() == [8, 0]
    assert task.test.x[:4, 0, 0].tolist() == [2, 1, 3, 0]
    assert (task.words, task.steps, task.series, task.classes) == (8000, 64, 1, 4)
    assert task.train.x.dtype == np.int32


def test_vocabulary_is_that_of_the_train_part(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rows = [(label, f"common only{label}x{row}") for label in range(1, 5) for row in range(10)]
    write(tmp_path, rows)
    monkeypatch.setenv("MEMSWEEP_DATA", str(tmp_path))
    task = load_task("agnews")
    assert (task.train.cases, task.validation.cases) == (36, 4)
    assert (task.train.x[1] > 1).all()
    assert (task.validation.x[1] == 1).all()  # what only the validation part has is unknown


def test_the_whole_training_file_is_preferred(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path, [(label, text) for label, text in enumerate(TEXTS, start=1)])
    monkeypatch.setenv("MEMSWEEP_DATA", str(tmp_path))
    partial = load_task("agnews").train.cases
    rows = [f"{label},title {n},text" for label in (1, 2, 3, 4) for n in range(30)]
    (tmp_path / "agnews/train.csv").write_text("\n".join(rows))
    assert partial < load_task("agnews").train.cases == 4 * 27


BROKEN = {
    "columns": ("1,a\n", "line 1 has 2 columns"),
    "class": ("5,a,b\n", "starts with '5'"),
    "classes": ("1,a,b\n", "all four classes"),
    "bytes": ("1,a,\x00\n1,a,b\n", "all four classes|intact CSV"),
}


@pytest.mark.parametrize("what", BROKEN)
def test_broken_rows_are_told(what: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text, message = BROKEN[what]
    write(tmp_path, [(label, text) for label, text in enumerate(TEXTS, start=1)], text)
    monkeypatch.setenv("MEMSWEEP_DATA", str(tmp_path))
    with pytest.raises(DataError, match=message):
        load_task("agnews")


def test_broken_archives_are_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path, [(label, text) for label, text in enumerate(TEXTS, start=1)])
    monkeypatch.setenv("MEMSWEEP_DATA", str(tmp_path))
    path = tmp_path / "agnews/train_partial.csv.gz"
    whole = path.read_bytes()
    for damaged in (b"text", whole[:-20], whole[:20] + b"\xff" * 20 + whole[40:]):
        path.write_bytes(damaged)
        with pytest.raises(DataError, match="intact CSV file"):
            load_task("agnews")
    path.write_bytes(gzip.compress(b"something,else\n"))
    with pytest.raises(DataError, match="header label,source,text"):
        load_task("agnews")


@pytest.mark.usefixtures("real_data")
def test_real_files_have_the_published_counts() -> None:
    task = load_task("agnews")
    assert (task.train.cases, task.validation.cases, task.test.cases) == (25_146, 2_794, 7_600)
    both = np.bincount(task.train.y) + np.bincount(task.validation.y)
    assert both.tolist() == [7756, 6286, 6185, 7713]
    assert np.bincount(task.test.y).tolist() == [1900] * 4
    assert (task.train.x.min(), task.train.x.max()) == (0, agnews.WORDS - 1)
    words = task.test.x[task.test.x > 0]
    assert np.mean(words == 1) < 0.1  # the vocabulary covers most of what the test part says
