"""What makes a sweep and a configuration what they are, in few letters: equal for equal ones, in any process."""

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from tracking.base import SweepRecord
from tracking.front_table import plain


def identity(sweep: SweepRecord) -> str:
    """A short hash of what the results of a sweep depend on: task, seed, the content of its file, its data."""
    return _short_hash([sweep.task, sweep.seed, sweep.spec, sweep.data])


def fingerprint(sweep: SweepRecord, configuration: Mapping[str, Any]) -> str:
    """A short hash of a configuration on a task with a seed."""
    return _short_hash([sweep.task, sweep.seed, configuration])


def _short_hash(content: Any) -> str:
    return hashlib.sha256(json.dumps(plain(content), sort_keys=True).encode()).hexdigest()[:16]
