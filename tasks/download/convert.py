"""From official archives to the layout that the tasks read.

Archives are read member by member, never unpacked to paths of their own choosing, and members larger than
expected are refused.
"""

import gzip
import io
import re
import wave
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple, cast

import numpy as np
from numpy.typing import NDArray

from tasks.data.archive import read_npz
from tasks.errors import DataError

_LARGEST_MEMBER = 256 << 20
_LARGEST_IDX = 64 << 20
_IDX_BYTES = 0x08
_RATE_Hz = 8000
_RECORDING = re.compile(r"(?:.*/)?recordings/([0-9])_([a-z]+)_([0-9]{1,2})\.wav")
_DEPTH = re.compile(r"(?:.*/)?a([0-9]{1,2})_s([0-9])_t([0-9])_depth\.mat")
_FRAMES, _BLOCK = 16, 4
_MODELNET_CLASSES = (
    "bathtub",
    "bed",
    "chair",
    "desk",
    "dresser",
    "monitor",
    "night_stand",
    "sofa",
    "table",
    "toilet",
)
_ACTIONS = (
    "right arm swipe to the left",
    "right arm swipe to the right",
    "right hand wave",
    "two hand front clap",
    "right arm throw",
    "cross arms in the chest",
    "basketball shooting",
    "draw x",
    "draw circle (clockwise)",
    "draw circle (counter clockwise)",
    "draw triangle",
    "bowling (right hand)",
    "front boxing",
    "baseball swing from right",
    "tennis forehand swing",
    "arm curl (two arms)",
    "tennis serve",
    "two hand push",
    "knock on door",
    "hand catch",
    "pick up and throw",
    "jogging",
    "walking",
    "sit to stand",
    "stand to sit",
    "forward lunge (left foot forward)",
    "squat",
)


class _Member(NamedTuple):
    """A member of an archive whose name told something."""

    match: re.Match[str]
    content: bytes


def mnist(arrived: Mapping[str, Path], made: Path) -> None:
    """The four idx files to ``mnist/mnist.npz``."""
    _save(
        made / "mnist/mnist.npz",
        train_images=_idx(arrived["train-images-idx3-ubyte.gz"], 3),
        train_labels=_idx(arrived["train-labels-idx1-ubyte.gz"], 1),
        test_images=_idx(arrived["t10k-images-idx3-ubyte.gz"], 3),
        test_labels=_idx(arrived["t10k-labels-idx1-ubyte.gz"], 1),
    )


def modelnet10(arrived: Mapping[str, Path], made: Path) -> None:
    """Voxels in int32 to bytes, with class names and the numbers of the models in their class.

    Models of a class lie in the order of their numbers; those of the test part go on after those of the train part.
    """
    arrays = read_npz(arrived["modelnet10.npz"], ("X_train", "y_train", "X_test", "y_test"))
    train, test = arrays["y_train"].ravel().astype(np.uint8), arrays["y_test"].ravel().astype(np.uint8)
    train_number, test_number = np.zeros(len(train), np.int16), np.zeros(len(test), np.int16)
    for label in range(len(_MODELNET_CLASSES)):
        count = np.count_nonzero(train == label)
        train_number[train == label] = np.arange(1, count + 1)
        test_number[test == label] = np.arange(1, np.count_nonzero(test == label) + 1) + count
    _save(
        made / "modelnet10/modelnet10_vox30.npz",
        train_voxels=arrays["X_train"].astype(np.uint8),
        test_voxels=arrays["X_test"].astype(np.uint8),
        train_labels=train,
        test_labels=test,
        train_model_number=train_number,
        test_model_number=test_number,
        class_names=np.array(_MODELNET_CLASSES),
    )


def fsdd(arrived: Mapping[str, Path], made: Path) -> None:
    """Recordings ``digit_speaker_take.wav`` to one array, by speaker, digit and take."""
    recordings = {}
    for match, content in _members(arrived["fsdd.zip"], _RECORDING):
        recordings[match[2], int(match[1]), int(match[3])] = _samples(match[0], content)
    if not recordings:
        raise DataError(f"`{arrived['fsdd.zip'].name}` must hold recordings/DIGIT_SPEAKER_TAKE.wav, but holds none.")
    keys = sorted(recordings)
    speakers = sorted({speaker for speaker, _, _ in keys})
    _save(
        made / "fsdd/fsdd.npz",
        audio=np.concatenate([recordings[key] for key in keys]),
        offsets=np.cumsum([0] + [len(recordings[key]) for key in keys], dtype=np.int64),
        digit=np.array([digit for _, digit, _ in keys], np.uint8),
        speaker=np.array([speakers.index(speaker) for speaker, _, _ in keys], np.uint8),
        take=np.array([take for _, _, take in keys], np.uint8),
        speaker_names=np.array(speakers),
        sample_rate=np.array(_RATE_Hz, np.int32),
    )


