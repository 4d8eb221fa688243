r"""Trains K networks of one shape at once: mini-batch Adam, cosine rate, early stopping.

Every member has its own start, shuffles, learning rate, weight decay and early stopping, and ends with the
same bits as if it were trained alone: all arrays have the member in front, products are per member, and
sums over cases are products (see ``layers``). A member that stopped is carried along, its result kept.

=============  =============================================  =========================================
symbol         meaning                                        shape
=============  =============================================  =========================================
features       standardised features, shared or per member    [case, feature] or [member, case, feature]
labels         0 to classes - 1, the same for all members     [case]
order          row of the features of each case, shuffled     [member, case]
schedule       (1 + cos(pi t / steps)) / 2 at step t          ()
=============  =============================================  =========================================

The result of an epoch is better if its validation accuracy is higher or, at equal accuracy, its validation
loss lower. Patience counts epochs since the accuracy last rose.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from tasks.readout.activation import ActivationName
from tasks.readout.adam import Adam
from tasks.readout.arrays import Float64, Floats, Integers
from tasks.readout.layers import Cache, Views
from tasks.readout.loss import CrossEntropy
from tasks.readout.stack import Stack, dense_layers
from tasks.readout.standardisation import Standardisation
from tasks.readout.weight_noise import NoisyWeights

Seed = int | np.random.SeedSequence
_VALIDATION_CASES = 1000
"""Cases scored at a time; a constant, since the size of a product may show in its rounding."""


@dataclass(frozen=True, kw_only=True)
class TrainedPopulation:
    """The best epoch of every member."""

    layers: tuple[Views, ...]
    """Of every dense layer: ``weight`` [member, out, in] and ``bias`` [member, out]."""
    validation_accuracy: Float64
    """[member], of the best epoch."""
    validation_loss: Float64
    """[member], mean cross-entropy of the best epoch, nats."""
    best_epoch: NDArray[np.intp]
    """[member], counted from 1; 0 if the member failed in its first epoch."""
    epochs_run: NDArray[np.intp]
    """[member], epochs until it stopped."""
    failures: tuple[str | None, ...]
    """Of every member: why it failed, or None."""


def train_population(
    features: Floats,
    labels: Integers,
    validation_features: Floats,
    validation_labels: Integers,
    *,
    classes: int,
    hidden: Sequence[int],
    activation: ActivationName,
    epochs: int,
    batch: int,
    patience: int,
    learning_rate: ArrayLike,
    weight_decay: ArrayLike,
    seeds: Sequence[Seed],
    weight_noise: float = 0.0,
    weight_offset: float = 0.0,
    maps: Sequence[Standardisation] = (),
) -> TrainedPopulation:
    """Train one network per seed.

    Args:
        features: [case, feature] for all members or [member, case, feature]; its type is the networks'.
        labels: [case].
        validation_features: like ``features``, of the validation part.
        validation_labels: [case].
        classes: number of classes.
        hidden: units of each hidden layer.
        activation: of the hidden layers.
        epochs: most passes over the train part.
        batch: cases per step; the last batch of an epoch may be smaller.
        patience: epochs without a higher validation accuracy after which a member stops.
        learning_rate: per member, or one for all.
        weight_decay: per member, or one for all.
        seeds: one per member; its start, its shuffles and its noise follow from it alone.
        weight_noise: standard deviation of noise on the weights of each batch, relative to the largest of the layer as
            it will act on raw features (see ``weight_noise``). The validation part is scored without.
        weight_offset: mean of that noise, relative to the same.
        maps: how each member's features were standardised; they act on raw features if absent. Noise needs it.

    A member whose loss is not finite stops there and says so in ``failures``; the others go on.
    """
    members, cases = len(seeds), len(labels)
    rngs = [np.random.default_rng(seed) for seed in seeds]
    stack = Stack(dense_layers((features.shape[-1], *hidden, classes), activation), members, features.dtype)
    stack.initialise(rngs)
    adam = Adam(
        stack.values,
        stack.gradients,
        [views["weight"] for views in stack.views if "weight" in views],
        learning_rate=np.broadcast_to(np.asarray(learning_rate, np.float64), members),
        weight_decay=np.broadcast_to(np.asarray(weight_decay, np.float64), members),
    )
    noisy = NoisyWeights(stack, weight_noise, weight_offset, maps) if weight_noise or weight_offset else None
    batches = _Batches(stack, features, labels, classes, batch)
    validation = _Validation(stack, validation_features, validation_labels, classes)
    stopping = EarlyStopping(stack.values, len(validation_labels), patience)

    steps, step = epochs * math.ceil(cases / batch), 0
    with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
        for _ in range(epochs):
            batches.shuffle(rngs)
            for start in range(0, cases, batch):
                batches.differentiate(start, noisy.draw(rngs) if noisy else None)
                adam.step((1 + math.cos(math.pi * step / steps)) / 2)
                step += 1
            adam.flush()
            if stopping.update(*validation.evaluate()):
                break
    return TrainedPopulation(
        layers=tuple(views for views in stack.view(stopping.best_values) if "weight" in views),
        validation_accuracy=stopping.best_right / len(validation_labels),
        validation_loss=stopping.best_loss,
        best_epoch=stopping.best_epoch,
        epochs_run=stopping.epochs_run,
        failures=tuple(stopping.failures),
    )


class EarlyStopping:
    """Keeps every member's best epoch and tells when all have stopped.

    Attributes:
        best_values: [member, parameter].
        best_right: [member], right cases of the validation part.
        best_loss: [member], mean loss.
        best_epoch: [member], counted from 1.
        epochs_run: [member].
        failures: reason per member, or None.
    """

    def __init__(
        self,
        values: Floats,
        cases: int,
        patience: int,
        *,
        keep_last: bool = False,
        way_out: str = "lower `readout.learning_rate` or scale the features",
    ) -> None:
        """Watch ``values`` [member, parameter].

        ``cases`` is the size of the validation part, ``way_out`` what to try if a member fails. With
        ``keep_last`` every epoch counts as the best one so far.
        """
        self._keep_last, self._way_out = keep_last, way_out
        members = len(values)
        self._values, self._cases, self._patience = values, cases, patience
        self._epoch = 0
        self._last_rise = np.zeros(members, np.intp)
        self._running = np.ones(members, bool)
        self.best_values = values.copy()
        self.best_right = np.full(members, -1, np.intp)
        self.best_loss = np.full(members, np.inf)
        self.best_epoch = np.zeros(members, np.intp)
        self.epochs_run = np.zeros(members, np.intp)
        self.failures: list[str | None] = [None] * members

    @property
    def running(self) -> NDArray[np.bool_]:
        """[member], whether it neither stopped nor failed."""
        return self._running.copy()

    def fail(self, member: int, reason: str) -> None:
        """Stop a member for a reason found elsewhere."""
        if self._running[member]:
            self.failures[member] = f"{reason}; {self._way_out}"
            self.epochs_run[member] = self._epoch + 1
            self._running[member] = False

    def update(self, right: NDArray[np.intp], summed_loss: Float64) -> bool:
        """Take in an epoch's right cases and summed loss, each [member]; True when all members stopped."""
        self._epoch += 1
        self.epochs_run[self._running] = self._epoch
        loss = summed_loss / self._cases
        for member in np.flatnonzero(self._running & ~np.isfinite(loss)):
            self.failures[member] = f"the validation loss is {loss[member]} after epoch {self._epoch}; {self._way_out}"
            self._running[member] = False
        higher = self._running & (right > self.best_right)
        better = higher | (self._running & (right == self.best_right) & (loss < self.best_loss))
        if self._keep_last:
            better = self._running.copy()
        self._last_rise[higher] = self._epoch
        self.best_values[better] = self._values[better]
        self.best_right[better], self.best_loss[better] = right[better], loss[better]
        self.best_epoch[better] = self._epoch
        self._running &= self._epoch - self._last_rise < self._patience
        return not self._running.any()


