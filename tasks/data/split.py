"""Fixed splits: the same parts on every machine, whatever the seed of a sweep."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from tasks.task import Part

_SPLIT_SEED = 20250116
"""Part of the definition of the data sets that ship without a validation part; never varied."""


class Split(NamedTuple):
    """Which objects (or cases) belong to which part; indices."""

    train: NDArray[np.int64]
    """What read-outs are trained on."""
    validation: NDArray[np.int64]
    """What everything is chosen on; the very array ``test`` where the protocol has no validation part."""
    test: NDArray[np.int64]
    """What is scored once."""

    def parts(self, make: Callable[[NDArray[np.int64]], Part]) -> tuple[Part, Part, Part]:
        """Train, validation and test part; a validation part that is the test part shares its memory."""
        test = make(self.test)
        return make(self.train), test if self.validation is self.test else make(self.validation), test


def stratified_holdout(y: NDArray[np.int64], share: float) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Indices (kept, held out): ``share`` of each class, at least one case, is held out.

    A class with a single case stays in the kept part.
    """
    rng = np.random.default_rng(_SPLIT_SEED)
    held = []
    for label in np.unique(y):
        members = rng.permutation(np.flatnonzero(y == label))
        count = min(max(1, round(share * len(members))), len(members) - 1)
        held.append(members[:count])
    out = np.sort(np.concatenate(held))
    return np.setdiff1d(np.arange(len(y)), out), out


def shuffled(indices: NDArray[np.int64]) -> NDArray[np.int64]:
    """Indices in a fixed random order, so that the first ones are no single class."""
    return np.random.default_rng(_SPLIT_SEED).permutation(indices)
