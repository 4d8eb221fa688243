"""Processes of this machine and what they started."""

import os
import signal
import subprocess
from pathlib import Path
from typing import Any


def kill_tree(process: "subprocess.Popen[Any]") -> None:
    """SIGKILL for a process and all that it started."""
    for victim in [*descendants(process.pid), process.pid]:
        try:
            os.kill(victim, signal.SIGKILL)
        except ProcessLookupError:
            continue
    process.wait()


def descendants(pid: int) -> list[int]:
    """All processes below a process, the deepest first."""
    children: dict[int, list[int]] = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            # The name in parentheses may hold anything; the parent is the second word behind it.
            parent = int(stat.read_text().rpartition(")")[2].split()[1])
        except OSError:
            continue
        children.setdefault(parent, []).append(int(stat.parent.name))
    found: list[int] = []
    level = [pid]
    while level:
        level = [child for parent in level for child in children.get(parent, [])]
        found[:0] = level
    return found
