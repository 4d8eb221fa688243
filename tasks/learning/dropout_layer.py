r"""Dropout (Srivastava et al. 2014), inverted: y = h m / (1 - p) in training, y = h elsewhere.

Each number of the mask m is 0 with probability p, drawn for every member from its own stream.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from tasks.learning.shape_layers import BareLayer
from tasks.readout.arrays import Floats
from tasks.readout.layers import Cache, Views


@dataclass
class DropoutCache(Cache):
    """Where the masks come from; the last one is in ``scratch``."""

    rngs: Sequence[np.random.Generator] = ()
    """One a member, while training."""


@dataclass(frozen=True)
class DropoutLayer(BareLayer):
    """Between an activation and the next dense layer."""

    width: int
    """Width of h."""
    rate: float
    """p."""

    def allocate(self, members: int, cases: int, dtype: np.dtype[Any], *, first: bool) -> Cache:
        """Mask and output: the activation before still needs h."""
        shape = (members, cases, self.width)
        return DropoutCache(outputs=np.empty(shape, dtype), scratch=np.empty(shape, dtype))

    def forward(self, parameters: Views, inputs: Floats, cache: Cache) -> Floats:
        """h m / (1 - p)."""
        if not cache.training:
            return inputs
        if not isinstance(cache, DropoutCache) or len(cache.rngs) != len(inputs):
            raise TypeError("dropout needs a cache of its own kind, with a stream a member")
        for mask, rng in zip(cache.scratch, cache.rngs, strict=True):
            np.greater_equal(rng.random(mask.shape, np.float32), self.rate, out=mask)
        np.multiply(cache.scratch, cache.scratch.dtype.type(1 / (1 - self.rate)), out=cache.scratch)
        np.multiply(inputs, cache.scratch, out=cache.outputs)
        return cache.outputs

    def backward(self, parameters: Views, gradients: Views, gradient: Floats, cache: Cache) -> Floats:
        """d_h = d_y m / (1 - p)."""
        np.multiply(gradient, cache.scratch, out=gradient)
        return gradient
