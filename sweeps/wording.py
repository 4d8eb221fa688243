"""How a mistake in a sweep file is told: the rule, the value, the way out."""

import difflib
from collections.abc import Collection
from typing import Any


def _shorten(value: Any) -> str:
    """``value`` in at most a line."""
    text = repr(value)
    return text if len(text) <= 120 else f"{text[:100]}... ({len(text)} characters)"


def must(rule: str, value: Any, way_out: str) -> str:
    """One wording for every rule."""
    return f"{rule}, but got {_shorten(value)}; {way_out}."


def unknown(what: str, value: Any, known: Collection[str]) -> str:
    """A word that is none of the known ones, with the nearest of them."""
    word = str(value)
    same_end = [name for name in known if name.rpartition(".")[2] == word]
    near = same_end or difflib.get_close_matches(word, known, n=1)
    more = ", ..." if len(known) > 20 else ""
    hint = f"did you mean {near[0]!r}?" if near else f"choose from {', '.join([*known][:20])}{more}."
    return f"{what} must be one that is known, but got {_shorten(value)}; {hint}"
