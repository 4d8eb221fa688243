r"""The pulse that carries one sample of a series to one memristor.

One step of a series is: a read, a programming pulse, a pause. A sample ``x`` in [0, 1] sets either
the width of the pulse or its amplitude:

==========  ======================  ======================================
encoding    pulse for sample ``x``  effect on the state
==========  ======================  ======================================
width       ``x * width_s``         exactly linear in ``x``
amplitude   ``x * amplitude_V``     as the drift law says (sinh: not linear)
==========  ======================  ======================================

``read_phase`` tells which states become features: ``before`` reads the state that a pulse meets
(``w[0..T-1]``, the feature map of Shi et al. 2025 as their published code computes it; the last pulse
is then never fired), ``after`` the state that it leaves (``w[1..T]``).
"""

from dataclasses import dataclass
from typing import Literal

from kinetics.errors import require


@dataclass(frozen=True, kw_only=True)
class Pulse:
    """A programming pulse and the read pulse that goes with it, in SI units."""

    width_s: float = 1e-7
    """Width of a full-scale programming pulse, s (customary range 10 ns to 10 ms)."""
    interval_s: float = 1e-6
    """Pause between the end of one pulse and the next read, s."""
    amplitude_V: float = 1.0
    """Amplitude of a full-scale programming pulse, V (customary range 0.5 to 5 V)."""
    encoding: Literal["width", "amplitude"] = "width"
    """What a sample sets: the width or the amplitude of its pulse."""
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
            self.encoding in ("width", "amplitude"),
            "`pulse.encoding` in ('width', 'amplitude')",
            self.encoding,
            "choose one of the two",
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
