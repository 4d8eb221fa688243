r"""Which of several uncertain parameters is an output most sensitive to? Sobol indices, first and total order.

.. math:: S_i = \frac{V[E(y | x_i)]}{V[y]}, \qquad S_{T_i} = \frac{E[V(y | x_{\sim i})]}{V[y]}

==================  ===================================================================  ==========================
symbol              meaning                                                              shape
==================  ===================================================================  ==========================
x                   parameters as shares of their ranges, in [0, 1)                      [block, sample, parameter]
y                   the output, evaluated anywhere and in any order                      [block, sample]
S_i                 share of the variance of y that x_i makes alone                      [parameter]
S_Ti                the same with all that x_i makes together with others                [parameter]
==================  ===================================================================  ==========================

The blocks are the two independent matrices A and B, and then, for each parameter, A with the column of that parameter
from B. Estimators of Saltelli et al. 2010 (doi 10.1016/j.cpc.2009.09.018) as SciPy has them.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import stats
from scipy.stats import qmc

from kinetics.errors import require

Float64 = NDArray[np.float64]
_CONFIDENCE = 0.95
_RESAMPLES = 999


@dataclass(frozen=True, kw_only=True)
class Indices:
    """Sobol indices, with percentile bootstrap intervals over the samples."""

    first: Float64
    """First order [parameter]."""
    first_interval: Float64
    """[parameter, 2]: its low and high end."""
    total: Float64
    """Total order [parameter]."""
    total_interval: Float64
    """[parameter, 2]: its low and high end."""
    lead_interval: Float64
    """[2]: the largest total index less the next one, on the same resamples; it separates if the low end is > 0."""


def sample_blocks(parameters: int, samples: int, rng: np.random.Generator) -> Float64:
    """Points of the unit cube to evaluate: [parameters + 2, samples, parameters], by a scrambled Sobol sequence.

    Raises:
        InvalidParameterError: fewer than two parameters, or ``samples`` is no power of 2.
    """
    require(parameters >= 2, "At least 2 parameters", parameters, "one alone has all the say")
    require_power_of_2("samples", samples)
    both = qmc.Sobol(2 * parameters, rng=rng, bits=64).random(samples)
    first, second = both[:, :parameters], both[:, parameters:]
    blocks = np.tile(first, (parameters + 2, 1, 1))
    blocks[1] = second
    for i in range(parameters):
        blocks[i + 2, :, i] = second[:, i]
    return blocks


def sobol_indices(outputs: ArrayLike, rng: np.random.Generator) -> Indices:
    """Indices from the outputs [parameters + 2, samples] at the points of ``sample_blocks``.

    An output that never changes has indices of 0. ``rng`` draws the resamples.
    """
    y = np.asarray(outputs, np.float64)

    def both(chosen: NDArray[np.intp]) -> Float64:
        some = y[:, None, chosen]
        found: Any = stats.sobol_indices(func={"f_A": some[0], "f_B": some[1], "f_AB": some[2:]}, n=some.shape[-1])
        return np.stack([found.first_order, found.total_order])

    every = np.arange(y.shape[1])
    first, total = both(every)
    # SciPy's own intervals draw from the global random state; these are drawn from ``rng``.
    resampled: Any = stats.bootstrap(
        (every,),
        both,
        vectorized=False,
        n_resamples=_RESAMPLES,
        confidence_level=_CONFIDENCE,
        method="percentile",
        rng=rng,
    )
    ends = np.stack([resampled.confidence_interval.low, resampled.confidence_interval.high], axis=-1)
    largest, following = np.argsort(-total, kind="stable")[:2]
    totals = resampled.bootstrap_distribution[1]
    lead = np.quantile(totals[largest] - totals[following], [(1 - _CONFIDENCE) / 2, (1 + _CONFIDENCE) / 2])
    return Indices(first=first, first_interval=ends[0], total=total, total_interval=ends[1], lead_interval=lead)


def require_power_of_2(name: str, value: int) -> None:
    """Raise ``InvalidParameterError`` unless a Sobol sequence of ``value`` points is balanced."""
    following = 1 << max(value - 1, 1).bit_length()
    require(
        value >= 2 and value & (value - 1) == 0,
        f"`{name}` is a power of 2",
        value,
        f"the next one is {following}; a Sobol sequence is balanced only there",
    )
