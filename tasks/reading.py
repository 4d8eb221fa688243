r"""Which states of a trajectory become features: readings at every n-th step, as ``kinetics.pulse`` defines them.

=========  ==================================================  ================
symbol     meaning                                             shape
=========  ==================================================  ================
w          states, row 0 at rest, row k + 1 after pulse k      [time + 1, ...]
r_j        row that reading j reads                            [reading]
h_j        reading: w at r_j or, with ``mean``, the mean of    [reading, ...]
           w over the rows after r_{j-1} up to r_j
=========  ==================================================  ================

The first mean begins with the first state that the phase reads at all: w[0] before pulses, w[1] after them.
"""

from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from kinetics import Pulse
from tasks.readout.arrays import Floats

ReadPhase = Literal["before", "after"]


@dataclass(frozen=True)
class Reading:
    """Readings of series of one length."""

    steps: int
    """Length of a series."""
    every: int = 1
    """The state is read at every n-th step, the last one always."""
    phase: ReadPhase = "before"
    """Whether the state is read before each pulse or after it."""
    mean: bool = False
    """Whether a reading is the mean of the states since the reading before, in place of the last of them."""

    @cached_property
    def rows(self) -> slice:
        """Rows that are read."""
        return Pulse(read_every=self.every, read_phase=self.phase).read_rows(self.steps)

    @cached_property
    def count(self) -> int:
        """Number of readings."""
        return Pulse(read_every=self.every).reads(self.steps)

    @cached_property
    def pulses(self) -> int:
        """Pulses that readings depend on: the last one is not read if reading comes before."""
        return Pulse(read_phase=self.phase).pulses_fired(self.steps)

    @property
    def averages(self) -> bool:
        """Whether readings differ from states."""
        return self.mean and self.every > 1

    @cached_property
    def spans(self) -> tuple[slice, ...]:
        """Rows that each reading averages, if it does."""
        first = 0 if self.phase == "before" else 1
        stops = [row + 1 for row in range(self.rows.start, self.rows.stop, self.every)]
        return tuple(slice(start, stop) for start, stop in pairwise([first, *stops]))

    def read(self, states: Floats, out: Floats | None = None) -> Floats:
        """Readings [reading, ...] of states [time + 1, ...]: in ``out`` if given, else a view where that will do."""
        if not self.averages:
            if out is None:
                return states[self.rows]
            np.copyto(out, states[self.rows])
            return out
        readings = np.empty((self.count, *states.shape[1:]), states.dtype) if out is None else out
        for number, span in enumerate(self.spans):
            reading = readings[number, ...]  # the dots keep a view where a row is a single number
            np.copyto(reading, states[span.start])
            for row in range(span.start + 1, span.stop):
                np.add(reading, states[row], out=reading)
            np.multiply(reading, states.dtype.type(1 / (span.stop - span.start)), out=reading)
        return readings

    def counted(self, real: NDArray[np.bool_]) -> NDArray[np.bool_]:
        """Readings [reading, ...] before which, since the one before, any pulse [time, ...] was real; the first one."""
        result = np.empty((self.count, *real.shape[1:]), bool)
        result[0] = True
        for reading in range(1, self.count):
            row = self.rows.start + reading * self.every
            result[reading] = real[row - self.every : row].any(axis=0)
        return result

    def spread(self, gradient: Floats, out: Floats) -> None:
        """Derivative by the states after each pulse [pulse, ...] from the one by the readings; others get 0."""
        if self.averages:
            for own, span in zip(gradient, self.spans, strict=True):
                share = own * gradient.dtype.type(1 / (span.stop - span.start))
                out[max(span.start, 1) - 1 : span.stop - 1] = share
            return
        out[...] = 0
        first = 1 if self.rows.start == 0 else 0
        out[self.rows.start + first * self.every - 1 :: self.every] = gradient[first:]
