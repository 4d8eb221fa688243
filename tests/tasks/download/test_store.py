"""Sets in a folder: fetched, converted, checked, and never half there."""

import gzip
import hashlib
import io
import struct
import wave
import zipfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from filelock import FileLock
from scipy.io import savemat

from tasks import DataError
from tasks.download import DATA_SETS, DataFile, DataSet, Source, State, check, fetch, find_data_set
from tasks.download.digest import arrays_sha256


def plain(origin: Any, content: bytes = b"plain content", sha256: str | None = None) -> DataSet:
    """A set of one file that is taken as it comes."""
    origin.files["/plain.bin"] = content
    digest = sha256 or hashlib.sha256(content).hexdigest()
    return DataSet(
        name="plain",
        summary="",
        licence="",
        sources=(Source(name="plain.bin", url=f"{origin.url}/plain.bin", sha256=digest),),
        files=(DataFile(path="plain/plain.bin", sha256=digest), DataFile(path="plain/more.bin", optional=True)),
    )


def served(origin: Any, name: str, files: dict[str, bytes], arrays: dict[str, np.ndarray], folder: Path) -> DataSet:
    """A set of the catalogue whose origin is the local server and whose arrays are these."""
    np.savez(folder / "expected.npz", **arrays)
    data_set = DATA_SETS[name]
    origin.files.update({f"/{key}": value for key, value in files.items()})
    return replace(
        data_set,
        sources=tuple(replace(s, url=f"{origin.url}/{s.name}", sha256=None) for s in data_set.sources),
        files=tuple(
            replace(file, sha256=None, arrays_sha256=arrays_sha256(folder / "expected.npz")) for file in data_set.files
        ),
    )


def states(data_set: DataSet, root: Path) -> list[State]:
    return [item.state for item in check(data_set, root)]


def test_fetched_sets_are_in_place_and_not_fetched_twice(origin: Any, tmp_path: Path) -> None:
    data_set = plain(origin)
    seen: list[str] = []
    assert states(data_set, tmp_path) == [State.MISSING, State.MISSING]
    new = fetch(data_set, tmp_path, report=lambda name, done, total: seen.append(name))
    assert new == [tmp_path / "plain/plain.bin"]
    assert new[0].read_bytes() == b"plain content"
    assert set(seen) == {"plain.bin"}
    assert states(data_set, tmp_path) == [State.OK, State.MISSING]
    assert not (tmp_path / ".downloads/plain").exists()
    asked = len(origin.asked)
    assert fetch(data_set, tmp_path) == []
    assert len(origin.asked) == asked
    assert fetch(data_set, tmp_path, again=True) == new


def test_a_corrupt_file_is_found_and_replaced(origin: Any, tmp_path: Path) -> None:
    data_set = plain(origin)
    (path,) = fetch(data_set, tmp_path)
    path.write_bytes(b"plain c0ntent")
    assert states(data_set, tmp_path) == [State.CORRUPT, State.MISSING]
    assert fetch(data_set, tmp_path) == [path]
    assert path.read_bytes() == b"plain content"


def test_a_wrong_download_takes_no_place(origin: Any, tmp_path: Path) -> None:
    data_set = plain(origin, sha256="0" * 64)
    with pytest.raises(DataError, match="SHA-256 0000"):
        fetch(data_set, tmp_path)
    assert not (tmp_path / "plain").exists()
    assert list((tmp_path / ".downloads/plain").iterdir()) == []


def test_a_set_that_is_being_fetched_is_left_alone(origin: Any, tmp_path: Path) -> None:
    (tmp_path / ".downloads").mkdir()
    with FileLock(tmp_path / ".downloads/plain.lock"), pytest.raises(DataError, match="being fetched"):
        fetch(plain(origin), tmp_path)


