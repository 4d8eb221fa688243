"""Fitting measured curves: from a trace to the parameters of a law, and to a parameter set."""

from kinetics.fitting.as_set import parameter_set
from kinetics.fitting.fit import Fit, Rival, fit_trace
from kinetics.fitting.observation import Observation, observe
from kinetics.fitting.solver import Estimate
from kinetics.fitting.trace import Trace, read_trace

__all__ = [
    "Estimate",
    "Fit",
    "Observation",
    "Rival",
    "Trace",
    "fit_trace",
    "observe",
    "parameter_set",
    "read_trace",
]
