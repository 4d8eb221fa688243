r"""The trained read-out: a few dense layers that act on raw features.

    h_0 = x,   h_i = y(W_i h_{i-1} + b_i),   scores = W_n h_{n-1} + b_n

Both read-outs end as one of these; ridge has no hidden layer.

======  ==================  ==========================  ====
symbol  meaning             shape                       unit
======  ==================  ==========================  ====
x       features            [..., case, feature]        raw
W_i     weight of layer i   [out, in]                   1
b_i     bias of layer i     [out]                       1
scores  one per class       [..., case, class]          1
======  ==================  ==========================  ====
"""

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from tasks.readout.activation import ActivationName, activate
from tasks.readout.arrays import Float32


class Dense(NamedTuple):
    """Weight and bias of one layer."""

    weight: Float32
    """[out, in]."""
    bias: Float32
    """[out]."""


@dataclass(frozen=True, kw_only=True)
class Network:
    """Dense layers with one activation between them, float32."""

    layers: tuple[Dense, ...]
    """First to last; the last gives the scores."""
    activation: ActivationName = "relu"
    """Activation after every layer but the last."""

    def scores(self, features: NDArray[Any]) -> Float32:
        """Scores of every class: features [..., case, feature] -> [..., case, class], float32."""
        values = np.asarray(features, np.float32)
        for layer in self.layers[:-1]:
            values = np.matmul(values, layer.weight.T)
            values += layer.bias
            activate(self.activation, values)
        scores: Float32 = np.matmul(values, self.layers[-1].weight.T)
        scores += self.layers[-1].bias
        return scores

    def predict(self, features: NDArray[Any]) -> NDArray[np.intp]:
        """Class of the highest score, the first of equals: features [..., case, feature] -> [..., case]."""
        classes: NDArray[np.intp] = self.scores(features).argmax(axis=-1)
        return classes

    def accuracy(self, features: NDArray[Any], labels: NDArray[Any]) -> float:
        """Share of cases whose predicted class is their label; features [case, feature], labels [case]."""
        return float(np.mean(self.predict(features) == labels))

    @property
    def parameters(self) -> int:
        """Number of weights and biases."""
        return sum(layer.weight.size + layer.bias.size for layer in self.layers)

    @property
    def macs(self) -> int:
        """Multiply-accumulates of one inference: one per weight; biases cost none."""
        return sum(layer.weight.size for layer in self.layers)
