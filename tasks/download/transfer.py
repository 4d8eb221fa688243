"""One file over HTTP: resumed where the server allows it, checked, and in its place at once or not at all.

While a file arrives it is called ``NAME.part``, and ``NAME.part.json`` remembers address and validator (a strong ETag,
or else Last-Modified). A later try asks for the rest on condition that the file is still the same (``If-Range``); a
server that cannot, or a file that has changed, sends everything, and the download starts anew.
"""

import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import requests

from tasks.download.digest import file_sha256
from tasks.errors import DataError

Report = Callable[[int, int | None], None]
"""Called with bytes that are here and bytes in all, if known."""

_CHUNK = 1 << 16
"""Written at once; what a cut leaves of one is lost."""
_TIMEOUT_S = (10.0, 60.0)
"""To connect, and between two arrivals."""
_ATTEMPTS = 5
"""In a row without a new byte."""
_RETRIED = (408, 429, 500, 502, 503, 504)


class _CutError(Exception):
    """The transfer ended early and may be tried again."""


def download(
    url: str,
    target: Path,
    *,
    sha256: str | None = None,
    report: Report = lambda done, total: None,
    sleep: Callable[[float], None] = time.sleep,
) -> None:
    """Download ``url`` to ``target``.

    Args:
        url: http or https.
        target: where it belongs; it appears complete and checked.
        sha256: what it must be; none: unchecked.
        report: told the progress.
        sleep: waits between tries.

    Raises:
        DataError: not there, cut off for good (what has arrived stays for the next try), or not what it should be.
    """
    part = target.with_name(target.name + ".part")
    with requests.Session() as session:
        session.headers.update({"User-Agent": "memsweep", "Accept-Encoding": "identity"})
        fruitless = 0
        while True:
            before = _size(part)
            try:
                _transfer(session, url, part, report)
                break
            except (_CutError, requests.RequestException) as error:
                fruitless = 0 if _size(part) > before else fruitless + 1
                if fruitless >= _ATTEMPTS or isinstance(error, requests.exceptions.InvalidURL):
                    raise DataError(
                        f"{url} could not be downloaded ({error}); {_size(part)} bytes have arrived and are kept in "
                        f"`{part}`. Check the connection and run the command again: it goes on from there where the "
                        "server allows it."
                    ) from error
                sleep(min(2.0**fruitless, 30.0))
    if sha256 is not None and (found := file_sha256(part)) != sha256:
        _forget(part)
        raise DataError(
            f"{url} must have the SHA-256 {sha256}, but what arrived has {found}; it is removed. The origin may have "
            "changed, or something on the way answered in its place; try again later or get the file by hand."
        )
    part.replace(target)
    _forget(part)


def _transfer(session: requests.Session, url: str, part: Path, report: Report) -> None:
    """One request; returns when all is there."""
    validator = _remembered(part, url)
    have = _size(part) if validator else 0
    headers = {"Range": f"bytes={have}-", "If-Range": validator} if have else {}
    with session.get(url, stream=True, timeout=_TIMEOUT_S, headers=headers) as response:
        if response.status_code == 416 and have:
            if response.headers.get("Content-Range") == f"bytes */{have}":
                return  # it was complete already
            _forget(part)
            raise _CutError("the part does not fit the file any more")
        if response.status_code in _RETRIED:
            raise _CutError(f"status {response.status_code}")
        if response.status_code not in (200, 206):
            raise DataError(
                f"{url} answers with status {response.status_code} ({response.reason}), so the file is not "
                "to be had there; get it by hand, and tell the maintainers that the address is out of date."
            )
        if response.status_code == 206 and not response.headers.get("Content-Range", "").startswith(f"bytes {have}-"):
            _forget(part)
            raise _CutError("the server sent another range")
        if response.status_code == 200:
            have = 0
            _remember(part, url, response)
        length = response.headers.get("Content-Length", "")
        total = have + int(length) if length.isdecimal() else None
        with part.open("ab" if have else "wb") as stream:
            report(have, total)
            for chunk in response.iter_content(_CHUNK):
                stream.write(chunk)
                have += len(chunk)
                report(have, total)
    if total is not None and have != total:
        raise _CutError(f"the connection ended after {have} of {total} bytes")


def _memory(part: Path) -> Path:
    return part.with_name(part.name + ".json")


def _remember(part: Path, url: str, response: requests.Response) -> None:
    tag = response.headers.get("ETag", "")
    validator = response.headers.get("Last-Modified", "") if not tag or tag.startswith("W/") else tag
    part.unlink(missing_ok=True)
    _memory(part).write_text(json.dumps({"url": url, "validator": validator}))


def _remembered(part: Path, url: str) -> str:
    """The validator of what lies there, or nothing if it cannot be resumed."""
    try:
        content: Any = json.loads(_memory(part).read_text())
    except (OSError, ValueError):
        return ""
    if not isinstance(content, dict) or content.get("url") != url or not isinstance(content.get("validator"), str):
        return ""
    return str(content["validator"])


def _size(part: Path) -> int:
    return part.stat().st_size if part.is_file() else 0


def _forget(part: Path) -> None:
    part.unlink(missing_ok=True)
    _memory(part).unlink(missing_ok=True)
