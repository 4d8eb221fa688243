"""What is asked of a population: data in three fixed parts, already turned into series.

======  =================================================================  ===================
symbol  meaning                                                            shape
======  =================================================================  ===================
x       drive samples in [0, 1], time-major and contiguous, float32        [time, series, case]
y       class of each case, 0 to classes - 1                               [case]
======  =================================================================  ===================

Each series is what one memristor sees of a case. A series that is shorter than the others ends in zeros:
its memristor gets no more pulses and goes on relaxing.
"""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from kinetics.arrays import Float32


class Part(NamedTuple):
    """One part of the data."""

    x: Float32
    """Samples [time, series, case] in [0, 1]."""
    y: NDArray[np.int64]
    """Classes [case]."""

    @property
    def cases(self) -> int:
        """Number of cases."""
        return len(self.y)


@dataclass(frozen=True, kw_only=True)
class Task:
    """A data set with its fixed parts and its series layout."""

    name: str
    """The word that sweep files use for it."""
    description: str
    """One line: what the data are and how a case becomes series."""
    classes: int
    """Number of classes."""
    train: Part
    """What read-outs are trained on."""
    validation: Part
    """What everything is chosen on."""
    test: Part
    """What is scored once, for what was chosen."""

    @property
    def steps(self) -> int:
        """Length of a series."""
        return int(self.train.x.shape[0])

    @property
    def series(self) -> int:
        """Series of a case, one memristor each."""
        return int(self.train.x.shape[1])

    @property
    def features(self) -> int:
        """Values that the read-out sees of a case."""
        return self.steps * self.series


def time_major(cases: NDArray[np.generic]) -> Float32:
    """[case, series, time] -> contiguous float32 [time, series, case]."""
    return np.ascontiguousarray(cases.transpose(2, 1, 0), dtype=np.float32)