def utd_mhad(arrived: Mapping[str, Path], made: Path) -> None:
    """Depth videos to 16 frames each, a pixel the rounded mean of a block of 4 x 4; by action, subject and trial."""
    from scipy.io import loadmat  # slow to import

    videos = {}
    for match, content in _members(arrived["Depth.zip"], _DEPTH):
        try:
            depth = np.asarray(loadmat(cast(Any, io.BytesIO(content)), variable_names=["d_depth"])["d_depth"])
        except (ValueError, TypeError, OSError, NotImplementedError, KeyError) as error:
            raise DataError(
                f"`{match[0]}` must be a MATLAB 5 file with `d_depth`, but cannot be read ({error})."
            ) from error
        if depth.ndim != 3 or depth.shape[2] < _FRAMES or depth.shape[0] % _BLOCK or depth.shape[1] % _BLOCK:
            raise DataError(f"`{match[0]}` must hold at least {_FRAMES} frames, but `d_depth` has shape {depth.shape}.")
        videos[int(match[1]), int(match[2]), int(match[3])] = (_reduced(depth), depth.shape[2])
    if not videos:
        raise DataError(f"`{arrived['Depth.zip'].name}` must hold aN_sN_tN_depth.mat, but holds none.")
    keys = sorted(videos)
    action, subject, trial = np.array(keys, np.int16).T
    _save(
        made / "utd_mhad/utd_mhad_depth_16x60x80.npz",
        depth=np.stack([videos[key][0] for key in keys]),
        n_frames=np.array([videos[key][1] for key in keys], np.int32),
        action=action,
        subject=subject,
        trial=trial,
        action_names=np.array(_ACTIONS),
    )


def _idx(path: Path, axes: int) -> NDArray[np.uint8]:
    """An array of bytes in LeCun's idx form, gzipped: 0, 0, type, number of axes, their lengths, values."""
    try:
        with gzip.open(path) as stream:
            content = stream.read(_LARGEST_IDX + 1)
    except (OSError, EOFError, zlib.error) as error:
        raise DataError(f"`{path.name}` must be an intact gzip file, but cannot be read ({error}).") from error
    if tuple(content[:4]) != (0, 0, _IDX_BYTES, axes) or len(content) < 4 + 4 * axes:
        raise DataError(
            f"`{path.name}` must be bytes in idx form with {axes} axes, but starts with {content[:4].hex()}."
        )
    values = np.frombuffer(content, np.uint8, offset=4 + 4 * axes)
    shape = tuple(int(length) for length in np.frombuffer(content[4 : 4 + 4 * axes], ">u4"))
    if values.size != np.prod(shape, dtype=np.int64):
        raise DataError(f"`{path.name}` must hold the {shape} values that it says, but holds {values.size}.")
    return values.reshape(shape)


def _members(path: Path, pattern: re.Pattern[str]) -> Iterator[_Member]:
    """Members of a zip archive whose whole name fits."""
    try:
        with zipfile.ZipFile(path) as archive:
            for info in archive.infolist():
                match = pattern.fullmatch(info.filename)
                if match is None:
                    continue
                if info.file_size > _LARGEST_MEMBER:
                    raise DataError(
                        f"`{info.filename}` must not exceed {_LARGEST_MEMBER} bytes, but says {info.file_size}."
                    )
                yield _Member(match, archive.read(info))
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError, NotImplementedError) as error:
        raise DataError(f"`{path.name}` must be an intact zip archive, but cannot be read ({error}).") from error


def _samples(name: str, content: bytes) -> NDArray[np.int16]:
    try:
        with wave.open(io.BytesIO(content)) as recording:
            shape = (recording.getnchannels(), recording.getsampwidth(), recording.getframerate())
            frames = recording.readframes(recording.getnframes())
    except (wave.Error, EOFError) as error:
        raise DataError(f"`{name}` must be a WAV file, but cannot be read ({error}).") from error
    if shape != (1, 2, _RATE_Hz):
        raise DataError(f"`{name}` must be mono, 2 bytes, {_RATE_Hz} Hz, but has (channels, bytes, Hz) = {shape}.")
    return np.frombuffer(frames, "<i2").astype(np.int16)


def _reduced(depth: NDArray[Any]) -> NDArray[np.uint16]:
    """[row, column, frame] -> [16, row / 4, column / 4]."""
    rows, columns, frames = depth.shape
    chosen = depth[:, :, :: frames // _FRAMES][:, :, :_FRAMES].transpose(2, 0, 1).astype(np.float64)
    blocks = chosen.reshape(_FRAMES, rows // _BLOCK, _BLOCK, columns // _BLOCK, _BLOCK)
    reduced: NDArray[np.uint16] = np.rint(blocks.mean(axis=(2, 4))).astype(np.uint16)
    return reduced


def _save(path: Path, **arrays: NDArray[Any]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    np.savez_compressed(path, allow_pickle=False, **arrays)
