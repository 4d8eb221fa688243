"""Layers that turn the states of a population into what dense layers read.

======  ============================  ==================================================
symbol  meaning                       shape
======  ============================  ==================================================
w       states                        [member, time, series * case]
h       features of a case            [member, case, time * series]
s       features of a step            [member, time * case, series], from [.., case * series]
======  ============================  ==================================================
"""

from dataclasses import dataclass
from typing import Any

import numpy as np

from tasks.readout.arrays import Floats
from tasks.readout.layers import Cache, Layer, Views


class BareLayer(Layer):
    """A layer without parameters."""

    @property
    def shapes(self) -> dict[str, tuple[int, ...]]:
        """No parameters."""
        return {}

    def initialise(self, parameters: Views, member: int, rng: np.random.Generator) -> None:
        """Nothing to draw."""

    def allocate(self, members: int, cases: int, dtype: np.dtype[Any], *, first: bool) -> Cache:
        """No buffers."""
        return Cache()


@dataclass(frozen=True)
class FlattenLayer(BareLayer):
    """States as features of a case, time-major and where they lie: nothing is copied."""

    series: int
    """Series of a case."""

    def forward(self, parameters: Views, inputs: Floats, cache: Cache) -> Floats:
        """[member, time, series * case] -> [member, case, time * series]."""
        members, steps, devices = inputs.shape
        return inputs.reshape(members, steps * self.series, devices // self.series).swapaxes(-1, -2)

    def backward(self, parameters: Views, gradients: Views, gradient: Floats, cache: Cache) -> Floats:
        """And back."""
        members, cases, features = gradient.shape
        return gradient.swapaxes(-1, -2).reshape(members, features // self.series, self.series * cases)


@dataclass(frozen=True)
class StepsLayer(BareLayer):
    """States as features of a step, each step a case of its own."""

    steps: int
    """Length of a series."""
    series: int
    """Series of a case."""

    def forward(self, parameters: Views, inputs: Floats, cache: Cache) -> Floats:
        """[member, time, case * series] -> [member, time * case, series]."""
        return inputs.reshape(len(inputs), -1, self.series)

    def backward(self, parameters: Views, gradients: Views, gradient: Floats, cache: Cache) -> Floats:
        """And back."""
        return gradient.reshape(len(gradient), self.steps, -1)


@dataclass(frozen=True)
class PerStepLayer(Layer):
    """Another layer, acting at every step."""

    layer: Layer
    """What acts."""
    steps: int
    """Length of a series."""

    @property
    def shapes(self) -> dict[str, tuple[int, ...]]:
        """Those of the layer."""
        return self.layer.shapes

    @property
    def fixed(self) -> tuple[str, ...]:
        """Those of the layer."""
        return self.layer.fixed

    def initialise(self, parameters: Views, member: int, rng: np.random.Generator) -> None:
        """As the layer does."""
        self.layer.initialise(parameters, member, rng)

    def allocate(self, members: int, cases: int, dtype: np.dtype[Any], *, first: bool) -> Cache:
        """Buffers for all steps."""
        return self.layer.allocate(members, cases * self.steps, dtype, first=first)

    def forward(self, parameters: Views, inputs: Floats, cache: Cache) -> Floats:
        """As the layer does."""
        return self.layer.forward(parameters, inputs, cache)

    def backward(self, parameters: Views, gradients: Views, gradient: Floats, cache: Cache) -> Floats:
        """As the layer does."""
        return self.layer.backward(parameters, gradients, gradient, cache)


@dataclass(frozen=True)
class StandardiseLayer(Layer):
    """(h - mean) * scale with numbers that the trainer sets; they are folded into the next layer at the end."""

    width: int
    """Width of h."""
    cases_last: bool
    """Whether the memory is [member, width, case]."""

    @property
    def shapes(self) -> dict[str, tuple[int, ...]]:
        """Mean and scale."""
        return {"mean": (self.width,), "scale": (self.width,)}

    @property
    def fixed(self) -> tuple[str, ...]:
        """Both."""
        return ("mean", "scale")

    def initialise(self, parameters: Views, member: int, rng: np.random.Generator) -> None:
        """Leave everything as it is until the trainer knows better."""
        parameters["mean"][member] = 0
        parameters["scale"][member] = 1

    def allocate(self, members: int, cases: int, dtype: np.dtype[Any], *, first: bool) -> Cache:
        """The standardised features; the states are still needed."""
        if self.cases_last:
            return Cache(outputs=np.empty((members, self.width, cases), dtype).swapaxes(-1, -2))
        return Cache(outputs=np.empty((members, cases, self.width), dtype))

    def forward(self, parameters: Views, inputs: Floats, cache: Cache) -> Floats:
        """(h - mean) * scale."""
        np.subtract(inputs, parameters["mean"][:, None, :], out=cache.outputs)
        np.multiply(cache.outputs, parameters["scale"][:, None, :], out=cache.outputs)
        return cache.outputs

    def backward(self, parameters: Views, gradients: Views, gradient: Floats, cache: Cache) -> Floats:
        """d_h = d * scale."""
        np.multiply(gradient, parameters["scale"][:, None, :], out=gradient)
        return gradient
