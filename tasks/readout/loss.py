r"""Cross-entropy of the softmax of the scores.

    p_j = exp(s_j - max s) / sum_i exp(s_i - max s),   loss = -log p_label,   d_s = p - one_hot(label)

======  ============================  =======================
symbol  meaning                       shape
======  ============================  =======================
s       scores                        [member, case, class]
p       probabilities                 [member, case, class]
======  ============================  =======================
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from tasks.readout.arrays import Floats, Integers


class CrossEntropy:
    """The loss for one number of members and cases, with its buffers."""

    def __init__(self, members: int, cases: int, classes: int, dtype: np.dtype[Any]) -> None:
        self._row = np.empty((members, cases, 1), dtype)
        self._ones = np.ones((classes, 1), dtype)
        self._case_ones = np.ones(cases)
        self._starts = (np.arange(members * cases) * classes).reshape(members, cases)
        self._places = np.empty_like(self._starts)
        self._share = dtype.type(1 / cases)

    def gradient(self, scores: Floats, labels: Integers) -> Floats:
        """Derivative of the mean loss over the cases by the scores, in place of the scores.

        Args:
            scores: [member, case, class], contiguous.
            labels: [member, case] or [case].
        """
        self._exponentials(scores)
        np.divide(self._share, self._row, out=self._row)
        np.multiply(scores, self._row, out=scores)
        np.add(self._starts, labels, out=self._places)
        # One place a case, so no place is met twice.
        scores.reshape(-1)[self._places] -= self._share
        return scores

    def evaluate(self, scores: Floats, labels: Integers) -> tuple[NDArray[np.intp], NDArray[np.float64]]:
        """Cases that are right and the summed loss, each [member]; overwrites the scores."""
        right = np.count_nonzero(scores.argmax(axis=-1) == labels, axis=-1)
        np.add(self._starts, labels, out=self._places)
        highest = self._exponentials(scores, self._places)
        losses = np.log(self._row[..., 0]) - highest
        # A product per member, as in the layers: no member's sum depends on how many there are.
        return right, np.matmul(losses[:, None, :].astype(np.float64), self._case_ones)[:, 0]

    def _exponentials(self, scores: Floats, places: Integers | None = None) -> Floats:
        """Turn scores into exp(s - max s) and their sum (kept); returns s - max s at ``places``."""
        np.max(scores, axis=-1, keepdims=True, out=self._row)
        np.subtract(scores, self._row, out=scores)
        chosen = scores.reshape(-1)[places] if places is not None else scores
        np.exp(scores, out=scores)
        np.matmul(scores, self._ones, out=self._row)
        return chosen
