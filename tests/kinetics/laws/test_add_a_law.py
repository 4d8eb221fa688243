"""The recipe "Add a law of motion" of CONTRIBUTING.md, followed once: its files pass the law suite and run in a sweep.

The files lie in the test's own folder and are registered by importing them, in processes of their own, so that no other
test meets the law.
"""

import os
import subprocess
import sys
from pathlib import Path

import pytest

LAW = '''
r"""Low pass: a state that follows its input. F = w exp(-r) + x (1 - exp(-r)), r = period / tau. Made up here."""

import numpy as np

from kinetics.laws.base import Partials


class LowPass:
    name = "low_pass"
    source = "made up here"
    coefficient_names = ("relaxation",)
    macs_per_step = 2
    initial_state = 0.0
    state_range = (0.0, 1.0)
    ohmic = True

    def coefficients(self, device, pulse):
        return {"relaxation": pulse.period_s / device.parameter("tau_s")}

    def drive(self, samples, device, pulse):
        return samples

    def step(self, state, drive, coefficients, out, scratch):
        np.subtract(state, drive, scratch)
        np.multiply(scratch, np.exp(-coefficients["relaxation"]), scratch)
        np.add(scratch, drive, out)

    def partials(self, state, drive, coefficients):
        kept = np.exp(-coefficients["relaxation"])
        ones = np.ones_like(state)
        return Partials(ones * kept, ones * (1 - kept), {"relaxation": (drive - state) * kept})

    def lower_bound(self, coefficients):
        return np.zeros_like(coefficients["relaxation"])

    def current_A(self, states, voltage_V, device):
        low_S, high_S = device.parameter("low_S"), device.parameter("high_S")
        return np.asarray(voltage_V, states.dtype) * (low_S + (high_S - low_S) * states)
'''
PARAMETER_SET = """
name = "nobody2026"
law = "low_pass"
default = true
source = "made up here"
temperature_K = [290.0, 310.0]
voltage_V = [0.0, 2.0]

[parameters]
tau_s = {value = 5e-6, unit = "s", confirmed = false, source = "made up here"}
low_S = {value = 1e-6, unit = "S", confirmed = false, source = "made up here"}
high_S = {value = 1e-4, unit = "S", confirmed = false, source = "made up here"}

[device]
g_min_S = 5e-7
g_max_S = 2e-4
"""
REGISTER = """
from pathlib import Path

from kinetics.laws import LAWS
from kinetics.parameter_sets import load_parameter_set, parameter_sets
from low_pass import LowPass

LAWS["low_pass"] = LowPass()
parameter_sets()["nobody2026"] = load_parameter_set(Path(__file__).with_name("nobody2026.toml"))
"""
SWEEP = """
import register  # before all that reads the register

from pathlib import Path

from sweeps.driver import drive
from sweeps.inline_executor import InlineExecutor
from sweeps.spec import parse_spec
from sweeps.study import SweepStudy
from tasks.data import digits

spec = parse_spec({
    "name": "low_pass", "task": "digits", "seed": 1, "configurations": 3, "chips": 2, "sampler": "random",
    "objectives": {"accuracy": "maximize"},
    "configuration": {
        "device.law": "low_pass", "device.d2d": 0.1, "readout.kind": "ridge",
        "device.tau_s": {"low": 1e-6, "high": 1e-5, "log": True},
    },
})
study = SweepStudy(spec, Path("journal.log"))
drive(study, InlineExecutor(digits.load(), spec.evaluator), configurations=3, lag=2, on_told=lambda _: None)
print(*(record.evaluation.accuracy for record in study.records()))
"""


@pytest.fixture
def recipe(tmp_path: Path) -> Path:
    """A folder with what steps 1 to 3 of the recipe write."""
    for name, text in (
        ("low_pass.py", LAW),
        ("nobody2026.toml", PARAMETER_SET),
        ("register.py", REGISTER),
        ("sweep.py", SWEEP),
    ):
        (tmp_path / name).write_text(text)
    return tmp_path


def python(folder: Path, *arguments: str) -> str:
    done = subprocess.run(
        [sys.executable, *arguments],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(folder), "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    return done.stdout


def test_a_law_of_ones_own_passes_the_law_suite(recipe: Path) -> None:
    suite = Path(__file__).with_name("test_laws.py")
    rootdir = suite.parents[3]
    output = python(
        recipe, "-m", "pytest", "-q", "-p", "register", "-p", "no:cacheprovider", "-k", "low_pass",
        f"--rootdir={rootdir}", "-c", str(rootdir / "pyproject.toml"), str(suite),
    )  # fmt: skip
    assert "failed" not in output
    assert int(output.split(" passed")[0].split()[-1]) >= 18


def test_a_law_of_ones_own_runs_in_a_sweep(recipe: Path) -> None:
    accuracies = [float(word) for word in python(recipe, "sweep.py").split()[-3:]]
    assert min(accuracies) > 0.5  # ten classes
