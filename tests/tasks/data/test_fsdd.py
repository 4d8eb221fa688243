"""Spoken digits: the official split, and the series against a slow computation from the definition."""

from pathlib import Path

import numpy as np
import pytest

from tasks import DataError, load_task
from tasks.data.fsdd import _LAGS


def write(root: Path, recordings: list[np.ndarray], **changes: np.ndarray) -> None:
    (root / "fsdd").mkdir()
    cases = len(recordings)
    content = {
        "audio": np.concatenate(recordings).astype(np.int16),
        "offsets": np.cumsum([0] + [len(recording) for recording in recordings]),
        "digit": np.arange(cases) % 2,
        "speaker": np.arange(cases) % 3,
        "take": np.arange(cases),
    }
    np.savez(root / "fsdd" / "fsdd.npz", **{**content, **changes})


def noise(*lengths: int) -> list[np.ndarray]:
    rng = np.random.default_rng(0)
    return [rng.normal(0, 3000, length).cumsum().clip(-32768, 32767) for length in lengths]


def test_series_are_those_of_the_definition(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    recordings = noise(*[900 + 700 * case for case in range(12)])
    write(tmp_path, recordings)
    monkeypatch.setenv("MEMSWEEP_DATA", str(tmp_path))
    task = load_task("fsdd")
    assert (task.train.cases, task.validation.cases, task.test.cases) == (2, 5, 5)
    for case in (0, 3):  # 900 samples: three frames, the third half full; 3,000 samples
        wave = np.zeros(8000)
        wave[: len(recordings[case])] = recordings[case].astype(np.int16)
        expected = np.zeros((16, 20))
        for frame in range(20):
            here = range(400 * frame, 400 * frame + 400)
            power = np.mean([wave[t] ** 2 for t in here])
            expected[0, frame] = np.sqrt(power)
            for series, lag in enumerate(_LAGS, start=1):
                moved = np.mean([(wave[t] - (wave[t - lag] if t >= lag else 0)) ** 2 for t in here])
                expected[series, frame] = min(1, moved / (4 * power + 36))
        expected[0] /= expected[0].max()
        np.testing.assert_allclose(task.test.x[:, :, case].T, expected, rtol=1e-4, atol=1e-6)
        assert not task.test.x[-1, :, case].any()


def test_broken_offsets_are_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path, noise(*[900] * 12), offsets=np.arange(13))
    monkeypatch.setenv("MEMSWEEP_DATA", str(tmp_path))
    with pytest.raises(DataError, match="offsets must cut audio into the 12 recordings"):
        load_task("fsdd")


@pytest.mark.usefixtures("real_data")
def test_official_split_holds_every_digit_and_speaker_alike() -> None:
    digits, speakers = load_task("fsdd"), load_task("fsdd_speaker")
    assert (digits.classes, speakers.classes) == (10, 6)
    for part, takes in (("train", 40), ("validation", 5), ("test", 5)):
        assert np.bincount(getattr(digits, part).y).tolist() == [6 * takes] * 10
        assert np.bincount(getattr(speakers, part).y).tolist() == [10 * takes] * 6
        np.testing.assert_array_equal(getattr(digits, part).x, getattr(speakers, part).x)
