"""A finished sweep of a few ridge read-outs on digits, and a study that takes a second."""

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from sweeps.home import Home, SweepFolder
from sweeps.robustness import Study, parse_study
from sweeps.run import Options, run
from sweeps.spec import parse_spec

SWEEP = {
    "name": "tiny",
    "task": "digits",
    "seed": 3,
    "configurations": 4,
    "chips": 2,
    "lag": 4,
    "objectives": {"accuracy": "maximize", "energy_J": "minimize"},
    "configuration": {
        "device.d2d": 0.05,
        "device.c2c": 0.01,
        "pulse.amplitude_V": {"low": 0.5, "high": 2.0},
        "readout.kind": "ridge",
    },
}
STUDY: dict[str, Any] = {
    "chips": 6,
    "yield_target": 0.85,
    "with": {"crossbar.mapping": "pair"},
    "curves": {
        "device.d2d": [0, 0.05, 0.3],
        "crossbar.stuck_high + crossbar.stuck_low": [0, 0.02],
        "pulse.adc_bits": [2, 6],
    },
    "corners": {"sigmas": 2, "temperature_shift_K": 20},
    "sobol": {"samples": 4, "chips": 2, "parameters": {"device.d2d": [0, 0.2], "device.read_noise": [0, 0.1]}},
}


@pytest.fixture(scope="session")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Home of a finished sweep; not to be written to."""
    home = tmp_path_factory.mktemp("finished")
    run(parse_spec(SWEEP), Home(home), Options(executor="inline"))
    return home


@pytest.fixture
def sweep(finished: Path, tmp_path: Path) -> SweepFolder:
    """A copy of it for one test."""
    shutil.copytree(finished, tmp_path / "copy")
    return Home(tmp_path / "copy").find("tiny")


@pytest.fixture
def study() -> Callable[..., Study]:
    def build(**changes: Any) -> Study:
        return parse_study(STUDY | changes, "small")

    return build