def test_a_folder_that_cannot_be_written(origin: Any, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(DataError, match="folder with room that can be written"):
        fetch(plain(origin), tmp_path / "file")


def idx(values: np.ndarray) -> bytes:
    header = struct.pack(">BBBB", 0, 0, 8, values.ndim) + struct.pack(f">{values.ndim}I", *values.shape)
    return gzip.compress(header + values.tobytes())


def mnist_files(arrays: dict[str, np.ndarray]) -> dict[str, bytes]:
    return {
        "train-images-idx3-ubyte.gz": idx(arrays["train_images"]),
        "train-labels-idx1-ubyte.gz": idx(arrays["train_labels"]),
        "t10k-images-idx3-ubyte.gz": idx(arrays["test_images"]),
        "t10k-labels-idx1-ubyte.gz": idx(arrays["test_labels"]),
    }


@pytest.fixture
def mnist_arrays() -> dict[str, np.ndarray]:
    rng = np.random.default_rng(0)
    return {
        "train_images": rng.integers(0, 256, (5, 28, 28), np.uint8),
        "train_labels": np.arange(5, dtype=np.uint8),
        "test_images": rng.integers(0, 256, (2, 28, 28), np.uint8),
        "test_labels": np.array([7, 2], np.uint8),
    }


def test_mnist_from_its_idx_files(origin: Any, tmp_path: Path, mnist_arrays: dict[str, np.ndarray]) -> None:
    data_set = served(origin, "mnist", mnist_files(mnist_arrays), mnist_arrays, tmp_path)
    (path,) = fetch(data_set, tmp_path / "data")
    assert path == tmp_path / "data/mnist/mnist.npz"
    with np.load(path, allow_pickle=False) as made:
        for name, values in mnist_arrays.items():
            np.testing.assert_array_equal(made[name], values)
    path.write_bytes(path.read_bytes()[:-200])
    assert states(data_set, tmp_path / "data") == [State.CORRUPT]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"no gzip", "intact gzip"),
        (gzip.compress(b"\0\0\x08"), "idx form"),
        (gzip.compress(b"\0\0\x0d\x01\0\0\0\x05abcde"), "starts with 00000d01"),
        (gzip.compress(b"\0\0\x08\x01\0\0\0\x05abc"), r"\(5,\) values .* but holds 3"),
        (idx(np.array([1, 0, 2, 3, 4], np.uint8)), "must be the known one"),
    ],
    ids=["no gzip", "cut header", "another type", "too few values", "other values"],
)
def test_other_idx_files_are_refused(
    origin: Any, tmp_path: Path, mnist_arrays: dict[str, np.ndarray], content: bytes, message: str
) -> None:
    files = mnist_files(mnist_arrays) | {"train-labels-idx1-ubyte.gz": content}
    data_set = served(origin, "mnist", files, mnist_arrays, tmp_path)
    with pytest.raises(DataError, match=message):
        fetch(data_set, tmp_path / "data")
    assert not (tmp_path / "data/mnist").exists()
    assert list((tmp_path / "data/.downloads/mnist").iterdir()) == []


def wav(samples: np.ndarray, *, rate: int = 8000) -> bytes:
    stream = io.BytesIO()
    with wave.open(stream, "wb") as recording:
        recording.setnchannels(1)
        recording.setsampwidth(2)
        recording.setframerate(rate)
        recording.writeframes(samples.astype("<i2").tobytes())
    return stream.getvalue()


def zipped(members: dict[str, bytes]) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return stream.getvalue()


def test_fsdd_from_its_recordings(origin: Any, tmp_path: Path) -> None:
    a, b, c = np.array([1, -2, 3]), np.array([4]), np.array([-30000, 6])
    members = {
        "fsdd-26eb9aaf/recordings/7_theo_10.wav": wav(c),
        "fsdd-26eb9aaf/recordings/7_theo_2.wav": wav(b),
        "fsdd-26eb9aaf/recordings/9_george_0.wav": wav(a),
        "fsdd-26eb9aaf/README.md": b"not a recording",
        "../recordings/../9_george_1.wav": b"not a recording either",
    }
    arrays = {
        "audio": np.concatenate([a, b, c]).astype(np.int16),
        "offsets": np.array([0, 3, 4, 6]),
        "digit": np.array([9, 7, 7], np.uint8),
        "speaker": np.array([0, 1, 1], np.uint8),
        "take": np.array([0, 2, 10], np.uint8),
        "speaker_names": np.array(["george", "theo"]),
        "sample_rate": np.array(8000, np.int32),
    }
    fetch(served(origin, "fsdd", {"fsdd.zip": zipped(members)}, arrays, tmp_path), tmp_path / "data")
    for wrong, message in (
        (zipped({"recordings/7_theo_2.wav": wav(b, rate=16000)}), r"= \(1, 2, 16000\)"),
        (zipped({"recordings/7_theo_2.wav": b"RIFF"}), "must be a WAV file"),
        (zipped({"README.md": b""}), "but holds none"),
        (b"PK nonsense", "intact zip"),
    ):
        with pytest.raises(DataError, match=message):
            fetch(served(origin, "fsdd", {"fsdd.zip": wrong}, arrays, tmp_path), tmp_path / "other")


