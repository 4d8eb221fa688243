"""Shuffled batches of the train part, one order a member, augmented before the kinetics.

=========  =========================================  ======================================================
symbol     meaning                                    shape
=========  =========================================  ======================================================
rows       cases one after the other                  [case, time, series]
which      cases of a batch                           [member, case]
drive      what the kinetics take                     [member, time, series * case] or [.., case * series]
=========  =========================================  ======================================================

A case is shifted first, then mixed with another of its batch, then gets noise; words may be taken for the unknown
one. Each member draws from its own stream.
"""

from abc import ABC, abstractmethod
from collections.abc import Sequence

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from kinetics.noise import FastNormal
from tasks.kinetics_network import PADDING
from tasks.learning.training import Training
from tasks.readout.arrays import Float32, Floats, Integers
from tasks.readout.loss import Mixing

UNKNOWN = 1
"""The word that stands for all that the vocabulary leaves out."""

Random = Sequence[np.random.Generator]


class Source(ABC):
    """Where batches come from."""

    @abstractmethod
    def gather(self, which: Integers, labels: Integers, rngs: Random) -> tuple[Floats, Mixing | None]:
        """Inputs of the cases ``which`` [member, case]; ``labels`` are theirs, for mixing."""


class Features(Source):
    """Features that were computed once: [member, case, feature], or [1, ...] for all members."""

    def __init__(self, features: Floats) -> None:
        self._rows = features.reshape(-1, features.shape[-1])
        self._stride = features.shape[1] if len(features) > 1 else 0

    def gather(self, which: Integers, labels: Integers, rngs: Random) -> tuple[Floats, Mixing | None]:
        """[member, case, feature]."""
        offsets = np.arange(len(which))[:, None] * self._stride
        return np.take(self._rows, which + offsets, axis=0, mode="clip"), None


class Words(Source):
    """Words [time, 1, case]."""

    def __init__(self, x: Floats, training: Training) -> None:
        self._dropout = training.word_dropout
        self._rows: NDArray[np.intp] = np.ascontiguousarray(x[:, 0].T).astype(np.intp)

    def gather(self, which: Integers, labels: Integers, rngs: Random) -> tuple[Floats, Mixing | None]:
        """[member, time, case]."""
        rows = self._rows[which]
        if self._dropout > 0:
            for own, rng in zip(rows, rngs, strict=True):
                own[(rng.random(own.shape, np.float32) < self._dropout) & (own != PADDING)] = UNKNOWN
        words: Floats = rows.swapaxes(1, 2)  # type: ignore[assignment]  # whole numbers go through the same stack
        return words, None


class Series(Source):
    """Series [time, series, case], kept in the type that they come in."""

    def __init__(self, x: Floats, training: Training, *, cases_last: bool) -> None:
        self._steps, self._series, cases = x.shape
        self._training, self._cases_last = training, cases_last
        rows = x.transpose(2, 0, 1)
        by_time, by_series = training.shift
        if training.shift != (0, 0):
            padded = np.pad(rows, ((0, 0), (by_time, by_time), (by_series, by_series)))
            self._windows = sliding_window_view(padded, x.shape[:2], axis=(1, 2))
        self._rows = np.ascontiguousarray(rows).reshape(cases, -1)
        self._buffers: dict[tuple[int, int], tuple[Floats, Floats]] = {}

    def gather(self, which: Integers, labels: Integers, rngs: Random) -> tuple[Floats, Mixing | None]:
        """Drive [member, time, device], valid until the next call."""
        members, cases = which.shape
        if which.shape not in self._buffers:
            shape = (members, cases, self._rows.shape[1])
            drive_shape = (members, self._steps, self._series * cases)
            self._buffers[which.shape] = np.empty(shape, np.float32), np.empty(drive_shape, np.float32)
        rows, drive = self._buffers[which.shape]
        shifts = self._training.shift
        if shifts == (0, 0):
            if self._rows.dtype == rows.dtype:
                np.take(self._rows, which, axis=0, out=rows, mode="clip")
            else:
                np.copyto(rows, np.take(self._rows, which, axis=0, mode="clip"))
        else:
            for member, rng in enumerate(rngs):
                moves = [rng.integers(0, 2 * largest + 1, cases) for largest in shifts]
                rows[member] = self._windows[which[member], moves[0], moves[1]].reshape(cases, -1)
        mixing = self._mix(rows, labels, rngs) if self._training.mixup > 0 else None
        if self._training.input_noise > 0:
            self._add_noise(rows, rngs)
        if self._cases_last:
            drive.reshape(members, -1, cases)[...] = rows.swapaxes(1, 2)
        else:
            by_step = rows.reshape(members, cases, self._steps, self._series).swapaxes(1, 2)
            drive.reshape(by_step.shape)[...] = by_step
        return drive, mixing

    def _mix(self, rows: Floats, labels: Integers, rngs: Random) -> Mixing:
        second, share = np.empty_like(labels), np.empty(labels.shape, rows.dtype)
        for member, rng in enumerate(rngs):
            partner = rng.permutation(labels.shape[1])
            share[member] = rng.beta(self._training.mixup, self._training.mixup, labels.shape[1])
            second[member] = labels[member, partner]
            other = rows[member, partner]
            other -= rows[member]
            other *= 1 - share[member, :, None]
            rows[member] += other
        return Mixing(second, share)

    def _add_noise(self, rows: Floats, rngs: Random) -> None:
        noise = np.empty(rows.shape[1:], np.float32)
        for member, rng in enumerate(rngs):
            FastNormal(rng, noise.size).fill(noise, self._training.input_noise)
            rows[member] += noise
        np.clip(rows, 0, 1, out=rows)


class Whole(Source):
    """All cases in their own order, the same for all members: a full batch that nothing augments."""

    def __init__(self, inputs: Floats) -> None:
        self._inputs = inputs

    def gather(self, which: Integers, labels: Integers, rngs: Random) -> tuple[Floats, Mixing | None]:
        """The same array every time."""
        return self._inputs, None


def whole_drive(x: Floats, *, cases_last: bool) -> Float32:
    """Drive [1, time, device] of series [time, series, case] of any type."""
    steps, series, cases = x.shape
    ordered = x if cases_last else x.swapaxes(1, 2)
    return np.ascontiguousarray(ordered, np.float32).reshape(1, steps, series * cases)
