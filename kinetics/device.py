r"""The memristor as a physical thing, in SI units.

The paper does not give its stack, its pulses or its temperature dependence, so the defaults are **not
the paper's device**: an activation energy of 0.36 eV fitted to the relaxation of amorphous GaOx cells
(four temperatures of Nat. Commun. ncomms4473, Fig. 2), and customary, unconfirmed values for the rest.
They place pulses of 10 ns to 100 us and 0.5 to 3 V on both sides of the stability limit.

Instead of a physical device, the fitted coefficients of one may be given (``alpha``, ``beta``), as the
paper does; pulses then set only energy and time.
"""

import math
from dataclasses import dataclass
from typing import Literal

from kinetics.errors import require


@dataclass(frozen=True, kw_only=True)
class Device:
    """One kind of memristor and its spread."""

    law: str = "drift_diffusion"
    """Name of the law of motion (``memsweep laws`` lists them)."""
    alpha: float | None = None
    """Diffusion coefficient of one step, dimensionless; derived from the physics if absent."""
    beta: float | None = None
    """Drift coefficient of one full-scale pulse, dimensionless; derived from the physics if absent."""
    hop_distance_m: float = 0.25e-9
    """Ion hopping distance a, m (customary, unconfirmed)."""
    attempt_frequency_Hz: float = 1e13
    """Attempt frequency f0, Hz (customary, unconfirmed)."""
    activation_energy_eV: float = 0.36
    """Activation energy Ea of hopping, eV (computed from ncomms4473 Fig. 2, a-GaOx)."""
    temperature_K: float = 300.0
    """Temperature, K."""
    thickness_m: float = 5e-9
    """Thickness d over which the voltage drops, m (customary, unconfirmed)."""
    size_m: float = 5e-9
    """Length w0 that the state is measured in: w = 1 is this size at rest, m (unconfirmed)."""
    conducts_as: Literal["w", "1/w"] = "w"
    """Whether conductance grows with the state or with its inverse; the paper does not say."""
    g_rest_S: float = 100e-6
    """Conductance at rest (w = 1), S (unconfirmed)."""
    g_min_S: float = 40e-6
    """Lower end of the conductance window, S (the paper's map of static weights, 40 uS)."""
    g_max_S: float = 300e-6
    """Upper end of the conductance window, S (the paper's map of static weights, 300 uS)."""
    d2d: float = 0.0
    """Device-to-device spread: relative standard deviation of each coefficient, redrawn until > 0."""
    c2c: float = 0.0
    """Cycle-to-cycle noise: relative standard deviation of each single change of state."""
    floor: float = 0.01
    """Smallest state that a device can take, as a share of its size at rest."""
    floor_policy: Literal["clip", "fail"] = "clip"
    """At the floor: ``clip`` holds the state there and counts it, ``fail`` ends the evaluation."""

    def __post_init__(self) -> None:
        """Refuse devices that cannot exist."""
        for name in (
            "hop_distance_m",
            "attempt_frequency_Hz",
            "activation_energy_eV",
            "temperature_K",
            "thickness_m",
            "size_m",
            "g_rest_S",
            "g_max_S",
            "floor",
        ):
            value = getattr(self, name)
            require(0 < value < math.inf, f"`device.{name}` > 0", value, "give a positive, finite number")
        for name in ("alpha", "beta"):
            value = getattr(self, name)
            require(
                value is None or 0 < value < math.inf,
                f"`device.{name}` > 0",
                value,
                "give a positive, finite number or leave it out to derive it from the device and the pulse",
            )
        for name in ("d2d", "c2c"):
            value = getattr(self, name)
            require(0 <= value <= 1, f"0 <= `device.{name}` <= 1", value, "give it as a share, 0.05 being 5 %")
        require(self.floor < 1, "`device.floor` < 1", self.floor, "the state at rest is 1")
        require(
            0 <= self.g_min_S < self.g_max_S,
            "0 <= `device.g_min_S` < `device.g_max_S`",
            (self.g_min_S, self.g_max_S),
            "give the window in siemens, low end first",
        )
        require(
            self.g_min_S <= self.g_rest_S <= self.g_max_S,
            "`device.g_min_S` <= `device.g_rest_S` <= `device.g_max_S`",
            (self.g_min_S, self.g_rest_S, self.g_max_S),
            "put the conductance at rest inside the window",
        )
        for name, allowed in (("conducts_as", ("w", "1/w")), ("floor_policy", ("clip", "fail"))):
            value = getattr(self, name)
            require(value in allowed, f"`device.{name}` in {allowed}", value, "choose one of these")
