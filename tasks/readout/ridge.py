r"""Ridge regression on one-hot targets, in closed form, for a whole grid of penalties at once.

For each strength it minimises  mean_c |W s_c + b - t_c|^2 + strength |W|^2  (the bias is free), so that

    W^T = (C + strength I)^-1 S^T T / n = Q (E + strength)^-1 Q^T S^T T / n,   b = mean of T,   C = Q E Q^T

and one eigendecomposition serves all strengths. The strength whose validation accuracy is the highest is
taken; of equals, the strongest. (scikit-learn's ``alpha`` is strength * n.)

========  ===========================================  ==================  ====
symbol    meaning                                      shape               unit
========  ===========================================  ==================  ====
n         cases of the train part                      ()                  1
S         standardised train features                  [case, feature]     1
T         one-hot labels                               [case, class]       1
C         S^T S / n, the covariance of S               [feature, feature]  1
E, Q      eigenvalues and eigenvectors of C            [feature], square   1
strength  penalty on the squared weights               ()                  1
========  ===========================================  ==================  ====

C is summed in float64, block by block: beside the float32 sum it costs 2 times the arithmetic, needs no
second copy of the features, and keeps weak strengths (1e-6 of the mean eigenvalue) above the rounding.
"""

from typing import Any

import numpy as np
import scipy.linalg
from numpy.typing import NDArray

from tasks.readout.arrays import Float32, Float64, Integers
from tasks.readout.fit import Fit
from tasks.readout.network import Dense, Network
from tasks.readout.standardisation import Standardisation, fit_standardisation, require_finite

STRENGTHS: Float64 = np.logspace(2, -6, 25)
"""The grid, strongest first; the mean eigenvalue of C is 1."""
_DRAWS = 8
"""Draws of noise that the strength is chosen under."""
_BLOCK_CASES = 4096
"""Validation cases scored at a time."""


def fit_ridge(
    train_x: Float32,
    train_y: Integers,
    validation_x: Float32,
    validation_y: Integers,
    classes: int,
    strengths: NDArray[Any] = STRENGTHS,
    *,
    weight_noise: float = 0.0,
    seed: int | np.random.SeedSequence = 0,
) -> Fit:
    """Fit the linear read-out.

    Args:
        train_x: [case, feature], raw features.
        train_y: [case], labels 0 to ``classes`` - 1.
        validation_x: [case, feature]; chooses the strength.
        validation_y: [case].
        classes: number of classes.
        strengths: penalties to choose from, > 0, strongest first.
        weight_noise: standard deviation of noise on the weights, relative to the largest, under which the strength is
            chosen: by the mean accuracy of 8 draws.
        seed: of these draws.

    Raises:
        TrainingError: a feature is not finite.
    """
    standardisation = fit_standardisation(train_x)
    require_finite("validation", validation_x)
    weights, bias = _solve(standardisation, train_x, train_y, classes, strengths)
    # All candidates as one layer of [strength * class] outputs.
    candidates = standardisation.fold(weights.reshape(-1, weights.shape[-1]), np.tile(bias, len(weights)))
    right = np.zeros(len(strengths), np.intp)
    rng = np.random.default_rng(seed)
    for _ in range(_DRAWS if weight_noise else 1):
        held = _with_noise(candidates, classes, weight_noise, standardisation, rng) if weight_noise else candidates
        right += _count_right(held, classes, validation_x, validation_y)
    best = int(np.argmax(right))
    chosen = slice(best * classes, (best + 1) * classes)
    network = Network(layers=(Dense(candidates.weight[chosen].copy(), candidates.bias[chosen].copy()),))
    return Fit(
        network=network,
        validation_accuracy=network.accuracy(validation_x, validation_y),
        epochs_run=0,
        strength=float(strengths[best]),
    )


def _solve(
    standardisation: Standardisation,
    train_x: Float32,
    train_y: Integers,
    classes: int,
    strengths: NDArray[Any],
) -> tuple[Float64, Float64]:
    """Weights [strength, class, feature] and bias [class] on standardised features."""
    cases, features = train_x.shape
    correlation = np.zeros((features, features))
    moment = np.zeros((features, classes))
    one_hot = np.eye(classes)
    for which, block in standardisation.blocks(train_x):
        correlation += block.T @ block
        moment += block.T @ one_hot[train_y[which]]
    correlation /= cases
    moment /= cases
    eigenvalues, vectors = scipy.linalg.eigh(correlation, overwrite_a=True, check_finite=False, driver="evd")
    rotated = (vectors.T @ moment).T
    # Rounding may leave an eigenvalue of a singular matrix slightly below 0.
    shrunk = rotated / (np.maximum(eigenvalues, 0) + np.asarray(strengths)[:, None, None])
    bias = np.bincount(train_y, minlength=classes) / cases
    return shrunk @ vectors.T, bias


def _with_noise(
    candidates: Dense, classes: int, sigma: float, standardisation: Standardisation, rng: np.random.Generator
) -> Dense:
    """Candidates with noise on their weights, which read features less their common mean (see ``held_network``)."""
    by_candidate = candidates.weight.reshape(-1, classes, candidates.weight.shape[1])
    noise = rng.standard_normal(by_candidate.shape, np.float32)
    noise *= np.float32(sigma) * np.abs(by_candidate).max(axis=(1, 2), keepdims=True)
    flat = noise.reshape(candidates.weight.shape)
    common = np.float32(standardisation.mean.mean())
    return Dense(candidates.weight + flat, candidates.bias - common * flat.sum(axis=1))


def _count_right(candidates: Dense, classes: int, features: Float32, labels: Integers) -> NDArray[np.intp]:
    """Cases that each candidate gets right [candidate], all candidates in one product."""
    right = np.zeros(len(candidates.bias) // classes, np.intp)
    for start in range(0, len(features), _BLOCK_CASES):
        cases = slice(start, start + _BLOCK_CASES)
        scores = features[cases] @ candidates.weight.T
        scores += candidates.bias
        predicted = scores.reshape(len(scores), -1, classes).argmax(axis=-1)
        right += np.count_nonzero(predicted == labels[cases, None], axis=0)
    return right
