"""Digests of files, and of arrays whatever they are packed in."""

import hashlib
from pathlib import Path

import numpy as np

_CHUNK = 1 << 20


def file_sha256(path: Path) -> str:
    """SHA-256 of a file's bytes, in hexadecimal."""
    digest = hashlib.sha256()
    with path.open("rb") as stream:
        while chunk := stream.read(_CHUNK):
            digest.update(chunk)
    return digest.hexdigest()


def arrays_sha256(path: Path) -> str:
    """SHA-256 of the arrays of an ``.npz``: name, type, shape and bytes of each, sorted by name.

    Raises:
        OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile, zlib.error: it is no intact archive of arrays.
    """
    digest = hashlib.sha256()
    with path.open("rb") as stream, np.load(stream, allow_pickle=False) as archive:
        for name in sorted(archive.files):
            array = archive[name]
            digest.update(f"{name} {array.dtype.str} {array.shape}\n".encode())
            digest.update(array.tobytes())
    return digest.hexdigest()
