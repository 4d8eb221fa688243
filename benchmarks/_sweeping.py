"""Running whole sweeps as a user does, watched from outside."""

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

EXAMPLES = Path(__file__).parents[1] / "examples"
_KIB = 1024


class Watched(NamedTuple):
    """What a sweep gave and took."""

    result: dict[str, Any]
    """What ``memsweep run --json`` printed."""
    wall_s: float
    """From start to end of the process."""
    peak_bytes: int
    """Most memory of the process and all that it started, shared pages counted once (proportional set size)."""


def sweep(example: str, *words: str) -> dict[str, Any]:
    """Run an example in a home of its own and nothing beside it; what ``memsweep run --json`` printed."""
    with tempfile.TemporaryDirectory() as home:
        command = _command(example, home, words)
        result: dict[str, Any] = json.loads(subprocess.run(command, capture_output=True, check=True).stdout)
        return result


def watch_sweep(example: str, *words: str) -> Watched:
    """Run an example in a home of its own and watch it; raises ``RuntimeError`` with its message if it fails."""
    # Files, not pipes: what nobody reads yet would stop a sweep of a large front.
    with (
        tempfile.TemporaryDirectory() as home,
        tempfile.TemporaryFile("w+") as output,
        tempfile.TemporaryFile("w+") as errors,
    ):
        command = _command(example, home, words)
        start, peak = time.monotonic(), 0
        with subprocess.Popen(command, stdout=output, stderr=errors, start_new_session=True) as process:
            while process.poll() is None:
                peak = max(peak, _tree_bytes(process.pid))
                time.sleep(0.5)
        wall_s = time.monotonic() - start
        output.seek(0)
        errors.seek(0)
        result = output.read()
        if not result:
            raise RuntimeError(errors.read())
        return Watched(json.loads(result), wall_s, peak)


def _command(example: str, home: str, words: Sequence[str]) -> list[str]:
    return [sys.executable, "-m", "sweeps", "run", str(EXAMPLES / example), "--home", home, "--json", *words]


def _tree_bytes(root: int) -> int:
    """Proportional set size of a process and all its descendants, bytes."""
    parents: dict[int, int] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                fields = (entry / "stat").read_text().rpartition(")")[2].split()
                parents[int(entry.name)] = int(fields[1])
            except (OSError, IndexError):
                continue  # it has ended
    family = {root}
    while grown := {child for child, parent in parents.items() if parent in family} - family:
        family |= grown
    return sum(proportional_bytes(pid) for pid in family)


def proportional_bytes(pid: int) -> int:
    """Memory of one process, bytes; pages that it shares count by its share (proportional set size)."""
    try:
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1]) * _KIB
    except OSError:
        pass  # it has ended
    return 0


def cores() -> int:
    """Processors that this process may use."""
    return len(os.sched_getaffinity(0))
