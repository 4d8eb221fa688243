r"""Noise on weights in training, so that a network learns to live with the crossbar that will hold it.

    W' = W + m (mu + sigma z),   m = max |W|

At every batch z is drawn anew; forward and backward pass use W', the step goes to W. Weights are those that the
crossbar holds. Where a first layer acts on standardised features s = (x - c) k, it will hold W k (see
``standardisation``), so that

    W' = W + n / k,   b' = b + n c,   n = m (mu + sigma z),   m = max |W k|

where k = 0 the feature is constant and n acts through b' alone.

======  ==============================================  ====================
symbol  meaning                                         shape
======  ==============================================  ====================
W, b    weight and bias                                 [member, out, in], [member, out]
z       close to normal numbers (``kinetics.noise``)    [member, out, in]
mu      mean of the noise, relative to m                ()
sigma   its standard deviation, relative to m           ()
m       largest weight of the layer                     [member]
c, k    mean and scale of the features                  [member, in]
======  ==============================================  ====================
"""

from collections.abc import Sequence

import numpy as np

from kinetics.noise import FastNormal
from tasks.readout.arrays import Floats
from tasks.readout.layers import Views
from tasks.readout.stack import Stack
from tasks.readout.standardisation import Standardisation


class NoisyWeights:
    """The parameters of a stack with noise on the weights of its dense layers; all others are the stack's own.

    Attributes:
        views: one mapping a layer, as ``Stack.views``.
    """

    def __init__(
        self, stack: Stack, sigma: float, mean: float = 0.0, maps: Sequence[Standardisation | None] = ()
    ) -> None:
        """Without noise until the first ``draw``; ``maps`` is that of the features for each member, if there is one."""
        self._sigma, self._mean = sigma, mean
        self._maps = tuple(maps)
        self.views: tuple[Views, ...] = tuple(
            {name: value.copy() if name in ("weight", "bias") else value for name, value in views.items()}
            for views in stack.views
        )
        self._layers = [
            (clean, noisy) for clean, noisy in zip(stack.views, self.views, strict=True) if "weight" in clean
        ]

    def draw(self, rngs: Sequence[np.random.Generator]) -> tuple[Views, ...]:
        """Noise for the next batch, each member's from its own stream; the views."""
        for place, (clean, noisy) in enumerate(self._layers):
            if "bias" in clean:
                np.copyto(noisy["bias"], clean["bias"])
            for member, rng in enumerate(rngs):
                feature_map = self._maps[member] if place == 0 and self._maps else None
                weight = clean["weight"][member]
                scale = None if feature_map is None else feature_map.scale.astype(weight.dtype)
                largest = np.abs(weight if scale is None else weight * scale).max()
                noise = self._noise(weight.shape, float(largest), rng).astype(weight.dtype, copy=False)
                if feature_map is not None and scale is not None:
                    noisy["bias"][member] += noise @ feature_map.mean.astype(weight.dtype)
                    noise *= np.divide(1, scale, out=np.zeros_like(scale), where=scale > 0)
                np.add(weight, noise, out=noisy["weight"][member])
        return self.views

    def _noise(self, shape: tuple[int, ...], largest: float, rng: np.random.Generator) -> Floats:
        noise = np.empty(shape, np.float32)
        FastNormal(rng, noise.size).fill(noise, self._sigma * largest)
        noise += np.float32(self._mean * largest)
        return noise


def cut_weights(stack: Stack, reach: float) -> None:
    """Cut the weights of every dense layer to ``reach`` times their root mean square, in place."""
    for views in stack.views:
        if "weight" in views:
            weight = views["weight"]
            for own in weight:
                flat = own.reshape(-1)
                limit = reach * np.sqrt(flat @ flat / flat.size)
                np.clip(own, -limit, limit, out=own)
