"""What the pages of the documentation hold that can be run or checked.

======================================  ================================================================================
on the page                             what the test does with it
======================================  ================================================================================
``console``                             runs the lines that begin with ``$``
``console fails``                       the same, and each of them must end with an error
``console no-run: REASON``              prints the reason, and counts it
``% instead: COMMAND`` above it         runs this in its place: the same, smaller
``python``                              runs it; all blocks of a page share their names
``yaml``, ``python`` with a caption     writes the file that the caption names
``yaml``                                reads it: a sweep file, a study file, or a piece of one
``text``                                compares it with what the commands above it printed (``quotes.py``)
``% environment: NAME=VALUE``           sets a variable for the commands below it
======================================  ================================================================================
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

DOCS = Path(__file__).parents[2] / "docs"
PAGES = sorted(path.name for path in DOCS.glob("*.md"))

_FENCE = re.compile(r"^(`{3,})(.*?)\n(.*?)^\1$", re.MULTILINE | re.DOTALL)
_INSTEAD = re.compile(r"% instead: (.*)\n\s*\Z")
_ENVIRONMENT = re.compile(r"^% environment: (\w+)=(.*)$", re.MULTILINE)
_CAPTION = re.compile(r"\A:caption: (\S+)\n+", re.MULTILINE)
_CONTINUED = re.compile(r"\\\n")


@dataclass(frozen=True, kw_only=True)
class Block:
    """A fenced block."""

    language: str
    """``console``, ``python``, ``yaml``, ``text``."""
    body: str
    """What is in it."""
    file: str | None
    """What its caption calls it."""
    no_run: str | None
    """Why it cannot run here."""
    fails: bool
    """Whether its commands are there to show an error."""
    instead: str | None
    """What runs in its place."""
    environment: dict[str, str]
    """What the page has set for it."""
    line: int
    """Where it begins."""

    @property
    def commands(self) -> list[str]:
        """What a user types."""
        lines = _CONTINUED.sub(" ", self.body).splitlines()
        return [line.removeprefix("$ ") for line in lines if line.startswith("$ ")]


def blocks(page: str) -> Iterator[Block]:
    """The blocks of a page, in order."""
    text = (DOCS / page).read_text(encoding="utf-8")
    for found in _FENCE.finditer(text):
        info, body = found[2].strip(), found[3]
        if info.startswith("{") and not info.startswith("{code-block}"):
            continue
        words = info.removeprefix("{code-block}").strip()
        language, _, rest = words.partition(" ")
        caption = _CAPTION.match(body)
        instead = _INSTEAD.search(text[: found.start()])
        yield Block(
            language=language,
            body=body[caption.end() :] if caption else body,
            file=caption[1] if caption else None,
            no_run=rest.removeprefix("no-run:").strip() if rest.startswith("no-run") else None,
            fails=rest == "fails",
            instead=instead[1] if instead else None,
            environment=dict(_ENVIRONMENT.findall(text[: found.start()])),
            line=text.count("\n", 0, found.start()) + 1,
        )
