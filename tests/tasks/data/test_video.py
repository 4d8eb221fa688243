"""Video: the frame rule, the layout, splits by subject and group, clips of the user's and their mistakes."""

import sys
from pathlib import Path

import numpy as np
import pytest

from tasks import DataError, Task, load_task
from tasks.data import ucf101
from tasks.data.video import chosen_frames, reduced


def test_frame_rule_is_the_authors() -> None:
    assert chosen_frames(16).tolist() == list(range(16))
    assert chosen_frames(47).tolist() == list(range(0, 32, 2))
    with pytest.raises(DataError, match="at least 16 frames, but has 15"):
        chosen_frames(15)


def test_frames_become_grey_averages() -> None:
    frame = np.arange(240 * 320, dtype=np.float32).reshape(240, 320)
    np.testing.assert_allclose(reduced(frame), frame.reshape(60, 4, 80, 4).mean(axis=(1, 3)), rtol=1e-6)
    green = np.zeros((61, 83, 3), np.uint8)
    green[:, :, 1] = 100
    np.testing.assert_allclose(reduced(green), np.full((60, 80), 58.7), rtol=1e-6)
    small = np.arange(4800, dtype=np.uint8).reshape(60, 80)
    np.testing.assert_array_equal(reduced(small), small)
    for shape in ((59, 80), (60, 80, 4), (60,)):
        with pytest.raises(DataError, match="at least 60 x 80"):
            reduced(np.zeros(shape, np.uint8))


CLASSES = ("Archery", "Bowling", "YoYo")


@pytest.fixture
def clips(tmp_path: Path) -> Path:
    """Clips of three classes and ten groups; the grey of a clip says its class and group, that of a pixel its place."""
    rng = np.random.default_rng(0)
    for label, name in enumerate(CLASSES):
        (tmp_path / name).mkdir()
        for group in (1, 5, 8, 11, 12, 25):
            frames = np.full((20 + group, 60, 80), 80 * label + 2 * group, np.uint8)
            frames[:, 3, 7] = 255
            frames[:, 50] = rng.integers(0, 255, (20 + group, 80))
            np.savez(tmp_path / name / f"v_{name}_g{group:02d}_c01.npz", frames=frames)
    return tmp_path


def groups(task: Task, part: str) -> list[list[int]]:
    levels = getattr(task, part).x[0, 0, :: task.votes].astype(float) * 255
    return [
        sorted(round((level - 80 * label) / 2) for level in levels[labels]) for label, labels in by_class(task, part)
    ]


def by_class(task: Task, part: str) -> list[tuple[int, np.ndarray]]:
    y = getattr(task, part).y[:: task.votes]
    return [(label, y == label) for label in range(task.classes)]


def test_clips_are_split_by_groups(clips: Path) -> None:
    task = load_task("ucf101", clips)
    assert (task.classes, task.votes, task.steps, task.series) == (3, 16, 60, 80)
    assert groups(task, "train") == [[11, 12, 25]] * 3
    assert groups(task, "validation") == [[8]] * 3
    assert groups(task, "test") == [[1, 5]] * 3
    # Pixel (3, 7): step 3 of series 7.
    assert (task.train.x[3, 7] == 1).all()
    assert task.train.x.flags.c_contiguous


