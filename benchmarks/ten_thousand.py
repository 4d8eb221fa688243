"""10,000 configurations of the digits with MLflow on: the sweep, MLflow, memory, and what a user types afterwards."""

import json
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from benchmarks._figures import Figure
from benchmarks._sweeping import EXAMPLES, cores, proportional_bytes

_CONFIGURATIONS = 10_000
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
                at_least=_CONFIGURATIONS + 1,
                at_most=_CONFIGURATIONS + 1,
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
            Figure("memsweep ui, to the address of the charts", _ui_seconds(home), "s"),
            Figure("the same where there is one configuration", _ui_seconds_of_one(home), "s"),
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


def _ui_seconds(home: Path) -> float:
    """Time from the start of the command to the address of the charts."""
    start = time.monotonic()
    with subprocess.Popen(
        _memsweep("ui", "--port", "5877", home=home), stdout=subprocess.PIPE, text=True, bufsize=1
    ) as process:
        for line in process.stdout or ():
            if "#/experiments/" in line:
                break
        took = time.monotonic() - start
        process.send_signal(signal.SIGTERM)
    return took


def _ui_seconds_of_one(home: Path) -> float:
    """The same for the smallest sweep: what is left is the start of MLflow."""
    small = home / "small"
    words = ("--set", "readout.kind=ridge", "--configurations", "1", "--executor", "inline")
    _seconds(small, "run", str(EXAMPLES / "digits.yaml"), *words)
    return _ui_seconds(small)
