"""A stack of layers with the parameters of a population, all members' in one block.

The block [member, parameter] lets the optimiser work on everything in a few calls; the layers see it
through views, such as weight [member, out, in].
"""

import math
from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import numpy as np

from tasks.readout.activation import ActivationName
from tasks.readout.arrays import Floats
from tasks.readout.layers import ActivationLayer, Cache, DenseLayer, Layer, Views


class Stack:
    """Layers in order, values and gradients of their parameters.

    Attributes:
        values: [member, parameter].
        gradients: [member, parameter], of the last ``backward``.
        views: of ``values``, one mapping a layer: name -> [member, ...].
    """

    def __init__(self, layers: Sequence[Layer], members: int, dtype: Any = np.float32) -> None:
        self.layers = tuple(layers)
        self.dtype = np.dtype(dtype)
        size = sum(math.prod(shape) for layer in self.layers for shape in layer.shapes.values())
        self.values: Floats = np.zeros((members, size), self.dtype)
        self.gradients: Floats = np.zeros((members, size), self.dtype)
        self.views = self.view(self.values)
        self._gradient_views = self.view(self.gradients)

    def view(self, block: Floats) -> tuple[Views, ...]:
        """See a block [member, parameter] as the layers' parameters."""
        start, views = 0, []
        for layer in self.layers:
            named = {}
            for name, shape in layer.shapes.items():
                size = math.prod(shape)
                named[name] = block[:, start : start + size].reshape(len(block), *shape)
                start += size
            views.append(named)
        return tuple(views)

    def initialise(self, rngs: Sequence[np.random.Generator]) -> None:
        """Draw every member's parameters from its own stream."""
        for member, rng in enumerate(rngs):
            for layer, parameters in zip(self.layers, self.views, strict=True):
                layer.initialise(parameters, member, rng)

    def allocate(self, cases: int, *, training: bool = False) -> tuple[Cache, ...]:
        """Buffers for passes over ``cases`` cases; ``training`` for those that steps of training follow."""
        members = len(self.values)
        caches = tuple(
            layer.allocate(members, cases, self.dtype, first=index == 0) for index, layer in enumerate(self.layers)
        )
        for cache in caches:
            cache.training = training
        return caches

    def moved(self) -> list[tuple[str, Floats]]:
        """Name and view of all that an optimiser moves."""
        return [
            (name, view)
            for layer, views in zip(self.layers, self.views, strict=True)
            for name, view in views.items()
            if name not in layer.fixed
        ]

    def forward(self, inputs: Floats, caches: Sequence[Cache], views: Sequence[Views] | None = None) -> Floats:
        """Scores [member, case, class] of inputs [member, case, feature], or [case, feature] for all.

        ``views`` stands in for the stack's own parameters, as noisy ones do.
        """
        for layer, parameters, cache in zip(self.layers, views or self.views, caches, strict=True):
            inputs = layer.forward(parameters, inputs, cache)
        return inputs

    def backward(self, gradient: Floats, caches: Sequence[Cache], views: Sequence[Views] | None = None) -> None:
        """Fill ``gradients`` from the derivative of the loss by the scores, which may be overwritten.

        ``views`` are those of the forward pass.
        """
        parameters = views or self.views
        for index in range(len(self.layers) - 1, -1, -1):
            gradient = self.layers[index].backward(
                parameters[index], self._gradient_views[index], gradient, caches[index]
            )


def dense_layers(widths: Sequence[int], activation: ActivationName) -> list[Layer]:
    """Layers of a network of these widths, features first and classes last.

    Weights start normal with a variance of 2 / in before a ReLU (He et al. 2015), and of 2 / (in + out)
    elsewhere (Glorot and Bengio 2010).
    """
    layers: list[Layer] = []
    for index, (inputs, outputs) in enumerate(pairwise(widths)):
        last = index == len(widths) - 2
        fan = inputs if activation == "relu" and not last else inputs + outputs
        layers.append(DenseLayer(inputs, outputs, math.sqrt(2 / fan)))
        if not last:
            layers.append(ActivationLayer(activation, outputs))
    return layers
