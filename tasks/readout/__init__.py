"""Read-outs: what turns the features of a population of memristors into a class."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from tasks.errors import DataError
from tasks.readout.errors import TrainingError
from tasks.readout.fit import Fit
from tasks.readout.mlp import fit_mlp
from tasks.readout.network import Dense, Network
from tasks.readout.ridge import fit_ridge
from tasks.readout.settings import Readout
from tasks.readout.trainer import Seed

__all__ = ["Dense", "Fit", "Network", "Readout", "TrainingError", "fit_readout"]


def fit_readout(
    settings: Readout,
    train_x: NDArray[Any],
    train_y: NDArray[Any],
    validation_x: NDArray[Any],
    validation_y: NDArray[Any],
    classes: int,
    seed: Seed,
) -> Fit:
    """Train the read-out of the kind that ``settings`` names.

    Args:
        settings: kind, shape and training.
        train_x: [case, feature], raw features; read, never written.
        train_y: [case], labels 0 to ``classes`` - 1.
        validation_x: [case, feature]; chooses strength or epoch.
        validation_y: [case].
        classes: number of classes, >= 2.
        seed: the result follows from it and the arguments alone; ridge draws nothing.

    Raises:
        DataError: shapes do not match, or a label is not a class.
        TrainingError: a feature, or the loss, is not finite.
    """
    train = _checked("train", train_x, train_y, classes)
    validation = _checked("validation", validation_x, validation_y, classes)
    if train[0].shape[1] != validation[0].shape[1]:
        raise DataError(
            "Both parts must have the same features, but got "
            f"{train[0].shape[1]} (train) and {validation[0].shape[1]} (validation); encode both alike."
        )
    if settings.kind == "ridge":
        return fit_ridge(*train, *validation, classes)
    return fit_mlp(*train, *validation, classes, settings, seed)


def _checked(
    part: str, features: NDArray[Any], labels: NDArray[Any], classes: int
) -> tuple[NDArray[np.float32], NDArray[np.intp]]:
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
