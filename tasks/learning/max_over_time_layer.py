"""The maximum over time: of every unit of a layer that acted at every reading, the largest value goes on.

Where padding is skipped, readings before which only padding came do not count (see ``Reading.counted``).
"""

from dataclasses import dataclass
from typing import Any

import numpy as np

from tasks.kinetics_network import PADDING
from tasks.learning.architecture import Architecture
from tasks.learning.embedding_layer import EmbeddingCache
from tasks.learning.shape_layers import BareLayer
from tasks.readout.arrays import Floats
from tasks.readout.layers import Cache, Views


@dataclass
class MaxOverTimeCache(Cache):
    """Where the words of the pass are."""

    embedding: EmbeddingCache | None = None
    """Cache of the layer that saw the words of this pass."""


@dataclass(frozen=True)
class MaxOverTimeLayer(BareLayer):
    """The largest value over the readings; the gradient goes to the first one that has it."""

    architecture: Architecture
    """Which readings there are, and whether padding counts."""
    width: int
    """Width of the layer before."""

    def allocate(self, members: int, cases: int, dtype: np.dtype[Any], *, first: bool) -> Cache:
        """Maximum, twice since the next layer may overwrite its input, and gradient."""
        shape = (members, cases, self.width)
        return MaxOverTimeCache(
            outputs=np.empty(shape, dtype),
            scratch=np.empty(shape, dtype),
            input_gradient=np.empty((members, self.architecture.reading.count * cases, self.width), dtype),
        )

    def forward(self, parameters: Views, inputs: Floats, cache: Cache) -> Floats:
        """[member, reading * case, width] -> [member, case, width]."""
        if not isinstance(cache, MaxOverTimeCache):
            raise TypeError("the maximum needs a cache of its own kind")
        cache.inputs = inputs
        values, maximum = self._by_reading(inputs), cache.scratch
        leave_out_padding(self.architecture, values, cache.embedding)
        np.copyto(maximum, values[:, 0])
        for reading in range(1, values.shape[1]):
            np.maximum(maximum, values[:, reading], out=maximum)
        np.copyto(cache.outputs, maximum)
        return cache.outputs

    def backward(self, parameters: Views, gradients: Views, gradient: Floats, cache: Cache) -> Floats:
        """And back, by a second look at who is the largest."""
        values, result = self._by_reading(cache.inputs), self._by_reading(cache.input_gradient)
        still_open = np.ones(gradient.shape, bool)
        here = np.empty(gradient.shape, bool)
        for reading in range(values.shape[1]):
            np.equal(values[:, reading], cache.scratch, out=here)
            np.logical_and(here, still_open, out=here)
            np.multiply(gradient, here, out=result[:, reading])
            np.logical_xor(still_open, here, out=still_open)
        return cache.input_gradient

    def _by_reading(self, values: Floats) -> Floats:
        return values.reshape(len(values), self.architecture.reading.count, -1, self.width)


def leave_out_padding(architecture: Architecture, values: Floats, embedding: EmbeddingCache | None) -> None:
    """Set values [member, reading, case, unit] that do not count to ``-inf``."""
    if not architecture.pool_skips_padding:
        return
    if embedding is None:
        raise ValueError("`build.allocate` has not told the maximum where the words are")
    real = np.moveaxis(embedding.inputs != PADDING, 0, -1)
    counted = np.moveaxis(architecture.reading.counted(real), -1, 0)  # [member or 1, reading, case]
    np.copyto(values, -np.inf, where=~counted[..., None])
