r"""Cross-entropy of the softmax of the scores.

    p_j = exp(s_j - max s) / sum_i exp(s_i - max s),   loss = -log p_label,   d_s = p - target

The target is one_hot(label). Label smoothing takes a share e of it and spreads it over all classes (Szegedy et
al. 2016); mixup splits the rest between the labels of two cases (Zhang et al. 2018).

======  ============================  =======================
symbol  meaning                       shape
======  ============================  =======================
s       scores                        [member, case, class]
p       probabilities                 [member, case, class]
target  what p should be              [member, case, class]
e       label smoothing               ()
======  ============================  =======================
"""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from tasks.readout.arrays import Float64, Floats, Integers


class Mixing(NamedTuple):
    """Second labels of mixed cases and the share that the first ones keep."""

    labels: Integers
    """[member, case]."""
    share: Floats
    """[member, case], in [0, 1]."""


class CrossEntropy:
    """The loss for one number of members and cases, with its buffers.

    Attributes:
        mean_loss: [member], of the last ``gradient`` where it was asked to ``track``; against the first labels,
            without smoothing and mixing.
    """

    def __init__(
        self,
        members: int,
        cases: int,
        classes: int,
        dtype: np.dtype[Any],
        *,
        smoothing: float = 0.0,
        track: bool = False,
    ) -> None:
        self._smoothing, self._track = smoothing, track
        self._spread = dtype.type(smoothing / (classes * cases))
        self.mean_loss: Float64 = np.zeros(members)
        self._row = np.empty((members, cases, 1), dtype)
        self._ones = np.ones((classes, 1), dtype)
        self._case_ones = np.ones(cases)
        self._starts = (np.arange(members * cases) * classes).reshape(members, cases)
        self._places = np.empty_like(self._starts)
        self._share = dtype.type(1 / cases)

    def gradient(self, scores: Floats, labels: Integers, mixing: Mixing | None = None) -> Floats:
        """Derivative of the mean loss over the cases by the scores, in place of the scores.

        Args:
            scores: [member, case, class], contiguous.
            labels: [member, case] or [case].
            mixing: second labels, for mixed cases.
        """
        np.add(self._starts, labels, out=self._places)
        if self._track:
            highest = self._exponentials(scores, self._places)
            self.mean_loss = self._summed(np.log(self._row[..., 0]) - highest) / scores.shape[1]
        else:
            self._exponentials(scores)
        np.divide(self._share, self._row, out=self._row)
        np.multiply(scores, self._row, out=scores)
        if self._smoothing:
            np.subtract(scores, self._spread, out=scores)
        # One place a case, so no place is met twice.
        whole = self._share * scores.dtype.type(1 - self._smoothing)
        flat = scores.reshape(-1)
        if mixing is None:
            flat[self._places] -= whole
        else:
            flat[self._places] -= whole * mixing.share
            np.add(self._starts, mixing.labels, out=self._places)
            flat[self._places] -= whole * (1 - mixing.share)
        return scores

    def evaluate(self, scores: Floats, labels: Integers) -> tuple[NDArray[np.intp], NDArray[np.float64]]:
        """Cases that are right and the summed loss, each [member]; overwrites the scores."""
        right = np.count_nonzero(scores.argmax(axis=-1) == labels, axis=-1)
        np.add(self._starts, labels, out=self._places)
        highest = self._exponentials(scores, self._places)
        return right, self._summed(np.log(self._row[..., 0]) - highest)

    def _summed(self, losses: Floats) -> Float64:
        """Sum over the cases: a product per member, so that no member's sum depends on how many there are."""
        summed: Float64 = np.matmul(losses[:, None, :].astype(np.float64), self._case_ones)[:, 0]
        return summed

    def _exponentials(self, scores: Floats, places: Integers | None = None) -> Floats:
        """Turn scores into exp(s - max s) and their sum (kept); returns s - max s at ``places``."""
        np.max(scores, axis=-1, keepdims=True, out=self._row)
        np.subtract(scores, self._row, out=scores)
        chosen = scores.reshape(-1)[places] if places is not None else scores
        np.exp(scores, out=scores)
        np.matmul(scores, self._ones, out=self._row)
        return chosen
