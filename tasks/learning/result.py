"""What comes of training a population."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tasks.kinetics_network import KineticsNetwork


@dataclass(frozen=True, kw_only=True)
class Curve:
    """An entry per epoch run."""

    train_loss: NDArray[np.float64]
    """Mean cross-entropy of the training batches as they were met, nats; without smoothing and mixing."""
    loss: NDArray[np.float64]
    """Mean cross-entropy of the watched part (validation, or test for ``best_test``); NaN if none is watched."""
    accuracy: NDArray[np.float64]
    """Share of right objects of the watched part; NaN if none is watched."""


@dataclass(frozen=True, kw_only=True)
class TrainedNetwork:
    """A member that came through."""

    network: KineticsNetwork
    """The kept epoch; score it with ``floor``."""
    floor: float
    """Smallest state that it was trained with."""
    curve: Curve
    """How the training went."""
    epochs_run: int
    """Epochs until it stopped."""
    best_epoch: int
    """The kept epoch, counted from 1."""
    watched_accuracy: float | None
    """Accuracy of the kept epoch on the part that chose it, so an optimistic number; None if none did."""
    optimistic: bool
    """Whether the test part chose the epoch (protocol ``paper``)."""


@dataclass(frozen=True, kw_only=True)
class FailedNetwork:
    """A member that left the numbers."""

    reason: str
    """What, where and the way out."""
    epochs_run: int
    """The epoch in which it failed, counted from 1."""
