r"""Adam with decoupled weight decay, for a population in one block.

    m <- b1 m + g,   v <- b2 v + g^2,
    w <- w (1 - rate decay) - rate c1 m / (sqrt(c2 v) + eps),   c_i = (1 - b_i) / (1 - b_i^t)

(Kingma and Ba 2015; decay as Loshchilov and Hutter 2019.) The moments are kept without their factor
1 - b_i, which saves two passes over the block; c_i holds it. The decay acts on weights, not on biases.

======  =======================================  ====================
symbol  meaning                                  shape
======  =======================================  ====================
w       parameters                               [member, parameter]
g       derivative of the loss by them           [member, parameter]
m, v    scaled first and second moment           [member, parameter]
t       steps taken                              ()
rate    learning rate times the schedule         [member]
======  =======================================  ====================
"""

from collections.abc import Sequence

import numpy as np

from tasks.readout.arrays import Float64, Floats

FIRST_DECAY = 0.9
SECOND_DECAY = 0.999
EPSILON = 1e-8
_TINY = 1e-30
"""First moments below this count as 0: a unit that died would let its moments decay into denormal numbers."""


class Adam:
    """The optimiser's state."""

    def __init__(
        self,
        values: Floats,
        gradients: Floats,
        decayed: Sequence[Floats],
        *,
        learning_rate: Float64,
        weight_decay: Float64,
    ) -> None:
        """Bind to the blocks [member, parameter]; ``decayed`` are views of ``values`` [member, ...].

        ``learning_rate`` and ``weight_decay`` are [member].
        """
        self._values, self._gradients = values, gradients
        self._decayed = tuple(decayed) if weight_decay.any() else ()
        self._learning_rate, self._weight_decay = learning_rate, weight_decay
        self._first, self._second = np.zeros_like(values), np.zeros_like(values)
        self._steps = 0

    def step(self, schedule: float) -> None:
        """Take one step at ``schedule`` times the learning rate; overwrites the gradients."""
        self._steps += 1
        rate = self._learning_rate * schedule
        first_scale = (1 - FIRST_DECAY) / (1 - FIRST_DECAY**self._steps)
        second_root = ((1 - SECOND_DECAY) / (1 - SECOND_DECAY**self._steps)) ** 0.5
        dtype = self._values.dtype
        scale = (rate * (first_scale / second_root)).astype(dtype)[:, None]
        gradients, first, second = self._gradients, self._first, self._second

        np.multiply(first, FIRST_DECAY, out=first)
        np.add(first, gradients, out=first)
        np.multiply(gradients, gradients, out=gradients)
        np.multiply(second, SECOND_DECAY, out=second)
        np.add(second, gradients, out=second)
        # The gradients are spent: their block becomes the step.
        np.sqrt(second, out=gradients)
        np.add(gradients, EPSILON / second_root, out=gradients)
        np.divide(first, gradients, out=gradients)
        np.multiply(gradients, scale, out=gradients)
        for view in self._decayed:
            keep = (1 - rate * self._weight_decay).astype(dtype)
            np.multiply(view, keep.reshape(-1, *[1] * (view.ndim - 1)), out=view)
        np.subtract(self._values, gradients, out=self._values)

    def flush(self) -> None:
        """Set vanished first moments to 0; call once an epoch."""
        self._first[np.abs(self._first) < _TINY] = 0

    def reset(self, member: int) -> None:
        """Forget a member's past."""
        self._first[member] = 0
        self._second[member] = 0
