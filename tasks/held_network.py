"""A read-out as the crossbars of many chips hold it: weights of each chip, read with noise; biases are digital.

Features are read against a reference device, which takes their common mean m away: ``W x + b = W (x - m) + (b + W m)``,
where the bracket is computed once, from the weights as trained. Without it an error of a weight would be multiplied by
what all features have in common.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from kinetics.arrays import Float32
from kinetics.crossbar import Crossbar, hold
from kinetics.crossbar.read_noise import output_noise
from tasks.readout.activation import ActivationName, activate
from tasks.trained_readout import TrainedReadout


class HeldLayer(NamedTuple):
    """One dense layer."""

    weight: Float32
    """[chip, out, in], or [1, out, in] if all chips hold the same."""
    bias: Float32
    """[chip, 1, out], or [1, 1, out]."""
    magnitudes: Float32 | None
    """What read noise multiplies, in the shape of the weight (see ``kinetics.crossbar``); None without read noise."""


@dataclass(frozen=True, kw_only=True)
class HeldNetwork:
    """Dense layers of every chip."""

    layers: tuple[HeldLayer, ...]
    """First to last; the last gives the scores."""
    activation: ActivationName
    """Activation after every layer but the last."""
    centres: Float32
    """[chip, 1, 1], or [1, 1, 1]: mean of the features, which a reference takes away."""
    read_noise: float = 0.0
    """Relative standard deviation of a conductance at each reading."""

    @classmethod
    def on(
        cls, crossbar: Crossbar, readouts: Sequence[TrainedReadout], chips: int, source: np.random.SeedSequence
    ) -> "HeldNetwork":
        """Read-outs as ``chips`` crossbars hold them; each layer draws from a stream of its own.

        ``readouts`` is the one of all chips, or one a chip.
        """
        networks = [readout.network for readout in readouts]
        centres = np.array([readout.centre for readout in readouts], np.float32)[:, None, None]
        different = chips if crossbar.differs_by_chip else len(networks)
        layers = []
        for place, own in enumerate(source.spawn(len(networks[0].layers))):
            weight = np.stack([network.layers[place].weight for network in networks])
            bias = np.stack([network.layers[place].bias for network in networks])[:, None]
            if place == 0:
                bias = bias + centres * weight.sum(axis=2)[:, None]
            magnitudes = None
            if not crossbar.is_ideal:
                shared = weight[0] if len(networks) == 1 else weight
                held = hold(shared, crossbar, different, np.random.default_rng(own))
                weight, magnitudes = held.weights, held.magnitudes if crossbar.read_noise else None
            layers.append(HeldLayer(weight, bias, magnitudes))
        return cls(
            layers=tuple(layers),
            activation=networks[0].activation,
            centres=centres,
            read_noise=crossbar.read_noise,
        )

    def chips(self, some: slice) -> "HeldNetwork":
        """The read-outs of some chips."""

        def of(array: Float32) -> Float32:
            return array[some] if len(array) > 1 else array

        layers = (
            HeldLayer(of(each.weight), of(each.bias), None if each.magnitudes is None else of(each.magnitudes))
            for each in self.layers
        )
        return replace(self, layers=tuple(layers), centres=of(self.centres))

    def scores(self, features: NDArray[Any], rng: np.random.Generator) -> Float32:
        """Scores of every class: features [chip or 1, case, feature] -> [chip or 1, case, class], float32."""
        values = np.asarray(features, np.float32) - self.centres
        for place, layer in enumerate(self.layers):
            inputs, values = values, np.matmul(values, layer.weight.swapaxes(-1, -2))
            if layer.magnitudes is not None:
                values += output_noise(inputs, layer.magnitudes, self.read_noise, rng)
            values += layer.bias
            if place < len(self.layers) - 1:
                activate(self.activation, values)
        return values


@cache
def weight_error(crossbar: Crossbar) -> float:
    """Standard deviation of what a crossbar makes of a weight, relative to the largest weight of its layer.

    Measured on weights that are equally frequent over their range; a number of the crossbar alone.
    """
    weights = np.linspace(-1, 1, 101, dtype=np.float32)[None]
    held = hold(weights, crossbar, 200, np.random.default_rng(0))
    variance = np.mean(np.square(held.weights - weights), dtype=np.float64)
    if crossbar.read_noise:
        variance += np.mean(np.square(crossbar.read_noise * held.magnitudes), dtype=np.float64)
    return float(np.sqrt(variance))
