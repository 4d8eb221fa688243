"""Data sets in a folder: what is there, whether it is right, and how it gets there."""

import difflib
import shutil
import tempfile
import zipfile
import zlib
from collections.abc import Callable
from enum import StrEnum
from functools import partial
from pathlib import Path
from typing import NamedTuple

from filelock import FileLock, Timeout

from tasks.download.catalogue import DATA_SETS, DataFile, DataSet
from tasks.download.digest import arrays_sha256, file_sha256
from tasks.download.transfer import download
from tasks.errors import DataError

Report = Callable[[str, int, int | None], None]
"""Called with the name of what arrives, bytes that are here, and bytes in all if known."""

_DOWNLOADS = ".downloads"
"""Below the folder: what is on its way."""


class State(StrEnum):
    """What a file is like."""

    OK = "ok"
    """There, and what it should be."""
    MISSING = "missing"
    """Not there."""
    CORRUPT = "corrupt"
    """There, but not what it should be."""


class Check(NamedTuple):
    """What a file is like."""

    file: DataFile
    """Which."""
    state: State
    """What came of it."""


def find_data_set(name: str) -> DataSet:
    """The set of that name; raises ``DataError`` with the nearest name if there is none."""
    if name in DATA_SETS:
        return DATA_SETS[name]
    near = difflib.get_close_matches(name, DATA_SETS, n=1)
    hint = f"did you mean {near[0]!r}?" if near else f"the sets are {', '.join(DATA_SETS)}."
    raise DataError(f"There is no data set {name!r}; {hint}")


def check(data_set: DataSet, root: Path) -> list[Check]:
    """Compare every file of a set below ``root`` with its digests."""
    return [Check(file, _state(file, root / file.path)) for file in data_set.files]


def present(data_set: DataSet, root: Path) -> bool:
    """Whether all files that a set needs are there; what is in them is not looked at."""
    return bool(data_set.files) and all((root / file.path).is_file() for file in data_set.files if not file.optional)


def fetch(
    data_set: DataSet, root: Path, *, again: bool = False, report: Report = lambda name, done, total: None
) -> list[Path]:
    """Bring the files of a set below ``root``; returns those that are new.

    Files that are there and right stay, unless ``again``. A cut download is resumed by the next call.

    Raises:
        DataError: a download failed, or what came of it is not what it should be. Nothing wrong takes a place.
    """
    if not data_set.sources:
        raise DataError(f"The set `{data_set.name}` cannot be fetched: {data_set.note}")
    wanted = [file for file in data_set.files if not file.optional]
    if not again and all(_state(file, root / file.path) is State.OK for file in wanted):
        return []
    downloads = root / _DOWNLOADS / data_set.name
    try:
        downloads.mkdir(parents=True, exist_ok=True)
        with FileLock(root / _DOWNLOADS / f"{data_set.name}.lock", timeout=0):
            return _fetch(data_set, wanted, root, downloads, report)
    except Timeout as error:
        raise DataError(
            f"The set `{data_set.name}` is being fetched to `{root}` already; wait for that to end."
        ) from error
    except OSError as error:
        raise DataError(f"`{root}` must be a folder with room that can be written, but: {error}.") from error


def _fetch(data_set: DataSet, wanted: list[DataFile], root: Path, downloads: Path, report: Report) -> list[Path]:
    arrived = {}
    for source in data_set.sources:
        target = downloads / source.name
        if not (target.is_file() and (source.sha256 is None or file_sha256(target) == source.sha256)):
            download(source.url, target, sha256=source.sha256, report=partial(report, source.name))
        arrived[source.name] = target
    with tempfile.TemporaryDirectory(dir=downloads) as folder:
        made = Path(folder)
        try:
            _make(data_set, wanted, arrived, made)
        except DataError as error:
            for path in arrived.values():
                path.unlink(missing_ok=True)
            raise DataError(
                f"What was downloaded for `{data_set.name}` is not what it should be, so nothing of it is kept: "
                f"{error} The origin may have changed: {data_set.sources[0].url}."
            ) from error
        for file in wanted:
            place = root / file.path
            place.parent.mkdir(parents=True, exist_ok=True)
            (made / file.path).replace(place)
    shutil.rmtree(downloads, ignore_errors=True)
    return [root / file.path for file in wanted]


def _make(data_set: DataSet, wanted: list[DataFile], arrived: dict[str, Path], made: Path) -> None:
    """Make the files of the set below ``made``; raises ``DataError`` unless all are what they should be."""
    if data_set.convert is not None:
        data_set.convert(arrived, made)
    else:
        for file in wanted:
            target = made / file.path
            target.parent.mkdir(parents=True, exist_ok=True)
            arrived[target.name].replace(target)
    for file in wanted:
        if _state(file, made / file.path) is not State.OK:
            raise DataError(f"`{file.path}` must be the known one, but is another.")


def _state(file: DataFile, path: Path) -> State:
    if not path.is_file():
        return State.MISSING
    if file.sha256 is not None and file_sha256(path) == file.sha256:
        return State.OK
    if file.arrays_sha256 is not None:
        try:
            return State.OK if arrays_sha256(path) == file.arrays_sha256 else State.CORRUPT
        except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile, zlib.error, NotImplementedError):
            return State.CORRUPT
    return State.CORRUPT
