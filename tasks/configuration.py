"""One point of the design space."""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from functools import cache
from typing import Any

from kinetics import LAWS, Crossbar, Device, Pulse, check_coefficient_names
from kinetics.errors import InvalidParameterError, require
from kinetics.parameter_sets import find_parameter_set, parameter_sets
from tasks.readout.settings import Readout

_PARTS: dict[str, type] = {"device": Device, "pulse": Pulse, "readout": Readout, "crossbar": Crossbar}
_MAPPINGS = ("parameters", "coefficients")
"""Fields of a device whose entries have dotted names of their own."""


@dataclass(frozen=True, kw_only=True)
class Configuration:
    """Device, pulses, read-out and the crossbar that holds it: everything that a designer chooses."""

    device: Device = field(default_factory=Device)
    """The memristor and its spread."""
    pulse: Pulse = field(default_factory=Pulse)
    """The pulse train."""
    readout: Readout = field(default_factory=Readout)
    """What reads the features."""
    crossbar: Crossbar = field(default_factory=Crossbar)
    """The memristors that hold the weights of the read-out."""

    def __post_init__(self) -> None:
        """Refuse parts that do not go together."""
        if self.device.law in LAWS:  # another is refused where the law is looked up
            check_coefficient_names(self.device)
        require(
            self.readout.kind != "network" or (self.device.conducts_as == "w" and self.pulse.encoding == "width"),
            "`readout.kind`: network goes with `device.conducts_as`: w and `pulse.encoding`: width",
            (self.device.conducts_as, self.pulse.encoding),
            "it trains through plain states; use `readout.kind`: mlp for other readings",
        )
        require(
            self.readout.kind != "network" or self.readout.trained_for == "exsitu",
            "`readout.kind`: network goes with `readout.trained_for`: exsitu",
            self.readout.trained_for,
            "it trains through the kinetics of the nominal device; use `readout.kind`: mlp to train on a chip",
        )
        chosen = find_parameter_set(self.device.law, self.device.parameter_set)
        if chosen is not None:
            low, high = chosen.voltage_V
            require(
                low <= self.pulse.amplitude_V <= high,
                f"{low:g} <= `pulse.amplitude_V` <= {high:g}, the range of the parameter set {chosen.name!r},",
                self.pulse.amplitude_V,
                "stay inside, or choose a set that was measured there",
            )

    def to_dotted(self) -> dict[str, Any]:
        """Every field under its dotted name, such as ``pulse.width_s``; a coefficient that is derived is None."""
        device = self.device
        names = LAWS[device.law].coefficient_names if device.law in LAWS else tuple(device.coefficients)
        return {
            **{f"device.{f.name}": getattr(device, f.name) for f in fields(Device) if f.name not in _MAPPINGS},
            **{f"device.{name}": value for name, value in device.parameters.items()},
            **{f"device.{name}": device.coefficients.get(name) for name in names},
            **{
                f"{name}.{item.name}": getattr(getattr(self, name), item.name)
                for name, part in _PARTS.items()
                if part is not Device
                for item in fields(part)
            },
        }

    @classmethod
    def from_dotted(cls, values: Mapping[str, Any]) -> "Configuration":
        """Build from dotted names; what is left out keeps its default, which for pulses the parameter set may give.

        Raises ``KeyError`` for an unknown name and ``InvalidParameterError`` for a value that breaks its rule.
        """
        kinds = configuration_fields()
        parts: dict[str, dict[str, Any]] = {part: {} for part in _PARTS}
        for name, value in values.items():
            if name not in kinds:
                raise KeyError(name)
            part, item = name.split(".")
            parts[part][item] = tuple(value) if isinstance(value, list) else value
        device = Device.of(**parts["device"])
        chosen = find_parameter_set(device.law, device.parameter_set)
        return cls(
            device=device,
            pulse=Pulse(**{**(chosen.pulse if chosen else {}), **parts["pulse"]}),
            readout=Readout(**parts["readout"]),
            crossbar=Crossbar(**parts["crossbar"]),
        )

    @classmethod
    def defaults(cls, values: Mapping[str, Any]) -> dict[str, Any]:
        """Every field under its dotted name as it is by default for the law and parameter set among ``values``."""
        chosen = {name: values[name] for name in ("device.law", "device.parameter_set") if name in values}
        return dict(_defaults(tuple(chosen.items())))


@cache  # asked for every trial of a sweep that is read back
def _defaults(chosen: tuple[tuple[str, Any], ...]) -> Mapping[str, Any]:
    try:
        return Configuration.from_dotted(dict(chosen)).to_dotted()
    except InvalidParameterError:  # a law and a set that do not go together, which building the whole will tell
        return Configuration().to_dotted()


@cache
def configuration_fields() -> dict[str, Any]:
    """Dotted name -> type annotation of every field of a configuration, for any law."""
    known: dict[str, Any] = {
        f"{name}.{item.name}": item.type
        for name, part in _PARTS.items()
        for item in fields(part)
        if not (part is Device and item.name in _MAPPINGS)
    }
    known |= {f"device.{name}": float for each in parameter_sets().values() for name in each.parameters}
    known |= {f"device.{name}": float | None for law in LAWS.values() for name in law.coefficient_names}
    return known
