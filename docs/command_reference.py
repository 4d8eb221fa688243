"""The directive `memsweep-commands`: every command with its arguments and options, as the program itself says them."""

import re
from typing import Any

import typer
from docutils import nodes
from docutils.parsers.rst import Directive
from sphinx.application import Sphinx

from sweeps.cli import app

_CODE = re.compile(r"`([^`]+)`")


class CommandReference(Directive):
    """One section a command, in the order of `memsweep --help`."""

    def run(self) -> list[nodes.Node]:
        """Make the sections."""
        group: Any = typer.main.get_command(app)
        return [each for name, command in group.commands.items() for each in _sections(f"memsweep {name}", command)]


def _sections(path: str, command: Any) -> list[nodes.Node]:
    """The section of a command, or those of the commands below it."""
    if hasattr(command, "commands"):
        return [each for name, below in command.commands.items() for each in _sections(f"{path} {name}", below)]
    context = command.context_class(command, info_name=path)
    section = nodes.section(ids=[path.replace(" ", "-")], names=[path])
    section += nodes.title(path, path)
    for text in (command.help or "").split("\n\n"):
        section += _prose(text)
    usage = " ".join([path, *command.collect_usage_pieces(context)])
    section += nodes.literal_block(usage, usage, language="text")
    records = [each.get_help_record(context) for each in command.get_params(context)]
    listed = nodes.definition_list()
    for term, text in filter(None, records):
        if not term.endswith("--help"):
            name = nodes.term("", "", nodes.literal(term, term))
            listed += nodes.definition_list_item("", name, nodes.definition("", _prose(text)))
    if listed.children:
        section += listed
    return [section]


def _prose(text: str) -> nodes.paragraph:
    """Prose, with what stands in backticks as code."""
    paragraph = nodes.paragraph()
    for place, part in enumerate(_CODE.split(" ".join(text.split()))):
        paragraph += nodes.literal(part, part) if place % 2 else nodes.Text(part)
    return paragraph


def setup(app: Sphinx) -> dict[str, bool]:
    """Register the directive."""
    app.add_directive("memsweep-commands", CommandReference)
    return {"parallel_read_safe": True}
