"""What sums come to on this machine, in short.

NumPy, SciPy and their BLAS choose their inner loops by the processor, and loops of another width add in another order:
the last bits differ, a search soon tries other configurations, and no version number says why.
"""

import hashlib
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

_SEED = 16_913
_SHAPES = ((7, 64, 33), (256, 900, 40))
"""Rows, summands, columns: within one block of a kernel, and over several."""
_FUNCTIONS = (np.exp, np.expm1, np.log, np.log1p, np.sinh, np.tanh, np.sqrt)

Values = NDArray[np.floating[Any]]


@cache
def arithmetic() -> str:
    """A digest of some products, functions and solutions; machines that give the same results have the same one."""
    # Not before it is asked for: commands that only read are quicker without.
    from threadpoolctl import threadpool_limits

    rng = np.random.default_rng(_SEED)
    digest = hashlib.sha256()
    with threadpool_limits(limits=1):
        for rows, summands, columns in _SHAPES:
            left, right = rng.random((rows, summands)), rng.random((summands, columns))
            for values in (*_results(left, right), *_results(left.astype(np.float32), right.astype(np.float32))):
                digest.update(np.ascontiguousarray(values).tobytes())
    return digest.hexdigest()[:8]


def _results(left: Values, right: Values) -> list[Values]:
    """A few of each kind that read-outs and devices need."""
    from scipy import linalg

    product = left @ right
    gram = right.T @ right + np.eye(right.shape[1], dtype=right.dtype)
    functions = [*(function(left) for function in _FUNCTIONS), left**1.7]
    return [product, *functions, left.sum(axis=0), left.sum(axis=1), linalg.solve(gram, product[:7].T, assume_a="pos")]
