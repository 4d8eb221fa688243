"""What a law of motion is: one step of the state, with its partial derivatives.

Notation: ``w[k+1] = F(w[k], x[k]; coefficients)``, ``w`` the dimensionless state (1 at rest), ``x`` the
drive of step k in [0, 1]. All arrays are float32; a step works on any number of devices at once.
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
    """The coefficients, each counted as one parameter of the model."""
    macs_per_step: int
    """Multiply-accumulates of one digital step, by the counting rule of Shi et al. 2025."""
    initial_state: float
    """The state at rest."""

    def coefficients(self, device: Device, pulse: Pulse) -> dict[str, float]:
        """Coefficients of a nominal device under a pulse; raises ``InvalidParameterError``."""
        ...

    def drive(self, samples: Float32, device: Device, pulse: Pulse) -> Float32:
        """Effective drive of samples in [0, 1] under the pulse's encoding, same shape; 1 stays 1."""
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
