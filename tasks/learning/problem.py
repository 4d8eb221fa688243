"""What is to be learned: the cases, and members' features where they are computed once."""

from dataclasses import dataclass

import numpy as np

from tasks.kinetics_network import KineticsNetwork
from tasks.learning.architecture import Architecture
from tasks.learning.batches import whole_drive
from tasks.learning.build import cases_last
from tasks.learning.kinetics_layer import KineticsLayer
from tasks.learning.training import Training
from tasks.readout.arrays import Float64, Floats
from tasks.readout.standardisation import Standardisation, fit_standardisation
from tasks.readout.trainer import Seed
from tasks.task import Part

_GROUP_DEVICES = 32768
"""Devices of a group's batch: fewer pay for the calls (of 800 to 25600 on SITW, each doubling was faster)."""
_GROUP_FEATURES = 1 << 27
"""Features that a group may hold at once, where they are computed once: half a GiB."""


@dataclass(frozen=True)
class Member:
    """One network that is to be trained."""

    seed: Seed
    learning_rate: float
    weight_decay: float
    start: KineticsNetwork | None


class Problem:
    """What all groups of members share."""

    def __init__(
        self,
        architecture: Architecture,
        training: Training,
        train: Part,
        watched: Part | None,
        votes: int,
        log_prior: Float64 | None,
        *,
        written: bool,
    ) -> None:
        self.architecture, self.training, self.written = architecture, training, written
        self.train, self.watched = train, watched
        self.votes, self.log_prior = votes, None if training.balanced else log_prior
        self.once = (
            (written or architecture.learned == "none")
            and not training.augments
            and architecture.embedding_words is None
            and architecture.pool == "none"
        )
        self.batch = min(training.batch or train.cases, train.cases)
        self.cases_last = cases_last(architecture)
        self.equal_members = architecture.equal_starts and not written
        self._shared: tuple[Floats, Floats | None, Standardisation | None] | None = None

    @property
    def group_size(self) -> int:
        """Members that are trained at once."""
        if self.once and self.equal_members:
            return 16
        size = max(1, _GROUP_DEVICES // (self.architecture.series * self.batch))
        if self.once:
            cases = self.train.cases + (0 if self.watched is None else self.watched.cases)
            size = min(16, max(1, _GROUP_FEATURES // (cases * self.architecture.features)))
        return size

    def features(self, part: Part, coefficients: dict[str, Floats]) -> Floats:
        """Features [case, reading * series] of all cases with one member's coefficients."""
        layer = KineticsLayer(self.architecture)
        views = {name: value[None] for name, value in coefficients.items()}
        width, series = self.architecture.reading.count * self.architecture.series, self.architecture.series
        result = np.empty((part.cases, width), np.float32)
        at_once = max(1, 16384 // series)
        for start in range(0, part.cases, at_once):
            some = part.x[:, :, start : start + at_once]
            cache = layer.allocate(1, some.shape[2], np.dtype(np.float32), first=True)
            states = layer.forward(views, whole_drive(some, cases_last=True), cache)
            result[start : start + at_once] = states.reshape(width, -1).T
        return result

    def standardisation(self, features: Floats) -> Standardisation:
        """That of features [case, feature], as the training asks for it."""
        return fit_standardisation(features, common=self.training.common_spread or self.training.noisy_weights)

    def computed_once(self, coefficients: dict[str, Floats]) -> tuple[Floats, Floats | None, Standardisation | None]:
        """Features of the train and the watched part, standardised if so chosen."""
        if self._shared is not None and self.equal_members:
            return self._shared
        train = self.features(self.train, coefficients)
        watched = None if self.watched is None else self.features(self.watched, coefficients)
        standardisation = None
        if self.training.standardise:
            standardisation = self.standardisation(train)
            train = standardisation.apply(train)
            watched = None if watched is None else standardisation.apply(watched)
        self._shared = (train, watched, standardisation)
        return self._shared
