"""Fixed splits: the same parts on every machine, whatever the seed of a sweep."""

import numpy as np
from numpy.typing import NDArray

_SPLIT_SEED = 20250116
"""Part of the definition of the data sets that ship without a validation part; never varied."""


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
