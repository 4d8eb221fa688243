"""10,000 configurations of the digits with MLflow on: the sweep, MLflow, memory, and what a user types afterwards."""

import json
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from benchmarks._browser import charts_s
from benchmarks._figures import Figure
from benchmarks._sweeping import EXAMPLES, cores, proportional_bytes

_CONFIGURATIONS = 10_000
_OTHER_RUNS = 2
"""The summary, and the line in the list of all sweeps."""
_QUICK_S = 3.0
_WORDS = ("--set", "readout.kind=ridge", "--configurations", str(_CONFIGURATIONS))


def run() -> list[Figure]:
    """Run it once, then look at it."""
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        result_file = home / "sweeps" / "digits" / "result.json"
        start, peak, complete_s = time.monotonic(), 0, 0.0
        with subprocess.Popen(
            _memsweep("run", str(EXAMPLES / "digits.yaml"), *_WORDS, home=home), stdout=subprocess.DEVNULL
        ) as process:
            while process.poll() is None:
                peak = max(peak, proportional_bytes(process.pid))
                if not complete_s and result_file.exists():
                    complete_s = time.monotonic() - start
                time.sleep(0.2)
        all_s = time.monotonic() - start
        result = json.loads(result_file.read_text())
        return [
            Figure("workers", cores(), ""),
            Figure("configurations", result["finished"] + result["failed"], "", at_least=_CONFIGURATIONS),
            Figure("configurations per second", _CONFIGURATIONS / result["seconds"], "1/s"),
            Figure("from the start to the result", complete_s, "s"),
            Figure("MLflow catches up after that", all_s - complete_s, "s", at_most=300),
            Figure("both", all_s, "s", at_most=900),
            Figure(
                "runs in MLflow",
                _runs(home / "mlflow.db"),
                "",
                at_least=_CONFIGURATIONS + _OTHER_RUNS,
                at_most=_CONFIGURATIONS + _OTHER_RUNS,
            ),
            Figure("peak memory of the driver", peak / 1e9, "GB", at_most=1.5),
            Figure("memsweep list", _seconds(home, "list"), "s", at_most=_QUICK_S),
            Figure("memsweep show", _seconds(home, "show", "digits"), "s", at_most=_QUICK_S),
            Figure("memsweep show of a trial", _seconds(home, "show", "digits", "9999"), "s", at_most=_QUICK_S),
            Figure(
                "memsweep resume, which finds it complete", _seconds(home, "resume", "digits"), "s", at_most=_QUICK_S
            ),
            Figure("memsweep export to CSV", _seconds(home, "export", "digits", "--out", str(home / "all.csv")), "s"),
            Figure("memsweep sync, which finds nothing missing", _seconds(home, "sync", "digits"), "s"),
            Figure("memsweep resume, had it been stopped before its last step", _resume_seconds(home), "s"),
            *_ui_figures(home),
            Figure("memsweep ui where there is one configuration", _ui_seconds_of_one(home), "s"),
        ]


def _memsweep(*words: str, home: Path) -> list[str]:
    return [sys.executable, "-m", "sweeps", *words, "--home", str(home)]


def _runs(database: Path) -> int:
    with sqlite3.connect(database) as connection:
        (count,) = connection.execute("select count(*) from runs where lifecycle_stage = 'active'").fetchone()
    return int(count)


def _seconds(home: Path, *words: str) -> float:
    """Time of a whole command, the start of Python included."""
    start = time.monotonic()
    subprocess.run(_memsweep(*words, home=home), stdout=subprocess.DEVNULL, check=True)
    return time.monotonic() - start


def _resume_seconds(home: Path) -> float:
    """Time of a resume that finds all told, but no result and no note of what MLflow has."""
    for name in ("result.json", "tracked.json"):
        (home / "sweeps" / "digits" / name).unlink()
    return _seconds(home, "resume", "digits")


@contextmanager
def _ui(home: Path) -> Iterator[tuple[str, float]]:
    """The address of the charts, and the time from the start of the command until it was printed, s."""
    start = time.monotonic()
    with subprocess.Popen(
        _memsweep("ui", "--no-open", "--port", "5877", home=home), stdout=subprocess.PIPE, text=True, bufsize=1
    ) as process:
        try:
            for line in process.stdout or ():
                if "#/experiments/" in line:
                    yield line[line.index("http") :].strip(), time.monotonic() - start
                    break
        finally:
            process.send_signal(signal.SIGTERM)


def _ui_figures(home: Path) -> list[Figure]:
    """The command, then its page in a browser, with the first look at a page of MLflow left out of the second one."""
    with _ui(home) as (address, took_s):
        figures = [Figure("memsweep ui, to the address of the charts", took_s, "s", at_most=15)]
        seconds = charts_s(address, openings=3)
        names = ("charts of MLflow, first opening of the page", "charts of MLflow, later openings")
        for name, each_s in zip(names, (seconds[0], min(seconds[1:])) if seconds else (), strict=False):
            figures.append(Figure(name, each_s, "s", at_most=5))
    return figures


def _ui_seconds_of_one(home: Path) -> float:
    """The same for the smallest sweep: what is left is the start of MLflow."""
    small = home / "small"
    words = ("--set", "readout.kind=ridge", "--configurations", "1", "--executor", "inline")
    _seconds(small, "run", str(EXAMPLES / "digits.yaml"), *words)
    with _ui(small) as (_, took_s):
        return took_s
