"""Right objects and loss of a population on a part that it is not trained on.

An object is ``votes`` consecutive cases (the frames of a video, the slices of a shape), all of one class.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from tasks.learning.build import allocate
from tasks.readout.arrays import Float64, Floats, Integers
from tasks.readout.layers import Cache
from tasks.readout.loss import CrossEntropy
from tasks.readout.stack import Stack
from tasks.votes import object_predictions

_DEVICES = 16384
"""Devices scored at a time, for any number of members: the size of a product may show in its rounding."""


@dataclass(frozen=True)
class _Block:
    inputs: Floats
    labels: Integers
    caches: tuple[Cache, ...]
    loss: CrossEntropy


class Scorer:
    """Scores the stack, block by block."""

    def __init__(
        self,
        stack: Stack,
        inputs_of: Callable[[slice], Floats],
        labels: Integers,
        *,
        classes: int,
        series: int,
        votes: int,
        how: Literal["soft", "majority"],
        log_prior: Float64 | None,
    ) -> None:
        """``inputs_of`` gives the inputs of some cases, [member or 1, ...]."""
        self._stack, self._votes, self._how, self._log_prior = stack, votes, how, log_prior
        members, cases = len(stack.values), len(labels)
        self.objects = cases // votes
        at_once = max(1, _DEVICES // (series * votes)) * votes
        buffers: dict[int, tuple[tuple[Cache, ...], CrossEntropy]] = {}
        self._blocks = []
        for start in range(0, cases, at_once):
            some = slice(start, min(start + at_once, cases))
            count = some.stop - some.start
            if count not in buffers:
                buffers[count] = allocate(stack, count), CrossEntropy(members, count, classes, stack.dtype)
            self._blocks.append(_Block(inputs_of(some), labels[some], *buffers[count]))

    def evaluate(self) -> tuple[NDArray[np.intp], Float64]:
        """Right objects and the mean loss of a case times the objects, each [member]."""
        members = len(self._stack.values)
        right, summed_loss, cases = np.zeros(members, np.intp), np.zeros(members), 0
        for block in self._blocks:
            scores = self._stack.forward(block.inputs, block.caches)
            if self._votes > 1:
                right += self._right_objects(scores, block.labels)
            block_right, block_loss = block.loss.evaluate(scores, block.labels)
            if self._votes == 1:
                right += block_right
            summed_loss += block_loss
            cases += len(block.labels)
        return right, summed_loss * (self.objects / cases)

    def _right_objects(self, scores: Floats, labels: Integers) -> NDArray[np.intp]:
        """Objects of the block whose class is right [member]."""
        chosen = object_predictions(scores, self._votes, self._how, self._log_prior)
        right: NDArray[np.intp] = np.count_nonzero(chosen == labels[:: self._votes], axis=-1)
        return right
