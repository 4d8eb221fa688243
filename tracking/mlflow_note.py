"""The description of a sweep on MLflow's page, in Markdown: what it came to, where to look, how to search."""

import json
from collections.abc import Callable, Mapping

from tracking.base import Summary, SweepRecord
from tracking.front_table import front_markdown, merit_of, plain
from tracking.labels import in_sentence, quantity, unit_of
from tracking.mlflow_labels import FEWEST, MOST
from tracking.mlflow_runs import FRONT_QUERY
from tracking.mlflow_view import score_of

LONGEST_NOTE = 5000
"""MLflow 3.17 takes 8000, older servers 5000."""
_RESERVE = 60  # for the line that counts what is left out


def note_under_way(sweep: SweepRecord) -> str:
    """The description while the sweep runs."""
    return f"{sweep.planned} configurations on task `{sweep.task}`: under way.\n\n{_guide(sweep, None)}"


def note(sweep: SweepRecord, summary: Summary, link: Callable[[str], str | None] = lambda _: None) -> str:
    """The description of a complete sweep.

    Args:
        sweep: the sweep.
        summary: what it came to.
        link: key of a run -> its address, if it has one; ``report`` is that of the report.
    """
    best = _best(sweep, summary)
    if best and summary.control.get("accuracy") is not None:
        best += f"; the control, the same read-out on the raw samples, {quantity(summary.control['accuracy'])}"
    places = [("Report", "report"), ("tables and figures", "summary")]
    links = " · ".join(f"[{words}]({address})" for words, key in places if (address := link(key)))
    head = (
        f"Sweep of {sweep.planned} configurations on task `{sweep.task}`, seed {sweep.seed}: "
        f"{summary.finished} finished, {summary.failed} failed, {summary.seconds:.1f} s.{best and best + '.'}\n\n"
        + (f"{links}\n\n" if links else "")
        + f"Pareto front ({', '.join(f'{direction} {name}' for name, direction in sweep.objectives.items())}), "
        "beside the control:\n\n"
    )
    foot = "\n\n" + _guide(sweep, summary)
    return (
        head
        + front_markdown(
            summary.pareto,
            metrics=list(sweep.objectives),
            control=summary.control,
            longest=LONGEST_NOTE - len(head) - len(foot),
            link=lambda trial: link(str(trial)),
        )
        + foot
    )


def _best(sweep: SweepRecord, summary: Summary) -> str:
    """The best by what was searched for."""
    merit = merit_of(sweep.objectives)
    value = summary.best_accuracy
    if merit != "accuracy":
        value = summary.pareto[0]["evaluation"].get(merit) if summary.pareto else None
    return "" if value is None else f" Best {in_sentence(merit)} {quantity(value)}"


def _guide(sweep: SweepRecord, summary: Summary | None) -> str:
    score = score_of(sweep)
    queries = [f"metrics.{score} > 0.95"]
    first = summary.pareto[0] if summary and summary.pareto else None
    if first is not None and (example := _example(sweep, first["configuration"])):
        queries[0] += f" and {example}"
    if first is not None:
        queries.append(FRONT_QUERY)
    shown = " or ".join(f"`{query}`" for query in queries)
    data = ", ".join(f"{part} `{digest[:12]}`" for part, digest in sweep.data.items())
    return (
        f"Search for example {shown}. List and charts hold 100 runs, the highest {score} first; *Load more* at the end "
        f"of the list fetches others, and a search is over all. Colours: {quantity(FEWEST)} parameters or "
        f"fewer are dark, {MOST:,} or more are bright." + (f" Data: {data}." if data else "")
    )


def _example(sweep: SweepRecord, configuration: Mapping[str, object]) -> str | None:
    """A condition on a searched field that has no unit, as a number typed by hand would rarely be met."""
    for name in sweep.searched:
        value = plain(configuration.get(name))
        if value is not None and not unit_of(name) and not isinstance(value, float):
            text = value if isinstance(value, str) else json.dumps(value)
            return f'params."{name}" = "{text}"'
    return None
