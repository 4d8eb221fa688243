r"""Features of mean 0 and standard deviation 1, and how a network swallows that map.

    s = (x - mu) / sigma,   W s + b = (W / sigma) x + (b - W mu / sigma)

So a first layer trained on s acts on x itself and the map costs no parameters. A feature that is constant
on the train part becomes 0 and its weight 0.

One sigma may serve all features, their root mean square. A sigma each would blow up the weights of features that hardly
vary in training, and with them every error of a device: on MNIST with 16 hidden units and devices that vary by 5 %, a
sigma each leaves 0.16 of 0.964, one for all leaves 0.958.

======  ==========================================  ===============  ====
symbol  meaning                                     shape            unit
======  ==========================================  ===============  ====
x       features                                    [case, feature]  raw
mu      mean over the train part                    [feature]        raw
sigma   standard deviation over the train part,     [feature]        raw
        or its root mean square over the features
scale   1 / sigma, 0 for a constant feature         [feature]        1/raw
======  ==========================================  ===============  ====
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from tasks.readout.arrays import Float32, Float64
from tasks.readout.errors import TrainingError
from tasks.readout.network import Dense

CONSTANT_BELOW = 1e-5
"""Spread, relative to the root mean square, up to which a feature counts as constant.

A state of some dozens of float32 steps carries a relative rounding error of about 1e-6, so that less than
this spread is mostly rounding.
"""
_BLOCK_CASES = 2048
"""Cases that are held in float64 at a time."""


@dataclass(frozen=True)
class Standardisation:
    """Mean and scale of every feature."""

    mean: Float64
    """[feature]."""
    scale: Float64
    """[feature]: 1 / sigma, or 0."""

    def blocks(self, features: Float32) -> Iterator[tuple[slice, Float64]]:
        """Standardise [case, feature] in float64, some cases at a time: (which cases, their values)."""
        for start in range(0, len(features), _BLOCK_CASES):
            cases = slice(start, start + _BLOCK_CASES)
            block = features[cases] - self.mean
            block *= self.scale
            yield cases, block

    def apply(self, features: Float32) -> Float32:
        """Standardise [case, feature] into a new float32 array."""
        result = np.empty(features.shape, np.float32)
        # In float32: subtracting close numbers is exact, so only the rounding of the mean itself remains.
        np.subtract(features, self.mean.astype(np.float32), out=result)
        np.multiply(result, self.scale.astype(np.float32), out=result)
        return result

    def fold(self, weight: Float32 | Float64, bias: Float32 | Float64) -> Dense:
        """Turn a first layer on standardised features into the same layer on raw ones.

        Args:
            weight: [out, feature].
            bias: [out].

        Raises:
            TrainingError: the folded layer does not fit float32.
        """
        folded = weight * self.scale
        shift = bias - folded @ self.mean
        with np.errstate(over="ignore"):
            layer = Dense(folded.astype(np.float32), shift.astype(np.float32))
        if not (np.isfinite(layer.weight).all() and np.isfinite(layer.bias).all()):
            raise TrainingError(
                "Every feature must vary by more than 1e-37 or not at all, but the weights on raw features "
                "overflow float32; scale the features up."
            )
        return layer


def fit_standardisation(features: Float32, *, common: bool = True) -> Standardisation:
    """Measure mean and spread of [case, feature], summed in float64; ``common``: one sigma for all features.

    Raises:
        TrainingError: a feature is not a finite number in some case.
    """
    cases = len(features)
    # Deviations from the first case keep the sums small beside the spread, whatever the mean.
    first = features[0].astype(np.float64)
    total, squares = np.zeros_like(first), np.zeros_like(first)
    with np.errstate(invalid="ignore"):
        for start in range(0, cases, _BLOCK_CASES):
            block = features[start : start + _BLOCK_CASES] - first
            total += block.sum(axis=0)
            squares += np.einsum("cf,cf->f", block, block)
        deviation = total / cases
        mean = first + deviation
        variance = np.maximum(squares / cases - deviation**2, 0)
    if not (np.isfinite(mean).all() and np.isfinite(variance).all()):
        require_finite("train", features)
    sigma = np.sqrt(variance)
    varies = sigma > CONSTANT_BELOW * np.sqrt(mean**2 + variance)
    if common and varies.any():
        sigma = np.full_like(sigma, np.sqrt(np.mean(variance)))
    scale = np.divide(1, sigma, out=np.zeros_like(sigma), where=varies)
    return Standardisation(mean, scale)


def require_finite(part: str, features: Float32) -> None:
    """Raise ``TrainingError`` that counts the bad values unless all of [case, feature] are finite."""
    if np.isfinite(features.min()) and np.isfinite(features.max()):
        return
    bad = ~np.isfinite(features)
    raise TrainingError(
        f"Features must be finite, but {np.count_nonzero(bad)} of {features.size} of the {part} part are not "
        f"(the first: case {np.argwhere(bad)[0][0]}, feature {np.argwhere(bad)[0][1]}); "
        "choose a weaker pulse, or check the data for gaps."
    )
