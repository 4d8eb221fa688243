r"""A dense layer at every reading and the maximum over them, as one layer that goes back along the winners alone.

    z_c = max_r W s_rc + b,   r*_ci = the first r that has it,
    d_W,i = sum_c d_z,ci s_{r*_ci c},   d_b = sum_c d_z,c,   d_s,rc = sum over i with r*_ci = r of d_z,ci W_i

A unit of a case has one winner, so the way back is a product with a sparse matrix of [unit, case] entries in place
of [reading, case, unit]: a sixty-fourth of the work for 64 words.

======  =======================================  ====================================
symbol  meaning                                  shape
======  =======================================  ====================================
s       features of a step                       [member, reading * case, series]
z       maximum                                  [member, case, unit]
r*      winner                                   [member, case, unit]
======  =======================================  ====================================
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.sparse import csr_array

from tasks.learning.architecture import Architecture
from tasks.learning.max_over_time_layer import MaxOverTimeCache, leave_out_padding
from tasks.readout.arrays import Floats
from tasks.readout.layers import Cache, DenseLayer, Layer, Views


@dataclass
class PooledDenseCache(MaxOverTimeCache):
    """Values at every reading."""

    values: Floats | None = None
    """W s [member, reading * case, unit]."""


@dataclass(frozen=True)
class PooledDenseLayer(Layer):
    """Dense and maximum; never the first layer."""

    layer: DenseLayer
    """What acts at every reading."""
    architecture: Architecture
    """Which readings there are, and whether padding counts."""

    @property
    def shapes(self) -> dict[str, tuple[int, ...]]:
        """Those of the dense layer."""
        return self.layer.shapes

    def initialise(self, parameters: Views, member: int, rng: np.random.Generator) -> None:
        """As the dense layer does."""
        self.layer.initialise(parameters, member, rng)

    def allocate(self, members: int, cases: int, dtype: np.dtype[Any], *, first: bool) -> Cache:
        """Values, maximum (twice, since the next layer may overwrite its input) and derivative by the input."""
        rows, units = self.architecture.reading.count * cases, self.layer.outputs
        return PooledDenseCache(
            outputs=np.empty((members, cases, units), dtype),
            scratch=np.empty((members, cases, units), dtype),
            input_gradient=np.empty((members, rows, self.layer.inputs), dtype),
            values=np.empty((members, rows, units), dtype),
        )

    def forward(self, parameters: Views, inputs: Floats, cache: Cache) -> Floats:
        """z; the bias waits for the maximum, which rounds to the same."""
        if not isinstance(cache, PooledDenseCache) or cache.values is None:
            raise TypeError("the layer needs a cache of its own kind")
        cache.inputs = inputs
        np.matmul(inputs, parameters["weight"].swapaxes(-1, -2), out=cache.values)
        values, maximum = self._by_reading(cache.values), cache.scratch
        leave_out_padding(self.architecture, values, cache.embedding)
        np.copyto(maximum, values[:, 0])
        for reading in range(1, values.shape[1]):
            np.maximum(maximum, values[:, reading], out=maximum)
        if self.layer.bias:
            np.add(maximum, parameters["bias"][:, None, :], out=cache.outputs)
        else:
            np.copyto(cache.outputs, maximum)
        return cache.outputs

    def backward(self, parameters: Views, gradients: Views, gradient: Floats, cache: Cache) -> Floats:
        """d_W, d_b and d_s."""
        if not isinstance(cache, PooledDenseCache) or cache.values is None:
            raise TypeError("backward follows a forward pass")
        values = self._by_reading(cache.values)
        members, readings, cases, units = values.shape
        winner = np.zeros(gradient.shape, np.int32)
        here = np.empty(gradient.shape, bool)
        for reading in range(readings - 1, 0, -1):  # the first of equals has the last word
            np.equal(values[:, reading], cache.scratch, out=here)
            np.copyto(winner, reading, where=here)
        np.equal(values[:, 0], cache.scratch, out=here)
        np.copyto(winner, 0, where=here)
        rows = winner * cases + np.arange(cases, dtype=np.int32)[:, None]
        starts = np.arange(units + 1, dtype=np.int32) * cases
        if self.layer.bias:
            gradients["bias"][...] = np.matmul(np.ones((1, cases), gradient.dtype), gradient)[:, 0]
        for member in range(members):
            entries = (gradient[member].T.reshape(-1), rows[member].T.reshape(-1), starts)
            picked = csr_array(entries, shape=(units, readings * cases))
            gradients["weight"][member] = picked @ cache.inputs[member]
            cache.input_gradient[member] = picked.T @ parameters["weight"][member]
        return cache.input_gradient

    def _by_reading(self, values: Floats) -> Floats:
        return values.reshape(len(values), self.architecture.reading.count, -1, self.layer.outputs)
