"""Physics of memristors that learn features: arrays in, arrays out; NumPy and SciPy only.

Signs and scales, stated once: the state ``w`` is dimensionless (1 at rest, for drift-diffusion); diffusion (alpha)
makes it grow, a pulse (beta, drive x in [0, 1]) makes it shrink; all physical quantities are in SI units and carry
their unit in the name.
"""

from kinetics.adjoint import Gradients, adjoint
from kinetics.coefficients import check_coefficient_names, device_coefficients, lowest_state, thermal_factors
from kinetics.conductance import Conductance, conductance, pulse_current_A, rest_conductance_S
from kinetics.crossbar import Crossbar
from kinetics.device import Device
from kinetics.energy import Energy, inference_energy, inference_latency_s
from kinetics.errors import DivergenceError, InvalidParameterError, KineticsError
from kinetics.laws import LAWS, Law, Partials, get_law
from kinetics.population import draw_chips, nominal_devices
from kinetics.pulse import Pulse
from kinetics.simulate import Trajectory, simulate
from kinetics.stability import violating_share

__all__ = [
    "LAWS",
    "Conductance",
    "Crossbar",
    "Device",
    "DivergenceError",
    "Energy",
    "Gradients",
    "InvalidParameterError",
    "KineticsError",
    "Law",
    "Partials",
    "Pulse",
    "Trajectory",
    "adjoint",
    "check_coefficient_names",
    "conductance",
    "device_coefficients",
    "draw_chips",
    "get_law",
    "inference_energy",
    "inference_latency_s",
    "lowest_state",
    "nominal_devices",
    "pulse_current_A",
    "rest_conductance_S",
    "simulate",
    "thermal_factors",
    "violating_share",
]
