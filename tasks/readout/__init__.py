"""Read-outs: what turns the features of a population of memristors into a class."""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from kinetics.errors import require
from tasks.errors import DataError
from tasks.readout.errors import TrainingError
from tasks.readout.fit import Fit
from tasks.readout.mlp import fit_mlps
from tasks.readout.network import Dense, Network
from tasks.readout.ridge import fit_ridge
from tasks.readout.settings import Readout
from tasks.readout.trainer import Seed

__all__ = ["Dense", "Fit", "Network", "Readout", "TrainingError", "fit_readout", "fit_readouts"]

_Part = tuple[NDArray[np.float32], NDArray[np.intp]]


def fit_readout(
    settings: Readout,
    train_x: NDArray[Any],
    train_y: NDArray[Any],
    validation_x: NDArray[Any],
    validation_y: NDArray[Any],
    classes: int,
    seed: Seed,
) -> Fit:
    """Train one read-out; see ``fit_readouts``, of which it is the case of one.

    Raises:
        DataError: shapes do not match, or a label is not a class.
        TrainingError: a feature, or the loss, is not finite.
    """
    [fit] = fit_readouts(settings, [train_x], train_y, [validation_x], validation_y, classes, [seed])
    if isinstance(fit, TrainingError):
        raise fit
    return fit


def fit_readouts(
    settings: Readout,
    train_xs: Sequence[NDArray[Any]],
    train_y: NDArray[Any],
    validation_xs: Sequence[NDArray[Any]],
    validation_y: NDArray[Any],
    classes: int,
    seeds: Sequence[Seed],
    *,
    weight_noise: float = 0.0,
) -> list[Fit | TrainingError]:
    """Train a read-out of the kind that ``settings`` names on each of several feature maps of the same cases.

    They are trained at once where that is faster; each comes out with the bits that it would have alone.

    Args:
        settings: kind, shape and training.
        train_xs: [case, feature] each, raw features; read, never written.
        train_y: [case], labels 0 to ``classes`` - 1.
        validation_xs: [case, feature] each; choose strength or epoch.
        validation_y: [case].
        classes: number of classes, >= 2.
        seeds: each result follows from its own and the arguments alone; ridge draws nothing without noise.
        weight_noise: standard deviation of noise on the weights, relative to the largest of each layer as it acts on
            raw features, so that the read-out learns to live with its crossbar: mlp meets it in every batch, ridge
            when it chooses its strength. Features are read less their common mean (see ``held_network``).

    Returns:
        For each map its fit, or the error that says which feature or loss was not finite.

    Raises:
        DataError: shapes do not match, or a label is not a class.
        InvalidParameterError: ``weight_noise`` is negative.
    """
    require(0 <= weight_noise < math.inf, "`weight_noise` >= 0", weight_noise, "0.01 being 1 % of the largest weight")
    trains = [_checked("train", x, train_y, classes) for x in train_xs]
    validations = [_checked("validation", x, validation_y, classes) for x in validation_xs]
    for train, validation in zip(trains, validations, strict=True):
        if train[0].shape[1] != validation[0].shape[1]:
            raise DataError(
                "Both parts must have the same features, but got "
                f"{train[0].shape[1]} (train) and {validation[0].shape[1]} (validation); encode both alike."
            )
    if settings.kind == "ridge":
        return [
            _ridge(train, validation, classes, weight_noise, seed)
            for train, validation, seed in zip(trains, validations, seeds, strict=True)
        ]
    return fit_mlps(
        [x for x, _ in trains],
        trains[0][1],
        [x for x, _ in validations],
        validations[0][1],
        classes,
        settings,
        seeds,
        weight_noise=weight_noise,
    )


def _ridge(train: _Part, validation: _Part, classes: int, weight_noise: float, seed: Seed) -> Fit | TrainingError:
    try:
        return fit_ridge(*train, *validation, classes, weight_noise=weight_noise, seed=seed)
    except TrainingError as error:
        return error


def _checked(part: str, features: NDArray[Any], labels: NDArray[Any], classes: int) -> _Part:
    """Features as contiguous float32 [case, feature] and labels as integers [case]."""
    if features.ndim != 2 or labels.shape != features.shape[:1] or features.size == 0:
        raise DataError(
            f"Features [case, feature] and labels [case] must match and hold a case, but the {part} part has "
            f"{features.shape} and {labels.shape}; flatten the features of each case."
        )
    if classes < 2 or labels.min() < 0 or labels.max() >= classes:
        raise DataError(
            f"Labels must be 0 to {classes - 1} with 2 classes or more, but the {part} part has "
            f"{labels.min()} to {labels.max()}; number the classes from 0."
        )
    return np.ascontiguousarray(features, np.float32), labels.astype(np.intp)