def test_modelnet10_gets_its_model_numbers(origin: Any, tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    x = rng.integers(0, 2, (6, 30, 30, 30)).astype(np.int32)
    y = np.array([0, 0, 9, 9, 0, 9], np.int32)
    stream = io.BytesIO()
    np.savez(stream, X_train=x[:4], y_train=y[:4], X_test=x[4:], y_test=y[4:])
    arrays = {
        "train_voxels": x[:4].astype(np.uint8),
        "test_voxels": x[4:].astype(np.uint8),
        "train_labels": y[:4].astype(np.uint8),
        "test_labels": y[4:].astype(np.uint8),
        "train_model_number": np.array([1, 2, 1, 2], np.int16),
        "test_model_number": np.array([3, 3], np.int16),
        "class_names": np.array(CLASSES),
    }
    fetch(served(origin, "modelnet10", {"modelnet10.npz": stream.getvalue()}, arrays, tmp_path), tmp_path / "data")


def test_utd_mhad_is_reduced(origin: Any, tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    videos = {(2, 1, 1): rng.integers(0, 4000, (240, 320, 41), np.uint16)}
    videos[1, 8, 4] = rng.integers(0, 4000, (240, 320, 16), np.uint16)
    members = {}
    for (action, subject, trial), depth in videos.items():
        stream = io.BytesIO()
        savemat(stream, {"d_depth": depth}, do_compression=True)
        members[f"Depth/a{action}_s{subject}_t{trial}_depth.mat"] = stream.getvalue()
    keys = [(1, 8, 4), (2, 1, 1)]

    def pixel(depth: np.ndarray, frame: int, row: int, column: int) -> int:
        block = depth[4 * row : 4 * row + 4, 4 * column : 4 * column + 4, frame * (depth.shape[2] // 16)]
        return round(float(block.astype(float).mean()))

    depth = [[[[pixel(videos[key], f, r, c) for c in range(80)] for r in range(60)] for f in (0, 15)] for key in keys]
    data_set = served(origin, "utd_mhad", {"Depth.zip": zipped(members)}, {}, tmp_path)
    with pytest.raises(DataError, match="known one"):
        fetch(data_set, tmp_path / "data")
    data_set.convert({"Depth.zip": write(tmp_path / "Depth.zip", zipped(members))}, tmp_path)  # type: ignore[misc]  # an optional field that this set has
    with np.load(tmp_path / "utd_mhad/utd_mhad_depth_16x60x80.npz", allow_pickle=False) as made:
        np.testing.assert_array_equal(made["depth"][:, [0, 15]], depth)
        assert made["depth"].dtype == np.uint16
        assert list(zip(made["action"], made["subject"], made["trial"], strict=True)) == keys
        assert made["n_frames"].tolist() == [16, 41]
        assert made["action_names"][11] == "bowling (right hand)"


CLASSES = ["bathtub", "bed", "chair", "desk", "dresser", "monitor", "night_stand", "sofa", "table", "toilet"]


def write(path: Path, content: bytes) -> Path:
    path.write_bytes(content)
    return path


def test_names_and_sets_that_are_by_hand(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="did you mean 'mnist'"):
        find_data_set("mnits")
    with pytest.raises(DataError, match=r"by hand at https://www\.crcv\.ucf\.edu"):
        fetch(DATA_SETS["ucf101"], tmp_path)


def test_the_catalogue_is_in_order() -> None:
    for name, data_set in DATA_SETS.items():
        assert name == data_set.name
        for file in data_set.files:
            assert file.sha256 or file.arrays_sha256, file.path
        wanted = {Path(file.path).name for file in data_set.files if not file.optional}
        assert data_set.convert or wanted == {source.name for source in data_set.sources}
        for source in data_set.sources:
            # what a source does not promise, the arrays made of it must
            assert source.sha256 or all(file.arrays_sha256 for file in data_set.files), source.name


def test_the_real_sets_are_those_of_the_catalogue(real_data: Path) -> None:
    for name in ("mnist", "sitw", "fsdd", "modelnet10", "utd_mhad"):
        assert set(states(DATA_SETS[name], real_data)) == {State.OK}, name
    for name in ("mnist", "fsdd", "modelnet10", "utd_mhad"):
        (file,) = DATA_SETS[name].files
        assert arrays_sha256(real_data / file.path) == file.arrays_sha256
