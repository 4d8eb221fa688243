r"""The memristor as a physical thing, in SI units, and its spread.

A device follows a law of motion with the parameters of a parameter set (``kinetics/parameter_sets``), any of which it
may replace. Instead of deriving the coefficients of its law from physics, those of a fitted device may be given
(``coefficients``), as Shi et al. 2025 do; pulses then set only energy and time.

``Device.of`` takes all of these under one name each: ``Device.of(alpha=0.3, beta=0.8, size_m=8e-9)``.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from typing import Any, Literal

from kinetics.errors import InvalidParameterError, require
from kinetics.parameter_sets import ParameterSet, find_parameter_set

_OF_THE_SET = math.nan
"""Stands for the value of the parameter set, which replaces it at once."""
_MOST_LOGNORMAL = 5.0
"""Relative spread beyond which a lognormal is no longer a spread."""


@dataclass(frozen=True, kw_only=True)
class Device:
    """One kind of memristor and its spread."""

    law: str = "drift_diffusion"
    """Name of the law of motion (``memsweep laws`` lists them)."""
    parameter_set: str = ""
    """Name of the parameter set; the default set of the law if empty; ``own`` for one that is not published."""
    parameters: Mapping[str, float] = field(default_factory=dict, hash=False)
    """Parameters of the law by name, in SI units; those left out are the set's."""
    coefficients: Mapping[str, float] = field(default_factory=dict, hash=False)
    """Coefficients of the law that are known (fitted), by name; those left out are the set's, or else are derived."""
    temperature_K: float = 300.0
    """Temperature that the device is designed for, K."""
    temperature_shift_K: float = 0.0
    """How much warmer the chips are than that when they are used, K."""
    conducts_as: Literal["w", "1/w"] = "w"
    """Whether conductance grows with the state or with its inverse (drift_diffusion); the paper does not say."""
    g_min_S: float = _OF_THE_SET
    """Lower end of the conductance window, S; the set's if left out."""
    g_max_S: float = _OF_THE_SET
    """Upper end of the conductance window, S; the set's if left out."""
    g_leak_S: float = 0.0
    """Conductance in parallel to the device that no pulse changes, S."""
    d2d: float = 0.0
    """Device-to-device spread: relative standard deviation of each coefficient."""
    d2d_distribution: Literal["normal", "lognormal"] = "normal"
    """``normal``: redrawn until > 0, as Shi et al. 2025 draw theirs. ``lognormal``: of mean 1."""
    d2d_correlation: float = 0.0
    """Correlation between the coefficients of one device."""
    c2c: float = 0.0
    """Cycle-to-cycle noise: relative standard deviation of each single change of state."""
    read_noise: float = 0.0
    """Relative standard deviation of each reading of a conductance."""
    stuck_high: float = 0.0
    """Share of devices that are stuck at the upper end of the window."""
    stuck_low: float = 0.0
    """Share of devices that are stuck at the lower end of the window."""
    floor: float = 0.01
    """Smallest state that a device can take, as a share of its state at rest."""
    floor_policy: Literal["clip", "fail"] = "clip"
    """At the floor: ``clip`` holds the state there and counts it, ``fail`` ends the evaluation."""

    @classmethod
    def of(cls, **values: Any) -> "Device":
        """A device from fields, parameters and coefficients, each under its own name.

        A name that is no field and no parameter of the law is taken for a coefficient; None leaves one out.

        Raises:
            InvalidParameterError: a value breaks its rule.
        """
        law, name = values.get("law", cls.law), values.get("parameter_set", "")
        chosen = find_parameter_set(law, name)
        own = {item.name for item in fields(cls)}
        parts: dict[str, Any] = {**(chosen.device if chosen else {}), "parameters": {}, "coefficients": {}}
        for key, value in values.items():
            if key in own:
                parts[key] = value
            elif chosen is not None and key in chosen.parameters:
                parts["parameters"][key] = value
            elif value is not None:
                parts["coefficients"][key] = value
        return cls(**parts)

    def __post_init__(self) -> None:
        """Take what is left out from the parameter set; refuse devices that cannot exist."""
        chosen = find_parameter_set(self.law, self.parameter_set)
        if chosen is not None:
            self._complete(chosen)
        self._check_parameters()
        for name in ("temperature_K", "g_max_S", "floor"):
            value = getattr(self, name)
            require(0 < value < math.inf, f"`device.{name}` > 0", value, "give a positive, finite number")
        require(0 <= self.g_leak_S < math.inf, "`device.g_leak_S` >= 0", self.g_leak_S, "0 is no leakage")
        self._check_spread()
        require(self.floor < 1, "`device.floor` < 1", self.floor, "the state at rest is 1")
        require(
            0 <= self.g_min_S < self.g_max_S,
            "0 <= `device.g_min_S` < `device.g_max_S`",
            (self.g_min_S, self.g_max_S),
            "give the window in siemens, low end first",
        )
        g_rest_S = self.parameters.get("g_rest_S", self.g_min_S)
        require(
            self.g_min_S <= g_rest_S <= self.g_max_S,
            "`device.g_min_S` <= `device.g_rest_S` <= `device.g_max_S`",
            (self.g_min_S, g_rest_S, self.g_max_S),
            "put the conductance at rest inside the window",
        )
        for name, allowed in (
            ("conducts_as", ("w", "1/w")),
            ("floor_policy", ("clip", "fail")),
            ("d2d_distribution", ("normal", "lognormal")),
        ):
            value = getattr(self, name)
            require(value in allowed, f"`device.{name}` in {allowed}", value, "choose one of these")
        if chosen is not None:
            low, high = chosen.temperature_K
            for rule, value in (
                ("`device.temperature_K`", self.temperature_K),
                (
                    "`device.temperature_K` + `device.temperature_shift_K`",
                    self.temperature_K + self.temperature_shift_K,
                ),
            ):
                require(
                    low <= value <= high,
                    f"{low:g} <= {rule} <= {high:g}, the range of the parameter set {chosen.name!r},",
                    value,
                    "stay inside, or choose a set that was measured there",
                )

    def parameter(self, name: str) -> float:
        """A parameter of the law, in SI units; raises ``InvalidParameterError`` if the device has none of that name."""
        if name not in self.parameters:
            raise InvalidParameterError(
                f"The law {self.law!r} needs the parameter `device.{name}`, but it is missing; "
                "give it or choose a parameter set that has it."
            )
        return self.parameters[name]

    def nominal(self) -> "Device":
        """The same device without any spread, noise, fault or shift of temperature."""
        return replace(self, d2d=0.0, c2c=0.0, read_noise=0.0, stuck_high=0.0, stuck_low=0.0, temperature_shift_K=0.0)

    @property
    def varies(self) -> bool:
        """Whether one chip differs from another, or one use of it from the next."""
        return any((self.d2d, self.c2c, self.read_noise, self.stuck_high, self.stuck_low))

    def _complete(self, chosen: ParameterSet) -> None:
        require(
            chosen.law == self.law,
            f"`device.parameter_set` {chosen.name!r} goes with `device.law`: {chosen.law}",
            self.law,
            "choose a set of this law (`memsweep laws` lists them) or leave it out",
        )
        for name in self.parameters:
            require(
                name in chosen.parameters,
                f"A parameter of the law {self.law!r} is one of {', '.join(chosen.parameters)}",
                name,
                "leave it out",
            )
        values = {name: parameter.value for name, parameter in chosen.parameters.items()}
        object.__setattr__(self, "parameters", {**values, **self.parameters})
        object.__setattr__(self, "coefficients", {**chosen.coefficients, **self.coefficients})
        for name, value in chosen.device.items():
            if _is_left_out(getattr(self, name)):
                object.__setattr__(self, name, value)

    def _check_parameters(self) -> None:
        for name in ("g_min_S", "g_max_S"):
            require(
                not _is_left_out(getattr(self, name)),
                f"`device.{name}` is given",
                None,
                "the parameter set has none; write it in siemens",
            )
        for name, value in self.parameters.items():
            require(math.isfinite(value), f"`device.{name}` is finite", value, "give a finite number")
            positive = name.endswith(("_m", "_Hz", "_s", "_S", "_eV", "_K"))
            require(not positive or value > 0, f"`device.{name}` > 0", value, "give a positive, finite number")
        for name, value in self.coefficients.items():
            require(
                0 < value < math.inf,
                f"`device.{name}` > 0",
                value,
                "give a positive, finite number or leave it out to derive it from the device and the pulse",
            )

    def _check_spread(self) -> None:
        most = _MOST_LOGNORMAL if self.d2d_distribution == "lognormal" else 1.0
        for name, limit in (("d2d", most), ("c2c", 1.0), ("read_noise", 1.0), ("stuck_high", 1.0), ("stuck_low", 1.0)):
            value = getattr(self, name)
            require(
                0 <= value <= limit, f"0 <= `device.{name}` <= {limit:g}", value, "give it as a share, 0.05 being 5 %"
            )
        require(
            self.stuck_high + self.stuck_low <= 1,
            "`device.stuck_high` + `device.stuck_low` <= 1",
            (self.stuck_high, self.stuck_low),
            "no device is stuck at both",
        )
        require(
            -1 <= self.d2d_correlation <= 1,
            "-1 <= `device.d2d_correlation` <= 1",
            self.d2d_correlation,
            "0 draws the coefficients independently",
        )


def _is_left_out(value: Any) -> bool:
    return isinstance(value, float) and math.isnan(value)
