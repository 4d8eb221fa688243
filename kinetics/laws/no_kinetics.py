r"""No kinetics: a step hands on its sample and forgets the rest, for controls.

.. math:: w_{k+1} = x_k

There is no memory, no coefficient and nothing to compute: states after a pulse are the samples themselves. It is no
device, so the register ``LAWS`` does not hold it and no sweep takes it; ``get_law`` finds it by its name.
"""

import numpy as np

from kinetics.arrays import Coefficients, Float32
from kinetics.device import Device
from kinetics.errors import InvalidParameterError
from kinetics.laws.base import Factors, Partials
from kinetics.pulse import Pulse

_ZERO, _ONE = np.zeros((), np.float32), np.ones((), np.float32)


class NoKinetics:
    """The samples as they are."""

    name = "none"
    source = "derived here: the control of every other law"
    coefficient_names: tuple[str, ...] = ()
    macs_per_step = 0
    initial_state = 1.0
    state_range = (0.0, 1.0)
    ohmic = True

    def coefficients(self, device: Device, pulse: Pulse) -> dict[str, float]:
        """Refused: there is no such device."""
        raise InvalidParameterError("`device.law` must be a law of motion, but `none` is the control without one.")

    def drive(self, samples: Float32, device: Device, pulse: Pulse) -> Float32:
        """Samples themselves."""
        return samples

    def step(self, state: Float32, drive: Float32, coefficients: Coefficients, out: Float32, scratch: Float32) -> None:
        """The sample."""
        np.copyto(out, drive)

    def partials(self, state: Float32, drive: Float32, coefficients: Coefficients) -> Partials:
        """dF/dw = 0, dF/dx = 1."""
        return Partials(state=np.zeros_like(state), drive=np.ones_like(state), coefficients={})

    def factors(
        self, state: Float32, drive: Float32, coefficients: Coefficients, slope: Float32, scratch: Float32
    ) -> Factors:
        """The partials, which are numbers."""
        return Factors(np.broadcast_to(_ZERO, state.shape), _ONE, {})

    def lower_bound(self, coefficients: Coefficients) -> Float32:
        """The smallest sample."""
        return _ZERO

    def current_A(self, states: Float32, voltage_V: Float32 | float, device: Device) -> Float32:
        """None: there is no such device."""
        return np.zeros_like(states)
