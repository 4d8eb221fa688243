"""Random streams of a study: what each draw of a trial, or of a set of chips, descends from.

Keys of one kind have a length of their own, so no two kinds ever meet.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np

SEARCH, FRESH, WRITTEN, STUDY = range(4)
"""Sets of chips: those that a search compares all configurations on, those for what it chose, the one chip that a
``noise_aware`` read-out is trained on, and those of a study of robustness. A new one goes to the end."""
_TRAINING, _IN_SITU = 0, 1


@dataclass(frozen=True)
class Streams:
    """All streams of a study."""

    seed: int
    """Of the study."""

    def training(self, trial: int) -> np.random.SeedSequence:
        """Of the training of a trial's read-out."""
        return self._stream(trial, _TRAINING)

    def training_in_situ(self, trial: int, chip: int) -> np.random.SeedSequence:
        """Of the training of the read-out of one chip."""
        return self._stream(trial, _TRAINING, chip)

    def noise_in_situ(self, trial: int, chip: int) -> np.random.SeedSequence:
        """Of the noise that one chip shows in training."""
        return self._stream(trial, _IN_SITU + chip)

    def of_chips(self, chip_set: int) -> Callable[[int], np.random.SeedSequence]:
        """Of a set of chips, purpose by purpose; the same for all trials (common random numbers)."""
        return partial(self._stream, 0, 0, chip_set)

    @property
    def control(self) -> np.random.SeedSequence:
        """Of the training of controls."""
        return self._stream(0)

    def _stream(self, *key: int) -> np.random.SeedSequence:
        return np.random.SeedSequence(self.seed, spawn_key=key)
