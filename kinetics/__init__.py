"""Physics of memristors that learn features: arrays in, arrays out; NumPy and SciPy only.

Signs and scales, stated once: the state ``w`` is dimensionless and 1 at rest; diffusion (alpha) makes it
grow, a pulse (beta, drive x in [0, 1]) makes it shrink; all physical quantities are in SI units and carry
their unit in the name.
"""

from kinetics.adjoint import Gradients, adjoint
from kinetics.conductance import Conductance, conductance
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
    "conductance",
    "draw_chips",
    "get_law",
    "inference_energy",
    "inference_latency_s",
    "nominal_devices",
    "simulate",
    "violating_share",
]
