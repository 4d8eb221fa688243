r"""Batch norm (Ioffe and Szegedy 2015) of a population, with PyTorch's conventions.

    n = (z - mean z) / sqrt(var z + eps),   y = scale n + shift

In training the moments are the batch's, and the running ones follow them: r <- 0.9 r + 0.1 moment, the
variance without bias; elsewhere they are the running ones. Running moments are parameters that no optimiser
moves, so that they are kept with the best epoch.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np

from tasks.readout.arrays import Floats
from tasks.readout.layers import Cache, Layer, Views

EPSILON = 1e-5
FOLLOW = 0.1
"""Share of a batch in the running moments."""


@dataclass
class BatchNormCache(Cache):
    """What backward needs."""

    normal: Floats | None = None
    """n [member, case, width]."""
    inverse: Floats | None = None
    """1 / sqrt(var + eps) [member, 1, width]."""


@dataclass(frozen=True)
class BatchNormLayer(Layer):
    """In place of its input; never the first layer."""

    width: int
    """Width of z."""

    @property
    def shapes(self) -> dict[str, tuple[int, ...]]:
        """Scale and shift, running mean and variance."""
        return dict.fromkeys(("scale", "shift", "mean", "variance"), (self.width,))

    @property
    def fixed(self) -> tuple[str, ...]:
        """The running moments."""
        return ("mean", "variance")

    def initialise(self, parameters: Views, member: int, rng: np.random.Generator) -> None:
        """The identity."""
        for name, value in (("scale", 1), ("shift", 0), ("mean", 0), ("variance", 1)):
            parameters[name][member] = value

    def allocate(self, members: int, cases: int, dtype: np.dtype[Any], *, first: bool) -> Cache:
        """n, and the ones that average over the cases."""
        return BatchNormCache(
            normal=np.empty((members, cases, self.width), dtype), scratch=np.full((1, cases), 1 / cases, dtype)
        )

    def forward(self, parameters: Views, inputs: Floats, cache: Cache) -> Floats:
        """y, in place of z."""
        if not isinstance(cache, BatchNormCache) or cache.normal is None:
            raise TypeError("batch norm needs a cache of its own kind")
        if not cache.training:
            root = 1 / np.sqrt(parameters["variance"] + inputs.dtype.type(EPSILON))
            inputs -= parameters["mean"][:, None, :]
            inputs *= (root * parameters["scale"])[:, None, :]
            inputs += parameters["shift"][:, None, :]
            return inputs
        cases = inputs.shape[1]
        mean = np.matmul(cache.scratch, inputs)
        np.subtract(inputs, mean, out=inputs)
        np.multiply(inputs, inputs, out=cache.normal)
        variance = np.matmul(cache.scratch, cache.normal)
        cache.inverse = 1 / np.sqrt(variance + inputs.dtype.type(EPSILON))
        np.multiply(inputs, cache.inverse, out=cache.normal)
        np.multiply(cache.normal, parameters["scale"][:, None, :], out=inputs)
        np.add(inputs, parameters["shift"][:, None, :], out=inputs)
        for name, moment in (("mean", mean), ("variance", variance * (cases / max(1, cases - 1)))):
            running = parameters[name]
            running *= 1 - FOLLOW
            running += FOLLOW * moment[:, 0]
        return inputs

    def backward(self, parameters: Views, gradients: Views, gradient: Floats, cache: Cache) -> Floats:
        """d_z = scale / sqrt(var + eps) (d_y - mean d_y - n mean(d_y n))."""
        if not isinstance(cache, BatchNormCache) or cache.normal is None or cache.inverse is None:
            raise TypeError("backward follows a forward pass of training")
        cases = gradient.shape[1]
        shift = np.matmul(cache.scratch, gradient)
        product = gradient * cache.normal
        scale = np.matmul(cache.scratch, product)
        np.multiply(shift[:, 0], cases, out=gradients["shift"])
        np.multiply(scale[:, 0], cases, out=gradients["scale"])
        np.multiply(cache.normal, scale, out=product)
        np.subtract(gradient, product, out=gradient)
        np.subtract(gradient, shift, out=gradient)
        np.multiply(gradient, cache.inverse * parameters["scale"][:, None, :], out=gradient)
        return gradient
