"""What sweeps found, to be compared bit for bit: all but the time that it took."""

import json
from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from sweeps.study import Record


def without_time(result: dict[str, Any] | None) -> dict[str, Any]:
    """A result as a file holds it, without its seconds; a sweep that has none is a ``TypeError``."""
    plain: dict[str, Any] = json.loads(json.dumps(result))
    del plain["seconds"]
    for entry in plain["pareto"]:
        del entry["evaluation"]["seconds"]
    return plain


def records_without_time(records: Iterable[Record]) -> list[Record]:
    """Records whose evaluations took no time."""
    return [replace(one, evaluation=one.evaluation and replace(one.evaluation, seconds=0)) for one in records]