class _Batches:
    """Gathers shuffled batches and differentiates the loss on them."""

    def __init__(self, stack: Stack, features: Floats, labels: Integers, classes: int, batch: int) -> None:
        members, cases = len(stack.values), len(labels)
        self._stack, self._labels, self._batch = stack, labels, batch
        # One table of rows for both layouts: member k's case i is row k * cases + i, or row i if shared.
        self._rows = features.reshape(-1, features.shape[-1])
        self._offsets = np.arange(members) * (cases if features.ndim == 3 else 0)
        self._order = np.empty((members, cases), np.intp)
        self._shuffled_labels = np.empty((members, cases), labels.dtype)
        self._buffers = {
            size: (
                np.empty((members, size, features.shape[-1]), features.dtype),
                stack.allocate(size),
                CrossEntropy(members, size, classes, stack.dtype),
            )
            for size in {min(batch, cases), cases % batch or batch}
            if size <= cases
        }

    def shuffle(self, rngs: Sequence[np.random.Generator]) -> None:
        """Draw every member's order of this epoch, each from its own stream."""
        for member, rng in enumerate(rngs):
            order = rng.permutation(len(self._labels))
            np.take(self._labels, order, out=self._shuffled_labels[member])
            np.add(order, self._offsets[member], out=self._order[member])

    def differentiate(self, start: int, views: Sequence[Views] | None) -> None:
        """Fill the stack's gradients with those of the batch that starts at case ``start``, at ``views`` if given."""
        which = self._order[:, start : start + self._batch]
        inputs, caches, loss = self._buffers[which.shape[1]]
        # "clip" spares the check of the indices, which a permutation does not need.
        np.take(self._rows, which, axis=0, out=inputs, mode="clip")
        scores = self._stack.forward(inputs, caches, views)
        gradient = loss.gradient(scores, self._shuffled_labels[:, start : start + self._batch])
        self._stack.backward(gradient, caches, views)


class _Validation:
    """Scores the stack on the validation part, block by block."""

    def __init__(self, stack: Stack, features: Floats, labels: Integers, classes: int) -> None:
        members, cases = len(stack.values), len(labels)
        self._stack = stack
        buffers: dict[int, tuple[tuple[Cache, ...], CrossEntropy]] = {}
        self._blocks = []
        for start in range(0, cases, _VALIDATION_CASES):
            block = slice(start, start + _VALIDATION_CASES)
            part = labels[block]
            if len(part) not in buffers:
                buffers[len(part)] = (
                    stack.allocate(len(part)),
                    CrossEntropy(members, len(part), classes, stack.dtype),
                )
            self._blocks.append((features[..., block, :], part, *buffers[len(part)]))

    def evaluate(self) -> tuple[NDArray[np.intp], Float64]:
        """Right cases and summed loss, each [member]."""
        members = len(self._stack.values)
        right, summed_loss = np.zeros(members, np.intp), np.zeros(members)
        for features, labels, caches, loss in self._blocks:
            block_right, block_loss = loss.evaluate(self._stack.forward(features, caches), labels)
            right += block_right
            summed_loss += block_loss
        return right, summed_loss
