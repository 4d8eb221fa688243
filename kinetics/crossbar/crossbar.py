"""The crossbar that holds the read-out's weights as static conductances, in SI units: a part of the configuration.

Biases are digital and exact, and so is everything between two layers.
"""

import math
from dataclasses import dataclass, fields
from typing import Literal

from kinetics.crossbar.programming_error import FITS
from kinetics.crossbar.retention import REFERENCE_S
from kinetics.errors import require

_MAX_BITS = 12


@dataclass(frozen=True, kw_only=True)
class Crossbar:
    """How the weights of dense layers are held, and what becomes of them."""

    mapping: Literal["ideal", "single", "pair"] = "ideal"
    """``ideal`` is the weights as trained; ``single`` holds each in one device around a reference, ``pair`` in two."""
    g_min_S: float = 40e-6
    """Lower end of the window of these devices, S (Shi et al. 2025, published code)."""
    g_max_S: float = 300e-6
    """Upper end of the window of these devices, S (Shi et al. 2025, published code)."""
    programming: Literal["none", "shi2025", "milo2021", "neurram", "cmo_hfox", "relative"] = "none"
    """Error of programming: a published fit, or ``relative`` with ``programming_sigma``."""
    programming_sigma: float = 0.0
    """Standard deviation of the error as a share of the window (programming ``relative``)."""
    bits: int = 0
    """Levels of a device as bits, 1 to 12; 0 is analogue (customary 2 to 8, unconfirmed)."""
    stuck_high: float = 0.0
    """Share of devices stuck at ``g_max_S`` (customary up to 20 %, unconfirmed)."""
    stuck_low: float = 0.0
    """Share of devices stuck at ``g_min_S`` (customary up to 20 %, unconfirmed)."""
    retention: Literal["none", "cmo_hfox", "pcm"] = "none"
    """How conductances drift after they were written."""
    retention_s: float = 0.0
    """Time from the write to the use, s."""
    line_resistance_ohm: float = 0.0
    """Resistance of a wire from one cell to the next, Ohm (customary 0.3 to 10, unconfirmed), to first order."""
    array_rows: int = 0
    """Inputs that share a column wire; more of them take several arrays. 0 is one array for the whole layer."""
    read_noise: float = 0.0
    """Relative standard deviation of each conductance at every reading (customary up to 5 %, unconfirmed)."""

    def __post_init__(self) -> None:
        """Refuse crossbars that cannot exist, and effects without devices to act on."""
        for name, allowed in (
            ("mapping", ("ideal", "single", "pair")),
            ("programming", ("none", *FITS, "relative")),
            ("retention", ("none", *REFERENCE_S)),
        ):
            value = getattr(self, name)
            require(value in allowed, f"`crossbar.{name}` in {allowed}", value, "choose one of these")
        require(
            0 <= self.g_min_S < self.g_max_S < math.inf,
            "0 <= `crossbar.g_min_S` < `crossbar.g_max_S`",
            (self.g_min_S, self.g_max_S),
            "give the window in siemens, low end first",
        )
        for name in ("programming_sigma", "stuck_high", "stuck_low", "read_noise"):
            value = getattr(self, name)
            require(0 <= value <= 1, f"0 <= `crossbar.{name}` <= 1", value, "give it as a share, 0.05 being 5 %")
        require(
            self.stuck_high + self.stuck_low <= 1,
            "`crossbar.stuck_high` + `crossbar.stuck_low` <= 1",
            (self.stuck_high, self.stuck_low),
            "a device is stuck in one way at most",
        )
        require(
            0 <= self.bits <= _MAX_BITS and self.bits == int(self.bits),
            f"`crossbar.bits` is a whole number from 0 to {_MAX_BITS}",
            self.bits,
            "0 is analogue",
        )
        require(
            self.array_rows >= 0 and self.array_rows == int(self.array_rows),
            "`crossbar.array_rows` is a whole number >= 0",
            self.array_rows,
            "0 is one array for the whole layer",
        )
        for name, unit in (("retention_s", "seconds"), ("line_resistance_ohm", "ohms")):
            value = getattr(self, name)
            require(0 <= value < math.inf, f"`crossbar.{name}` >= 0", value, f"give a finite number of {unit}")
        require(
            self.programming_sigma == 0 or self.programming == "relative",
            "`crossbar.programming_sigma` = 0 unless `crossbar.programming` is 'relative'",
            self.programming_sigma,
            "published fits have spreads of their own",
        )
        require(
            self.retention_s == 0 or self.retention != "none",
            "`crossbar.retention_s` = 0 without `crossbar.retention`",
            self.retention_s,
            f"choose a model of drift, one of {tuple(REFERENCE_S)}",
        )
        if self.is_ideal:
            for field in fields(self)[1:]:
                value = getattr(self, field.name)
                require(
                    value == field.default,
                    f"`crossbar.{field.name}` = {field.default!r} with `crossbar.mapping` 'ideal'",
                    value,
                    "hold the weights in devices, mapping 'single' or 'pair', or leave it out",
                )

    @property
    def is_ideal(self) -> bool:
        """Whether weights are as trained."""
        return self.mapping == "ideal"

    @property
    def differs_by_chip(self) -> bool:
        """Whether two chips, or two readings of one, differ."""
        return (
            self.programming not in ("none", "relative")
            or self.programming_sigma > 0
            or self.stuck_high + self.stuck_low > 0
            or (self.retention != "none" and self.retention_s >= REFERENCE_S[self.retention])
            or self.read_noise > 0
        )
