r"""Adam that moves only the rows of a table that a batch met: the embedding of a large vocabulary.

For the rows of the words in a batch, moments and values follow ``tasks.readout.adam`` as they do for all other
parameters. **Other rows rest**: dense Adam would let their moments decay (m by b1, v by b2 a step) and move them on by
what is left of m. So a word that is met again has the moments of its last time, those of a rare word weigh past
gradients by occurrences instead of steps, and no word drifts while it is absent. The corrections c_i count all
steps. (PyTorch's ``SparseAdam`` does the same.) The table does not decay.
"""

from collections.abc import Sequence

import numpy as np

from tasks.readout.adam import EPSILON, FIRST_DECAY, SECOND_DECAY, Adam
from tasks.readout.arrays import Float64, Floats, Integers


class RowAdam:
    """The optimiser's state: moments of the table, and an ``Adam`` for the parameters behind it."""

    def __init__(
        self,
        values: Floats,
        gradients: Floats,
        table: tuple[int, int],
        decayed: Sequence[Floats],
        *,
        learning_rate: Float64,
        weight_decay: Float64,
    ) -> None:
        """Bind to the blocks [member, parameter], which begin with a table of shape ``table`` [row, column].

        The gradient of the table must be 0 outside the rows of a step, and is left so.
        """
        size = table[0] * table[1]
        members = len(values)
        self._table: Floats = values[:, :size].reshape(members, *table)
        self._gradient: Floats = gradients[:, :size].reshape(members, *table)
        self._first, self._second = np.zeros_like(self._table), np.zeros_like(self._table)
        self._rest = Adam(
            values[:, size:], gradients[:, size:], decayed, learning_rate=learning_rate, weight_decay=weight_decay
        )
        self._learning_rate, self._steps = learning_rate, 0

    def step(self, schedule: float, rows: Sequence[Integers]) -> None:
        """Take one step at ``schedule`` times the learning rate; ``rows`` are those that each member met."""
        self._steps += 1
        first_scale = (1 - FIRST_DECAY) / (1 - FIRST_DECAY**self._steps)
        second_root = ((1 - SECOND_DECAY) / (1 - SECOND_DECAY**self._steps)) ** 0.5
        scale = (self._learning_rate * (schedule * first_scale / second_root)).astype(self._table.dtype)
        for member, some in enumerate(rows):
            gradient = self._gradient[member, some]
            self._gradient[member, some] = 0
            first = self._first[member, some]
            np.multiply(first, FIRST_DECAY, out=first)
            np.add(first, gradient, out=first)
            self._first[member, some] = first
            np.multiply(gradient, gradient, out=gradient)
            second = self._second[member, some]
            np.multiply(second, SECOND_DECAY, out=second)
            np.add(second, gradient, out=second)
            self._second[member, some] = second
            np.sqrt(second, out=second)
            np.add(second, EPSILON / second_root, out=second)
            np.divide(first, second, out=first)
            np.multiply(first, scale[member], out=first)
            self._table[member, some] -= first
        self._rest.step(schedule)

    def flush(self) -> None:
        """Set vanished first moments to 0; rows that rest cannot vanish further."""
        self._rest.flush()

    def reset(self, member: int) -> None:
        """Forget a member's past."""
        self._first[member] = 0
        self._second[member] = 0
        self._rest.reset(member)