def test_random_and_paper_protocols_share_their_test_part(clips: Path) -> None:
    random, paper = (load_task("ucf101", clips, protocol) for protocol in ("random", "paper"))
    np.testing.assert_array_equal(random.test.x, paper.test.x)
    assert paper.validation is paper.test
    assert [part.cases // 16 for part in (random.train, random.validation, random.test)] == [12, 3, 3]
    assert paper.train.cases == 15 * 16


def test_colour_clips_and_sizes_of_ucf_are_taken(clips: Path) -> None:
    frames = np.random.default_rng(1).integers(0, 255, (33, 240, 320, 3)).astype(np.uint8)
    path = clips / "Archery/v_Archery_g02_c01.npz"
    np.savez(path, frames=frames)
    read = ucf101.read_clip(path)
    grey = frames[::2][:16] @ np.array([0.299, 0.587, 0.114])
    np.testing.assert_allclose(read, grey.reshape(16, 60, 4, 80, 4).mean(axis=(2, 4)), rtol=1e-5)


def test_folder_in_the_data_is_the_default(clips: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    clips.rename(clips.parent / "ucf101")
    monkeypatch.setenv("MEMSWEEP_DATA", str(clips.parent))
    assert load_task("ucf101").classes == 3


def save(path: Path, frames: np.ndarray) -> None:
    np.savez(path, frames=frames)


@pytest.mark.parametrize(
    ("name", "frames", "message"),
    [
        ("v_YoYo_g01_c02", np.zeros((9, 60, 80), np.uint8), "v_YoYo_g01_c02.npz.*at least 16 frames"),
        ("v_YoYo_g01_c02", np.zeros((20, 30, 80), np.uint8), "at least 60 x 80"),
        ("v_YoYo_g01_c02", np.zeros((20, 60, 80)), "must be uint8, but are float64"),
        ("holiday", np.zeros((20, 60, 80), np.uint8), "must end in _g<group>_c<clip>"),
    ],
)
def test_every_mistake_in_a_clip_is_told(clips: Path, name: str, frames: np.ndarray, message: str) -> None:
    save(clips / "YoYo" / f"{name}.npz", frames)
    with pytest.raises(DataError, match=message):
        load_task("ucf101", clips)


def test_missing_groups_and_classes_are_told(clips: Path) -> None:
    for path in clips.glob("*/*_g08_*"):
        path.unlink()
    with pytest.raises(DataError, match="its validation part has 0; add clips or choose another protocol"):
        load_task("ucf101", clips)
    with pytest.raises(DataError, match="at least two of the classes"):
        load_task("ucf101", clips / "Archery")


def test_video_files_without_a_decoder_say_what_to_install(clips: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (clips / "YoYo/v_YoYo_g01_c02.avi").write_bytes(b"RIFF")
    monkeypatch.setitem(sys.modules, "imageio.v3", None)
    with pytest.raises(DataError, match=r"pip install memsweep\[video\]"):
        load_task("ucf101", clips)


def test_converted_videos_are_read_in_their_place(clips: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    video = clips / "YoYo/v_YoYo_g02_c01.avi"
    video.write_bytes(b"RIFF")
    decoded = [np.full((60, 80), level, np.float32) for level in range(40)]
    monkeypatch.setattr(ucf101, "_decode", lambda path: decoded)
    assert ucf101.convert(clips) == 1
    assert ucf101.convert(clips) == 0
    assert ucf101.read_clip(video.with_suffix(".npz"))[:, 0, 0].tolist() == list(range(0, 32, 2))
    monkeypatch.delattr(ucf101, "_decode")
    assert load_task("ucf101", clips).test.cases == 7 * 16
    assert not list(clips.glob("*/.*"))


# imageio-ffmpeg leaves the closing of its pipes to the garbage collector.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_video_files_are_decoded_if_a_decoder_is_there(clips: Path) -> None:
    imageio = pytest.importorskip("imageio.v3", reason="needs the extra `video`")
    pytest.importorskip("imageio_ffmpeg", reason="needs the extra `video`")
    frames = np.repeat(np.arange(0, 240, 12, dtype=np.uint8), 240 * 320 * 3).reshape(20, 240, 320, 3)
    path = clips / "YoYo/v_YoYo_g02_c01.mp4"
    imageio.imwrite(path, frames, plugin="FFMPEG", fps=25)
    read = ucf101.read_clip(path)
    # A lossy codec: grey levels survive to a few of 255.
    np.testing.assert_allclose(read.mean(axis=(1, 2)), np.arange(0, 192, 12), atol=6)


@pytest.fixture
def whole_sequences(real_data: Path) -> dict[str, np.ndarray]:
    with np.load(real_data / "utd_mhad/utd_mhad_depth_16x60x80.npz") as content:
        return {name: content[name] for name in ("action", "subject")}


def test_utd_mhad_has_the_published_counts(whole_sequences: dict[str, np.ndarray]) -> None:
    task = load_task("utd_mhad")
    per_class = [np.bincount(getattr(task, part).y) // 16 for part in ("train", "validation", "test")]
    assert per_class[0].tolist() == [12] * 10  # three subjects, four trials
    assert per_class[1].tolist() == [4] * 10
    assert per_class[2].tolist() == [16] * 9 + [15]  # (27, 8, 4) was withdrawn by the publishers
    random = load_task("utd_mhad", protocol="random")
    assert [part.cases // 16 for part in (random.train, random.validation, random.test)] == [229, 30, 60]


@pytest.mark.usefixtures("real_data")
def test_utd_mhad_frames_keep_the_figure_and_drop_what_stands_still() -> None:
    x = load_task("utd_mhad").train.x.astype(np.float32)
    assert 0.05 < np.mean(x > 0) < 0.6
    # The figure was centred: most of what moves is in the middle of the 60 steps and 80 series.
    middle = x[10:50, 20:60].sum() / x.sum()
    assert middle > 0.8


def test_empty_and_misshapen_depth_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MEMSWEEP_DATA", str(tmp_path))
    (tmp_path / "utd_mhad").mkdir()
    path = tmp_path / "utd_mhad/utd_mhad_depth_16x60x80.npz"
    labels = {"action": np.array([5, 5, 7]), "subject": np.array([1, 2, 7])}
    np.savez(path, depth=np.zeros((3, 16, 60, 80), np.uint16), **labels)
    with pytest.raises(DataError, match="background throughout"):
        load_task("utd_mhad")
    np.savez(path, depth=np.zeros((3, 16, 60, 70), np.uint16), **labels)
    with pytest.raises(DataError, match=r"depth must be \[3, 16, 60, 80\]"):
        load_task("utd_mhad")
