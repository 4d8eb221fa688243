"""Every command that a page names exists, with its options: also on pages whose commands cannot run here."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from typer.main import get_command

from sweeps.cli import app
from tests.docs.pages import DOCS

TEXTS = sorted([*DOCS.glob("*.md"), DOCS.parent / "README.md", DOCS.parent / "deploy" / "README.md"])
_TYPED = re.compile(r"^\$ .*?(?<!\.)\bmemsweep ([a-z].*)$", re.MULTILINE)
_NAMED = re.compile(r"`memsweep\s+([a-z][^`]*)`")
_CONTINUED = re.compile(r"\\\n")


def commands(text: str) -> Iterator[list[str]]:
    """The words after ``memsweep`` of what is typed, and of what is named within a sentence."""
    for pattern in (_TYPED, _NAMED):
        for found in pattern.findall(_CONTINUED.sub(" ", text)):
            yield found.partition(" #")[0].split()


def unknown(words: list[str]) -> list[str]:
    """Those of the words that the command line does not know, being a command or an option."""
    command: Any = get_command(app)
    while words and hasattr(command, "commands"):
        verb, *words = words
        if verb not in command.commands:
            return [verb]
        command = command.commands[verb]
    known = {"--help"}.union(*(parameter.opts for parameter in command.params))
    return [word for word in words if re.match(r"--?[a-z]", word) and word.partition("=")[0] not in known]


def test_commands_of_all_pages_are_known() -> None:
    named = {text.relative_to(DOCS.parent): list(commands(text.read_text(encoding="utf-8"))) for text in TEXTS}
    wrong = [(str(text), words) for text, each in named.items() for words in each if unknown(words)]
    assert not wrong
    reference: Any = get_command(app)
    assert {words[0] for each in named.values() for words in each} >= set(reference.commands)


@pytest.mark.parametrize("line", ["memsweep rnu a.yaml", "memsweep run a.yaml --worker 2", "memsweep data bring"])
def test_a_wrong_one_is_found(line: str) -> None:
    assert [unknown(words) for words in commands(f"$ {line}\n")] == [unknown(line.split()[1:])] != [[]]
