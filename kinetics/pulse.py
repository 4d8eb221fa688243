r"""The pulse that carries one sample of a series to one memristor.

One step of a series is: a read, a programming pulse, a pause. A sample ``x`` in [0, 1] sets either
the width of the pulse, its amplitude, or how many short pulses it consists of:

==========  ======================  ================================================================
encoding    pulse for sample ``x``  effect on the state
==========  ======================  ================================================================
width       ``x * width_s``         exactly linear in ``x``
amplitude   ``x * amplitude_V``     as the drift law says (sinh: not linear)
count       n of ``count`` pulses   exactly linear in n, the nearest whole number to ``x * count``; each pulse
            of ``width_s / count``  lasts the ``count``-th part, so that all of them last ``width_s``
==========  ======================  ================================================================

``read_phase`` tells which states become features: ``before`` reads the state that a pulse meets
(``w[0..T-1]``, the feature map of Shi et al. 2025 as their published code computes it; the last pulse
is then never fired), ``after`` the state that it leaves (``w[1..T]``).
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np

from kinetics.arrays import Float32
from kinetics.errors import require

_MOST_BITS = 16
"""Finer steps are beyond any converter, and beyond float32 soon."""


@dataclass(frozen=True, kw_only=True)
class Pulse:
    """A programming pulse and the read pulse that goes with it, in SI units."""

    width_s: float = 1e-7
    """Width of a full-scale programming pulse, s (customary range 10 ns to 10 ms)."""
    interval_s: float = 1e-6
    """Pause between the end of one pulse and the next read, s."""
    amplitude_V: float = 1.0
    """Amplitude of a full-scale programming pulse, V (customary range 0.5 to 5 V)."""
    encoding: Literal["width", "amplitude", "count"] = "width"
    """What a sample sets: the width or the amplitude of its pulse, or how many pulses come."""
    count: int = 16
    """Pulses of a full-scale sample (encoding count)."""
    dac_bits: int = 0
    """Resolution of a sample's width or amplitude, bits; 0 leaves it as it is."""
    adc_bits: int = 0
    """Resolution of a reading over the conductance window, bits; 0 leaves it as it is."""
    read_V: float = 0.2
    """Read voltage, V; small enough not to move the state (customary range 0.05 to 0.7 V)."""
    read_width_s: float = 1e-7
    """Width of the read pulse, s."""
    read_phase: Literal["before", "after"] = "before"
    """Whether the state is read before its pulse (the paper's feature map) or after it."""
    read_every: int = 1
    """The state is read at every n-th step, the last one always: 1 reads all, the number of steps only the last."""

    def __post_init__(self) -> None:
        """Refuse pulses that cannot exist."""
        for name in ("width_s", "read_width_s", "amplitude_V", "read_V"):
            value = getattr(self, name)
            unit = "seconds" if name.endswith("_s") else "volts"
            require(0 < value < float("inf"), f"`pulse.{name}` > 0", value, f"give a finite number of {unit}")
        require(
            0 <= self.interval_s < float("inf"),
            "`pulse.interval_s` >= 0",
            self.interval_s,
            "give a finite number of seconds",
        )
        require(
            self.encoding in ("width", "amplitude", "count"),
            "`pulse.encoding` in ('width', 'amplitude', 'count')",
            self.encoding,
            "choose one of these",
        )
        require(
            self.count >= 1 and self.count == int(self.count),
            "`pulse.count` is a whole number >= 1",
            self.count,
            "give the pulses of a full-scale sample",
        )
        for name in ("dac_bits", "adc_bits"):
            value = getattr(self, name)
            require(
                0 <= value <= _MOST_BITS and value == int(value),
                f"`pulse.{name}` is a whole number from 0 to {_MOST_BITS}",
                value,
                "0 switches quantisation off",
            )
        require(
            self.read_phase in ("before", "after"),
            "`pulse.read_phase` in ('before', 'after')",
            self.read_phase,
            "choose one of the two",
        )

        require(
            self.read_every >= 1 and self.read_every == int(self.read_every),
            "`pulse.read_every` is a whole number >= 1",
            self.read_every,
            "1 reads at every step",
        )

    def coded(self, samples: Float32) -> Float32:
        """Samples in [0, 1] as the pulses can express them: in steps of the DAC, or of the count."""
        steps = self.count if self.encoding == "count" else (1 << self.dac_bits) - 1
        return samples if steps == 0 else np.rint(samples * np.float32(steps)) / np.float32(steps)

    @property
    def period_s(self) -> float:
        """Time from one step to the next, s: read, pulse slot and pause."""
        return self.read_width_s + self.width_s + self.interval_s

    def read_rows(self, steps: int) -> slice:
        """Which rows of a trajectory [steps + 1, ...] are read, for a series of ``steps`` samples."""
        shift = 0 if self.read_phase == "before" else 1
        return slice((steps - 1) % self.read_every + shift, steps + shift, self.read_every)

    def reads(self, steps: int) -> int:
        """Readings of a series of ``steps`` samples."""
        return -(-steps // self.read_every)

    def pulses_fired(self, steps: int) -> int:
        """Programming pulses that a series of ``steps`` samples fires."""
        return steps - 1 if self.read_phase == "before" else steps
