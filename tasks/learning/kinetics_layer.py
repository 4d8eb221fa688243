"""The kinetics as the first layer of a network: coefficients are parameters, gradients the explicit adjoint.

======  =====================================================  ===========================
symbol  meaning                                                shape
======  =====================================================  ===========================
x       drive, or [1, ...] if all members share it             [member, time, device]
w       states that are read (see ``tasks.reading``)           [member, reading, device]
c       a coefficient, one for all steps or one a step         [member] or [member, time]
======  =====================================================  ===========================

``device`` runs over all series of all cases of a batch, in any order. A member's states are contiguous, so
that a dense layer reads them where they lie.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np

from kinetics import adjoint, get_law, simulate
from kinetics.laws.base import StabilisableLaw
from tasks.learning.architecture import Architecture
from tasks.readout.arrays import Floats
from tasks.readout.layers import Cache, Layer, Views


@dataclass
class KineticsCache(Cache):
    """States, and whether the floor held any."""

    floor_hits: int = 0
    """Of the last forward pass."""
    first: bool = False
    """Whether nobody asks for the gradient by the drive."""
    readings: Floats | None = None
    """Room for what is read, where that is not all states [member, reading, device]."""
    states_gradient: Floats | None = None
    """Room for the gradient by all states, where not all are read; made when first needed."""


@dataclass(frozen=True)
class KineticsLayer(Layer):
    """Trajectories of one memristor per series."""

    architecture: Architecture
    """Law, coefficients and shapes."""
    written: bool = False
    """Whether the coefficients are given and stay, whatever the architecture learns."""

    @property
    def shapes(self) -> dict[str, tuple[int, ...]]:
        """The coefficients: () or (time,)."""
        shape = (self.architecture.steps,) if self.architecture.learned == "per_step" else ()
        return dict.fromkeys(get_law(self.architecture.law).coefficient_names, shape)

    @property
    def fixed(self) -> tuple[str, ...]:
        """All coefficients, where they are not learned."""
        return () if self._learned else tuple(self.shapes)

    def initialise(self, parameters: Views, member: int, rng: np.random.Generator) -> None:
        """Draw each coefficient from its range, in the law's order."""
        for name in self.shapes:
            low, high = self.architecture.starts[name]
            parameters[name][member] = rng.uniform(low, high, parameters[name][member].shape)

    def allocate(self, members: int, cases: int, dtype: np.dtype[Any], *, first: bool) -> Cache:
        """Room for the states."""
        devices, reading = self.architecture.series * cases, self.architecture.reading
        return KineticsCache(
            outputs=np.empty((members, reading.pulses + 1, devices), dtype),
            first=first,
            readings=None if reading.every == 1 else np.empty((members, reading.count, devices), dtype),
        )

    def forward(self, parameters: Views, inputs: Floats, cache: Cache) -> Floats:
        """States that are read, [member, reading, device]."""
        if not isinstance(cache, KineticsCache):
            raise TypeError("the kinetics need a cache of their own kind")
        # A law without coefficients would not know how many members there are.
        cache.inputs = inputs = np.broadcast_to(inputs, (len(cache.outputs), *inputs.shape[1:]))
        coefficients, stepwise = self._coefficients(parameters)
        trajectory = simulate(
            get_law(self.architecture.law),
            coefficients,
            inputs.swapaxes(0, 1)[: self.architecture.reading.pulses],
            floor=self.architecture.floor,
            out=cache.outputs.swapaxes(0, 1),
            stepwise=stepwise,
        )
        cache.floor_hits = trajectory.floor_hits
        readings = None if cache.readings is None else cache.readings.swapaxes(0, 1)
        return self.architecture.reading.read(cache.outputs.swapaxes(0, 1), readings).swapaxes(0, 1)

    def backward(self, parameters: Views, gradients: Views, gradient: Floats, cache: Cache) -> Floats:
        """Gradients by the coefficients; by the drive of the pulses that count, if asked for."""
        if not isinstance(cache, KineticsCache):
            raise TypeError("the kinetics need a cache of their own kind")
        if not self._learned and cache.first:
            return gradient[:0]
        coefficients, stepwise = self._coefficients(parameters)
        pulses = self.architecture.reading.pulses
        result = adjoint(
            get_law(self.architecture.law),
            coefficients,
            cache.inputs.swapaxes(0, 1)[:pulses],
            cache.outputs.swapaxes(0, 1),
            self._by_states(gradient.swapaxes(0, 1), cache),
            stepwise=stepwise,
            held_at=self.architecture.floor if cache.floor_hits else None,
            with_drive=not cache.first,
        )
        for name, value in result.coefficients.items() if self._learned else ():
            if stepwise:
                gradients[name][:, :pulses] = value[..., 0].T
                gradients[name][:, pulses:] = 0
            else:
                gradients[name][...] = value[:, 0]
        return gradient[:0] if result.drive is None else result.drive.swapaxes(0, 1)

    def project(self, parameters: Views) -> None:
        """Hold learned coefficients in their range and, if so chosen, in the region of stability."""
        law = get_law(self.architecture.law)
        low, high = self.architecture.coefficient_range
        for name in self.shapes:
            np.clip(parameters[name], low, high, out=parameters[name])
        if self.architecture.stable and isinstance(law, StabilisableLaw):
            law.stabilise(dict(parameters), max(self.architecture.floor, 0.0))

    @property
    def _learned(self) -> bool:
        return self.architecture.learned != "none" and not self.written

    def _by_states(self, gradient: Floats, cache: KineticsCache) -> Floats:
        """Gradient by the states after each pulse [pulse, member, device] from the one by the readings."""
        reading = self.architecture.reading
        if reading.every == 1:
            return gradient[reading.steps - reading.pulses :]
        if cache.states_gradient is None:
            cache.states_gradient = np.empty_like(cache.outputs[:, 1:])
        by_states = cache.states_gradient.swapaxes(0, 1)
        reading.spread(gradient, by_states)
        return by_states

    def _coefficients(self, parameters: Views) -> tuple[dict[str, Floats], tuple[str, ...]]:
        """Coefficients as the kinetics take them and which of them are stepwise."""
        if self.architecture.learned == "per_step":
            pulses = self.architecture.reading.pulses
            return {n: parameters[n].T[:pulses, :, None] for n in self.shapes}, tuple(self.shapes)
        return {name: parameters[name][:, None] for name in self.shapes}, ()
