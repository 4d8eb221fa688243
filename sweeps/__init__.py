"""Sweeps over devices, pulses and small networks: files, search, executors, results."""

from sweeps import foreign_warnings as foreign_warnings
from sweeps.api import load_sweep, run_sweep
from sweeps.errors import SpecError, SweepError
from sweeps.notebook import Sweep
from sweeps.spec import Spec, load_spec

__all__ = ["Spec", "SpecError", "Sweep", "SweepError", "load_spec", "load_sweep", "run_sweep"]
