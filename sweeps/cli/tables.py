"""Results as tables for people."""

from typing import Any

from rich import box
from rich.console import Console
from rich.table import Table

from sweeps.run import Outcome
from sweeps.spec import Spec

_MOST_ROWS = 15
_MAIN_WIDTH, _FIELD_WIDTH = 96, 13
"""Characters that the columns of every sweep take, and those of one searched field."""

_PREFIXES = {-15: "f", -12: "p", -9: "n", -6: "u", -3: "m", 0: "", 3: "k", 6: "M"}


def with_prefix(value: float, unit: str) -> str:
    """A quantity with an SI prefix: 4.2e-10 J -> 420 pJ."""
    if value == 0:
        return f"0 {unit}"
    for exponent in sorted(_PREFIXES, reverse=True):
        if abs(value) >= 10.0**exponent:
            return f"{value / 10.0**exponent:.3g} {_PREFIXES[exponent]}{unit}"
    return f"{value:.2e} {unit}"


def print_outcome(console: Console, outcome: Outcome) -> None:
    """The front, the control, where the results lie and how to look at them."""
    result = outcome.result
    if result is None:
        return
    spec = outcome.folder.spec()
    print_front(console, spec, result)
    console.print(
        f"{result['finished']} configurations finished, {result['failed']} failed, in {result['seconds']:.1f} s"
    )
    home = outcome.folder.path.parent.parent
    home_option = f" --home {home}" if home.name != ".memsweep" else ""
    print_place(console, outcome)
    console.print(f"Look at all of them: memsweep ui {spec.name}{home_option}", soft_wrap=True)
    console.print(f"Read what came of it: memsweep report {spec.name}{home_option}", soft_wrap=True)


def print_place(console: Console, outcome: Outcome) -> None:
    """Where the results lie."""
    console.print(f"Results: {outcome.folder.path}", markup=False, soft_wrap=True)


def print_front(console: Console, spec: Spec, result: dict[str, Any], *, most_rows: int | None = _MOST_ROWS) -> None:
    """The Pareto front beside its control."""
    entries = result["pareto"]
    # As many of the searched fields as the width has room for, in the order of the file.
    room = max(0, (console.width - _MAIN_WIDTH) // _FIELD_WIDTH)
    searched = list(spec.space.dimensions)[:room]
    table = Table(box=box.SIMPLE_HEAD, title=f"Pareto front of {spec.name}", title_justify="left")
    # The best of many noisy means is biased, so the mean over fresh chips stands beside the one of the search.
    fresh = any((entry["evaluation"].get("fresh_chips") or 1) > 1 for entry in entries)
    for heading in (
        "trial",
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
            _accuracy(evaluation, ""),
            *([_interval(evaluation)] if fresh else []),
            _accuracy(evaluation, "test_"),
            str(evaluation["parameters"]),
            with_prefix(evaluation["energy_J"], "J"),
            *(_cell(name, entry["configuration"][name]) for name in searched),
        )
    control = result["control"]
    if control:
        table.add_section()
        table.add_row(
            "control",
            f"{control['accuracy']:.3f}",
            *([""] if fresh else []),
            f"{control['test_accuracy']:.3f}",
            str(control["parameters"]),
            "no kinetics",
        )
    console.print(table)
    if most_rows is not None and len(entries) > most_rows:
        console.print(f"... and {len(entries) - most_rows} more on the front; `memsweep show {spec.name}` prints all")


def _interval(evaluation: dict[str, Any]) -> str:
    """Mean over fresh chips and its interval."""
    low, high = evaluation["fresh_accuracy_low"], evaluation["fresh_accuracy_high"]
    return f"{evaluation['fresh_accuracy']:.3f} [{low:.3f}, {high:.3f}]"


def _accuracy(evaluation: dict[str, Any], prefix: str) -> str:
    mean, std = evaluation[f"{prefix}accuracy"], evaluation[f"{prefix}accuracy_std"]
    return f"{mean:.3f}" + (f" ±{std:.3f}" if evaluation["chips"] > 1 else "")


def _cell(name: str, value: Any) -> str:
    if isinstance(value, float):
        unit = name.rsplit("_", 1)[-1]
        return with_prefix(value, unit) if unit in ("s", "V", "m", "S", "Hz", "K") else f"{value:.3g}"
    if isinstance(value, (list, tuple)):
        return "-".join(map(str, value))
    return str(value)
