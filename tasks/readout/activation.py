r"""Activations of hidden layers, and their derivatives as functions of the activated value.

=======  =======================  ====================
name     y(z)                     dy/dz
=======  =======================  ====================
relu     max(z, 0)                1 if y > 0, else 0
tanh     tanh z                   1 - y^2
sigmoid  1 / (1 + exp(-z))        y (1 - y)
=======  =======================  ====================

Since the derivative needs y alone, activations overwrite their input and nothing is kept of z. The sigmoid
is computed as (1 + tanh(z / 2)) / 2, which overflows nowhere.
"""

from typing import Literal

import numpy as np

from tasks.readout.arrays import Floats

ActivationName = Literal["relu", "tanh", "sigmoid"]


def activate(name: ActivationName, values: Floats) -> None:
    """Replace ``values`` (any shape) by y(values), in place."""
    if name == "relu":
        np.maximum(values, 0, out=values)
    elif name == "tanh":
        np.tanh(values, out=values)
    else:
        np.multiply(values, 0.5, out=values)
        np.tanh(values, out=values)
        np.add(values, 1, out=values)
        np.multiply(values, 0.5, out=values)


def multiply_by_derivative(name: ActivationName, activated: Floats, gradient: Floats, scratch: Floats) -> None:
    """Replace ``gradient`` by gradient * dy/dz, in place.

    Args:
        name: the activation.
        activated: y, any shape.
        gradient: derivative of the loss by y, shape of ``activated``; becomes the derivative by z.
        scratch: buffer, shape of ``activated``.
    """
    if name == "relu":
        np.sign(activated, out=scratch)
    elif name == "tanh":
        np.multiply(activated, activated, out=scratch)
        np.subtract(1, scratch, out=scratch)
    else:
        np.subtract(1, activated, out=scratch)
        np.multiply(activated, scratch, out=scratch)
    np.multiply(gradient, scratch, out=gradient)
