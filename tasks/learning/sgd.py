"""Stochastic gradient descent with momentum, for a population in one block: v <- m v + g, w <- w - rate v."""

import numpy as np

from tasks.readout.arrays import Float64, Floats


class Sgd:
    """The optimiser's state; the form of PyTorch, without dampening."""

    def __init__(self, values: Floats, gradients: Floats, *, learning_rate: Float64, momentum: float) -> None:
        """Bind to the blocks [member, parameter]; ``learning_rate`` is [member]."""
        self._values, self._gradients = values, gradients
        self._learning_rate, self._momentum = learning_rate, momentum
        self._velocity = np.zeros_like(values)

    def step(self, schedule: float) -> None:
        """Take one step at ``schedule`` times the learning rate; overwrites the gradients."""
        np.multiply(self._velocity, self._momentum, out=self._velocity)
        np.add(self._velocity, self._gradients, out=self._velocity)
        rate = (self._learning_rate * schedule).astype(self._values.dtype)[:, None]
        np.multiply(self._velocity, rate, out=self._gradients)
        np.subtract(self._values, self._gradients, out=self._values)

    def flush(self) -> None:
        """Set vanished velocities to 0, which would decay into denormal numbers; call once an epoch."""
        self._velocity[np.abs(self._velocity) < 1e-30] = 0

    def reset(self, member: int) -> None:
        """Forget a member's past."""
        self._velocity[member] = 0
