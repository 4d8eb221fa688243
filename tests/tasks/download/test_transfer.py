"""Downloads against a server that misbehaves: resumed, checked, in place at once or not at all."""

import hashlib
import random
from pathlib import Path
from typing import Any

import pytest

from tasks import DataError
from tasks.download.transfer import download

CONTENT = random.Random(0).randbytes(300_000)
SHA256 = hashlib.sha256(CONTENT).hexdigest()


@pytest.fixture
def target(tmp_path: Path) -> Path:
    return tmp_path / "file.bin"


def fetched(origin: Any, target: Path, **options: Any) -> list[float]:
    """Download; returns how long it would have waited."""
    waits: list[float] = []
    download(f"{origin.url}/file.bin", target, sleep=waits.append, **options)
    return waits


def names(target: Path) -> list[str]:
    return sorted(path.name for path in target.parent.iterdir() if path.is_file())


def test_a_file_arrives_and_nothing_else_stays(origin: Any, target: Path) -> None:
    origin.files["/file.bin"] = CONTENT
    seen: list[tuple[int, int | None]] = []
    assert fetched(origin, target, sha256=SHA256, report=lambda done, total: seen.append((done, total))) == []
    assert target.read_bytes() == CONTENT
    assert names(target) == ["file.bin"]
    assert seen[0] == (0, len(CONTENT))
    assert seen[-1] == (len(CONTENT), len(CONTENT))


def test_a_cut_connection_is_resumed_where_it_ended(origin: Any, target: Path) -> None:
    origin.files["/file.bin"] = CONTENT
    origin.cut_after = [131_072, 65_536]
    assert len(fetched(origin, target, sha256=SHA256)) == 2
    assert target.read_bytes() == CONTENT
    ranges = [asked for _, asked in origin.asked]
    assert ranges[0] is None
    assert ranges[1:] == ["bytes=131072-", "bytes=196608-"]


def test_a_later_call_goes_on_with_what_an_earlier_one_left(origin: Any, target: Path) -> None:
    origin.files["/file.bin"] = CONTENT
    origin.cut_after = [131_072]
    origin.failures = [200, *[503] * 5]  # the first answer is cut, and then the server is busy
    with pytest.raises(DataError, match=r"131072 bytes have arrived .* run the command again"):
        fetched(origin, target, sha256=SHA256)
    assert names(target) == ["file.bin.part", "file.bin.part.json"]
    assert not target.exists()
    origin.asked.clear()
    fetched(origin, target, sha256=SHA256)
    assert target.read_bytes() == CONTENT
    assert origin.asked == [("/file.bin", "bytes=131072-")]


def test_a_server_without_ranges_sends_everything_again(origin: Any, target: Path) -> None:
    origin.files["/file.bin"] = CONTENT
    origin.ranges = False
    origin.cut_after = [131_072]
    seen: list[tuple[int, int | None]] = []
    fetched(origin, target, sha256=SHA256, report=lambda done, total: seen.append((done, total)))
    assert seen[-1] == (len(CONTENT), len(CONTENT))
    assert target.read_bytes() == CONTENT
    assert [asked for _, asked in origin.asked] == [None, "bytes=131072-"]


def test_without_a_validator_nothing_is_resumed(origin: Any, target: Path) -> None:
    origin.files["/file.bin"] = CONTENT
    origin.etags = False
    origin.cut_after = [131_072]
    fetched(origin, target, sha256=SHA256)
    assert target.read_bytes() == CONTENT
    assert [asked for _, asked in origin.asked] == [None, None]


def test_a_file_that_changed_meanwhile_is_not_pieced_together(origin: Any, target: Path) -> None:
    origin.files["/file.bin"] = CONTENT
    origin.cut_after = [131_072]
    origin.failures = [200, *[503] * 5]
    with pytest.raises(DataError):
        fetched(origin, target)
    origin.files["/file.bin"] = CONTENT[::-1]
    fetched(origin, target)
    assert target.read_bytes() == CONTENT[::-1]


def test_a_part_that_was_complete_is_taken(origin: Any, target: Path) -> None:
    origin.files["/file.bin"] = CONTENT
    origin.cut_after = [131_072]
    origin.failures = [200, *[503] * 5]
    with pytest.raises(DataError):
        fetched(origin, target)
    target.with_name("file.bin.part").write_bytes(CONTENT)
    fetched(origin, target, sha256=SHA256)
    assert target.read_bytes() == CONTENT


def test_a_wrong_checksum_is_refused_and_removed(origin: Any, target: Path) -> None:
    origin.files["/file.bin"] = CONTENT[:-1] + b"?"
    with pytest.raises(DataError, match=f"must have the SHA-256 {SHA256}, but what arrived has .* removed"):
        fetched(origin, target, sha256=SHA256)
    assert names(target) == []


def test_what_is_not_there_is_told_at_once(origin: Any, target: Path) -> None:
    with pytest.raises(DataError, match=r"status 404 .* get it by hand"):
        fetched(origin, target)
    assert len(origin.asked) == 1
    assert names(target) == []


def test_a_busy_server_is_asked_again(origin: Any, target: Path) -> None:
    origin.files["/file.bin"] = CONTENT
    origin.failures = [503, 429]
    assert fetched(origin, target, sha256=SHA256) == [2.0, 4.0]
    assert target.read_bytes() == CONTENT


def test_nobody_there(target: Path) -> None:
    with pytest.raises(DataError, match="could not be downloaded"):
        download("http://127.0.0.1:9/file.bin", target, sleep=lambda seconds: None)
