"""Where data sets lie that are too large to ship: the folder named by ``MEMSWEEP_DATA``."""

import os
from pathlib import Path

from tasks.errors import DataError

VARIABLE = "MEMSWEEP_DATA"


def data_file(relative: str) -> Path:
    """Path of a data file; raises ``DataError`` with the way out if it is not there."""
    path = _root(relative) / relative
    if not path.is_file():
        raise DataError(
            f"This task reads `{path}`, but there is no such file; put it there or point {VARIABLE} "
            "at the folder that holds it."
        )
    return path


def first_data_file(*relatives: str) -> Path:
    """Path of the first of several data files that is there; ``DataError`` names the first if none is."""
    for relative in relatives[1:]:
        if not (_root(relatives[0]) / relatives[0]).is_file() and (_root(relative) / relative).is_file():
            return _root(relative) / relative
    return data_file(relatives[0])


def data_folder(relative: str) -> Path:
    """Path of a folder of data files; raises ``DataError`` with the way out if it is not there."""
    path = _root(relative) / relative
    if not path.is_dir():
        raise DataError(
            f"This task reads the folder `{path}`, but there is no such folder; put it there or point {VARIABLE} "
            "at the folder that holds it."
        )
    return path


def _root(relative: str) -> Path:
    """The folder of all data sets."""
    root = os.environ.get(VARIABLE)
    if not root:
        raise DataError(
            f"This task reads `{relative}` from the folder that the environment variable {VARIABLE} names, "
            f"but {VARIABLE} is not set; set it to a folder that holds `{relative}`, "
            "or start with the task `digits`, which needs no files."
        )
    return Path(root)
