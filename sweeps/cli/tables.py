"""Results as tables for people."""

from typing import Any

from rich import box
from rich.console import Console
from rich.table import Table

from sweeps.commands import command
from sweeps.results import left_out
from sweeps.run import Outcome
from sweeps.spec import Spec
from tracking.front_table import best_first
from tracking.labels import is_share, quantity, unit_of

_MOST_ROWS = 15
_MAIN_WIDTH, _FIELD_WIDTH, _GAP = 96, 13, 3
"""Characters that the columns of every sweep take, those of one searched field, and those between two columns."""
_MAIN = ("accuracy", "parameters", "energy_J")
"""Metrics that have a column in every sweep."""


def print_outcome(console: Console, outcome: Outcome) -> None:
    """The front, the control, where the results lie and how to look at them."""
    result = outcome.result
    if result is None:
        return
    spec = outcome.folder.spec()
    print_front(console, spec, result, most_rows=_MOST_ROWS)
    if (left := len(result["pareto"]) - _MOST_ROWS) > 0:
        words = f"... and {left} more on the front; `{command('show', outcome.folder)}` prints all"
        console.print(words, markup=False, soft_wrap=True)
    console.print(
        f"{result['finished']} configurations finished, {result['failed']} failed, in {result['seconds']:.1f} s"
    )
    print_place(console, outcome)
    for words, verb in (("Look at all of them", "ui"), ("Read what came of it", "report")):
        console.print(f"{words}: {command(verb, outcome.folder)}", markup=False, soft_wrap=True)


def print_place(console: Console, outcome: Outcome) -> None:
    """Where the results lie."""
    console.print(f"Results: {outcome.folder.path}", markup=False, soft_wrap=True)


def print_front(console: Console, spec: Spec, result: dict[str, Any], *, most_rows: int | None = None) -> None:
    """The Pareto front beside its control: what was searched for, accuracies, costs, and fields that have room."""
    entries = best_first(result["pareto"], spec.objectives)
    # Objectives that are no main column lead.
    goals = {name: _heading(name) for name in spec.objectives if name not in _MAIN}
    taken = _MAIN_WIDTH + sum(max(map(len, heading.split("\n"))) + _GAP for heading in goals.values())
    # As many of the searched fields as the width has room for, in the order of the file.
    room = max(0, (console.width - taken) // _FIELD_WIDTH)
    searched = list(spec.space.dimensions)[:room]
    table = Table(box=box.SIMPLE_HEAD, title=f"Pareto front of {spec.name}", title_justify="left")
    # The best of many noisy means is biased, so the mean over fresh chips stands beside the one of the search.
    fresh = any((entry["evaluation"].get("fresh_chips") or 1) > 1 for entry in entries)
    for heading in (
        "trial",
        *goals.values(),
        "accuracy\n(validation)",
        *(["fresh chips\n(validation)"] if fresh else []),
        "accuracy\n(test)",
        "parameters",
        "energy /\ninference",
    ):
        table.add_column(heading, justify="right", no_wrap=True)
    for name in searched:
        table.add_column("\n".join(name.partition(".")[::2]), justify="right", no_wrap=True)
    for entry in entries[:most_rows]:
        evaluation = entry["evaluation"]
        table.add_row(
            str(entry["trial"]),
            *(_metric(name, evaluation[name]) for name in goals),
            _accuracy(evaluation, ""),
            *([_interval(evaluation)] if fresh else []),
            _accuracy(evaluation, "test_"),
            str(evaluation["parameters"]),
            _metric("energy_J", evaluation["energy_J"]),
            *(_cell(name, entry["configuration"][name]) for name in searched),
        )
    control = result["control"]
    if control:
        table.add_section()
        table.add_row(
            "control",
            *([""] * len(goals)),
            f"{control['accuracy']:.3f}",
            *([""] if fresh else []),
            f"{control['test_accuracy']:.3f}",
            str(control["parameters"]),
            "no kinetics",
        )
    console.print(table)
    if lacking := left_out(result):
        console.print(lacking, markup=False, soft_wrap=True)


def _heading(name: str) -> str:
    """An objective's name as a heading of at most two lines, on the part that it was searched on."""
    unit = name.rpartition("_")[2] if unit_of(name) else ""
    words = name.removesuffix(f"_{unit}")
    return f"{words}\n(validation)" if is_share(name) else "\n".join(words.split("_", 1))


def _metric(name: str, value: Any) -> str:
    return f"{value:.3f}" if is_share(name) else quantity(value, unit_of(name))


def _interval(evaluation: dict[str, Any]) -> str:
    """Mean over fresh chips and its interval."""
    low, high = evaluation["fresh_accuracy_low"], evaluation["fresh_accuracy_high"]
    return f"{evaluation['fresh_accuracy']:.3f} [{low:.3f}, {high:.3f}]"


def _accuracy(evaluation: dict[str, Any], prefix: str) -> str:
    mean, std = evaluation[f"{prefix}accuracy"], evaluation[f"{prefix}accuracy_std"]
    return f"{mean:.3f}" + (f" ±{std:.3f}" if evaluation["chips"] > 1 else "")


def _cell(name: str, value: Any) -> str:
    # Counts as they are, such as parameters beside them.
    return str(value) if isinstance(value, int) else quantity(value, unit_of(name))
