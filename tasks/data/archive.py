"""Reading array archives from untrusted files: no pickle, clear errors."""

import zipfile
import zlib
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tasks.errors import DataError


def read_npz(path: Path, names: tuple[str, ...]) -> dict[str, NDArray[Any]]:
    """The named arrays of an ``.npz``; raises ``DataError`` if it is not one or lacks a name."""
    if not path.is_file():
        raise DataError(f"`{path}` must be an .npz file, but there is no such file; check the path.")
    try:
        with path.open("rb") as stream:
            archive = np.load(stream, allow_pickle=False)
            if not isinstance(archive, np.lib.npyio.NpzFile):
                raise DataError(f"`{path}` must be an .npz archive, but is a single array; save with np.savez.")
            missing = [name for name in names if name not in archive]
            if missing:
                raise DataError(
                    f"`{path}` must hold the arrays {', '.join(names)}, but lacks {', '.join(missing)} "
                    f"(it holds {', '.join(archive.files) or 'nothing'}); save it with "
                    f"np.savez({', '.join(f'{name}=...' for name in names)})."
                )
            return {name: member(archive, name) for name in names}
    except DataError:
        raise
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError, ValueError) as error:
        raise DataError(
            f"`{path}` must be an intact .npz of plain arrays, but cannot be read ({error}); write it again "
            "with np.savez and without object arrays."
        ) from error


def member(archive: "np.lib.npyio.NpzFile", name: str) -> NDArray[Any]:
    """One array; raises ``ValueError`` for what is something else, which NumPy gives as bytes."""
    array: object = archive[name]
    if not isinstance(array, np.ndarray):
        raise ValueError(f"{name!r} is no array")
    return array
