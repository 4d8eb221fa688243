"""Sweeps over devices, pulses and small networks: files, search, executors, results."""

from sweeps.api import run_sweep
from sweeps.errors import SpecError, SweepError
from sweeps.spec import Spec, load_spec

__all__ = ["Spec", "SpecError", "SweepError", "load_spec", "run_sweep"]
