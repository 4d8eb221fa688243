"""Compares what a page quotes of an output with the output.

What counts are the words of a line, in their order: rulers, spaces and where a long line breaks do not, and ``...``
stands for what the page leaves out. Numbers are the same bits on one kind of processor with the same libraries; on
another one it is only asked whether the output has a line of that form, with some number for each number.
"""

import re
from importlib.metadata import version

import numpy as np
from threadpoolctl import threadpool_info

NUMBERS_ARE_OF = ("numpy 2.4", "scipy 1.17", "optuna 5.0", "X86_V3", "Haswell")
"""What made the pages' numbers: libraries, widest vectors of the processor, kernels of its matrix products."""

_RULER = re.compile(r"─+")
_NUMBER = re.compile(r"[-+±]?\d[\d.,]*(e[-+]?\d+)?")
_PREFIX = re.compile(r"^[afpnuµmkMG](?=(J|s|V|S|m²)$)")
_BAR = re.compile(r"[▏▎▍▌▋▊▉█]+")


def numbers_are_ours() -> bool:
    """Whether this machine makes the numbers of the pages."""
    libraries = [f"{name} {'.'.join(version(name).split('.')[:2])}" for name in ("numpy", "scipy", "optuna")]
    vectors = np.show_config(mode="dicts")["SIMD Extensions"]["found"]
    kernels = {info["architecture"] for info in threadpool_info() if info["user_api"] == "blas"}
    return (*libraries, *vectors[-1:], *kernels) == NUMBERS_ARE_OF


def wrong_quote(quoted: str, printed: str, *, exact: bool) -> str | None:
    """The first line of a quotation that the output does not have; None if it has all, in their order if ``exact``."""
    output = _words(printed, exact=exact)
    place = 0
    for line in quoted.splitlines():
        words = _words(line, exact=exact)
        if not words or words == ["..."]:
            continue
        found = _find(words, output, place if exact else 0)
        if found is None:
            return line
        place = found + len(words)
    return None


def _words(text: str, *, exact: bool) -> list[str]:
    words = [word for word in text.split() if not _RULER.fullmatch(word)]
    return words if exact else [_BAR.sub("█", _NUMBER.sub("#", _PREFIX.sub("", word))) for word in words]


def _find(words: list[str], output: list[str], start: int) -> int | None:
    places = range(start, len(output) - len(words) + 1)
    return next((place for place in places if output[place : place + len(words)] == words), None)
