"""Studies of robustness as users run them: 8 spreads x 50 chips of MNIST on 2 actors, 1,000 chips of SITW on 1."""

import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any, NamedTuple

import yaml

from benchmarks._figures import Figure
from benchmarks._sweeping import _tree_bytes

_SPREADS = [0.0, 0.02, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5]
_MNIST = {
    "device.alpha": 0.02,
    "device.beta": 0.1,
    "device.c2c": 0.02,
    "readout.kind": "mlp",
    "readout.hidden": 48,
    "readout.epochs": 20,
}
_SITW = {
    "device.alpha": 0.4,
    "device.beta": 0.9,
    "device.g_rest_S": 2.5e-5,
    "device.g_min_S": 2e-6,
    "device.d2d": 0.05,
    "device.c2c": 0.02,
    "readout.kind": "network",
    "readout.hidden": 16,
    "readout.batch": 800,
    "readout.epochs": 500,
    "readout.patience": 500,
    "readout.weight_decay": 0.001,
}


class _Watched(NamedTuple):
    """What a command gave and took."""

    result: dict[str, Any]
    wall_s: float
    peak_bytes: int


def run() -> list[Figure]:
    """Make a sweep of one configuration each and study it, training and start of Ray included; needs MEMSWEEP_DATA."""
    crossbar = {"crossbar.mapping": "pair", "crossbar.programming": "shi2025"}
    with tempfile.TemporaryDirectory() as folder:
        mnist = _study(
            Path(folder),
            "mnist",
            _MNIST,
            {"chips": 50, "part": "test", "with": crossbar, "curves": {"device.d2d": _SPREADS}},
            workers=2,
        )
        sitw = _study(
            Path(folder),
            "sitw",
            _SITW,
            {"chips": 1000, "part": "test", "with": crossbar, "curves": {"device.d2d": [0.05]}},
            workers=1,
        )
    [spread] = sitw.result["configurations"][0]["curves"]["device.d2d"]
    points = {point["value"]: point for point in mnist.result["configurations"][0]["curves"]["device.d2d"]}
    return [
        Figure("MNIST: 8 spreads x 50 chips x 10,000 cases", mnist.wall_s, "s", at_most=60),
        Figure("MNIST: peak memory of all processes", mnist.peak_bytes / 1e9, "GB"),
        Figure("MNIST: median accuracy, spread 5 %", points[0.05]["median"], ""),
        Figure("MNIST: median accuracy, spread 50 %", points[0.5]["median"], ""),
        Figure("SITW: chips", spread["chips"], ""),
        Figure("SITW: 1,000 chips x 250 cases", sitw.wall_s, "s", at_most=30),
        Figure("SITW: peak memory of all processes", sitw.peak_bytes / 1e9, "GB", at_most=2),
        Figure("SITW: median accuracy, spread 5 %", spread["median"], ""),
    ]


def _study(folder: Path, task: str, configuration: dict[str, Any], study: dict[str, Any], *, workers: int) -> _Watched:
    """Sweep one configuration of a task, then watch its study."""
    spec = {
        "name": task,
        "task": task,
        "configurations": 1,
        "chips": 1,
        "objectives": {"accuracy": "maximize"},
        "configuration": configuration,
    }
    files = {"sweep": folder / f"{task}.yaml", "study": folder / f"study-{task}.yaml"}
    for name, content in (("sweep", spec), ("study", study)):
        files[name].write_text(yaml.safe_dump(content))
    home = ["--home", str(folder / "home"), "--json"]
    subprocess.run(
        [sys.executable, "-m", "sweeps", "run", str(files["sweep"]), "--executor", "inline", *home],
        check=True,
        capture_output=True,
    )
    return _watch(["robustness", task, "--study", str(files["study"]), "--workers", str(workers), *home])


def _watch(words: list[str]) -> _Watched:
    """Run a command of memsweep and watch it from outside; raises ``RuntimeError`` with its message if it fails."""
    start, peak = time.monotonic(), 0
    with subprocess.Popen(
        [sys.executable, "-m", "sweeps", *words], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        while process.poll() is None:
            peak = max(peak, _tree_bytes(process.pid))
            time.sleep(0.25)
        output, errors = process.communicate()
    if not output:
        raise RuntimeError(errors)
    return _Watched(json.loads(output), time.monotonic() - start, peak)
