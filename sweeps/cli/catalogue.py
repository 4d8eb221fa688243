"""``memsweep tasks`` and ``memsweep laws``: what a sweep file can name."""

from rich import box
from rich.table import Table

from kinetics import LAWS
from sweeps.cli.console import make_console
from tasks import TASKS


def tasks_command() -> None:
    """List the tasks."""
    _print(
        "task", {name: f"{source.summary}; protocols: {', '.join(source.protocols)}" for name, source in TASKS.items()}
    )


def laws_command() -> None:
    """List the laws of motion, with their sources."""
    _print("law", {name: f"{', '.join(law.coefficient_names)}; {law.source}" for name, law in LAWS.items()})


def _print(heading: str, rows: dict[str, str]) -> None:
    table = Table(box=box.SIMPLE_HEAD)
    table.add_column(heading, no_wrap=True)
    table.add_column("")
    for name, text in rows.items():
        table.add_row(name, text)
    make_console().print(table)
