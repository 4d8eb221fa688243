"""What a law of motion is: one step of the state, with its partial derivatives, and the current it lets through.

Notation: ``w[k+1] = F(w[k], x[k]; coefficients)``, ``w`` the dimensionless state, ``x`` the drive of step k in
[0, 1]. All arrays are float32; a step works on any number of devices at once.

A law that follows a differential equation integrates it over one period of the pulse train (pulse, then pause) inside
``step``, exactly where a closed form exists. Its coefficients are what is left: positive numbers per device, which
device-to-device spread multiplies.
"""

from typing import NamedTuple, Protocol, runtime_checkable

from kinetics.arrays import Coefficients, Float32
from kinetics.device import Device
from kinetics.pulse import Pulse


class Partials(NamedTuple):
    """First derivatives of one step, each in the shape of the state."""

    state: Float32
    """dF/dw."""
    drive: Float32
    """dF/dx."""
    coefficients: Coefficients
    """dF/d(coefficient), by name."""


class Law(Protocol):
    """A law of motion. Implementations are stateless; a file each."""

    name: str
    """The word that configurations use for it."""
    source: str
    """Where the equations come from."""
    coefficient_names: tuple[str, ...]
    """The coefficients, all positive, each counted as one parameter of the model."""
    macs_per_step: int
    """Multiply-accumulates of one digital step, by the counting rule of Shi et al. 2025."""
    initial_state: float
    """The state at rest, to which it relaxes or from which it starts."""
    state_range: tuple[float, float]
    """Lowest and highest state that the equations are for; steps of the law itself keep a finite end."""

    ohmic: bool
    """Whether the current is proportional to the voltage, so that the conductance window holds at any voltage."""

    def coefficients(self, device: Device, pulse: Pulse) -> dict[str, float]:
        """Coefficients of a nominal device under a pulse; raises ``InvalidParameterError``."""
        ...

    def drive(self, samples: Float32, device: Device, pulse: Pulse) -> Float32:
        """Effective drive of samples in [0, 1] under the pulse's encoding, same shape; 0 stays 0 and 1 stays 1."""
        ...

    def step(self, state: Float32, drive: Float32, coefficients: Coefficients, out: Float32, scratch: Float32) -> None:
        """Write F(state, drive) into ``out``; ``scratch`` has its shape and may be overwritten."""
        ...

    def partials(self, state: Float32, drive: Float32, coefficients: Coefficients) -> Partials:
        """First derivatives of the step at ``state``."""
        ...

    def lower_bound(self, coefficients: Coefficients) -> Float32:
        """Per device, what no state after the first falls below for drives in [0, 1]; ``-inf`` if unknown."""
        ...

    def current_A(self, states: Float32, voltage_V: Float32 | float, device: Device) -> Float32:
        """Current through the device in a state at a voltage, A, as the law's paper has it; without leakage.

        ``voltage_V`` is one number or broadcasts against the states. It has the sign of the voltage.
        """
        ...


class Factors(NamedTuple):
    """First derivatives of a step in the form that costs least; arrays need only broadcast to the state."""

    state: Float32
    """dF/dw."""
    drive: Float32
    """dF/dx."""
    coefficients: dict[str, tuple[Float32, Float32]]
    """dF/d(coefficient), by name: two arrays whose product it is, the first a number or in the coefficient's shape."""


class InPlaceLaw(Protocol):
    """What a law may offer beside ``partials``: the same derivatives without new arrays, for a faster adjoint."""

    def factors(
        self, state: Float32, drive: Float32, coefficients: Coefficients, slope: Float32, scratch: Float32
    ) -> Factors:
        """First derivatives of the step at ``state``, which may live in ``slope`` and ``scratch`` (of its shape)."""
        ...


@runtime_checkable
class StabilisableLaw(Protocol):
    """What a law may offer to learning: the way back into the region where its bound holds."""

    def stabilise(self, coefficients: Coefficients, bound: float) -> None:
        """Change the coefficients in place, as little as is simple, so that ``lower_bound`` >= ``bound``."""
        ...


@runtime_checkable
class ThermalLaw(Protocol):
    """What a law may offer beside: what a chip that is warmer or colder than its design does."""

    def thermal_factors(self, device: Device, pulse: Pulse, temperature_K: float) -> dict[str, float]:
        """By what each coefficient changes from ``device.temperature_K`` to ``temperature_K``."""
        ...
