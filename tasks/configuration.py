"""One point of the design space."""

from dataclasses import dataclass, field, fields, is_dataclass
from typing import Any

from kinetics import Device, Pulse
from kinetics.errors import require
from tasks.readout.settings import Readout


@dataclass(frozen=True, kw_only=True)
class Configuration:
    """Device, pulses and read-out: everything that a designer chooses."""

    device: Device = field(default_factory=Device)
    """The memristor and its spread."""
    pulse: Pulse = field(default_factory=Pulse)
    """The pulse train."""
    readout: Readout = field(default_factory=Readout)
    """What reads the features."""

    def __post_init__(self) -> None:
        """Refuse parts that do not go together."""
        require(
            self.readout.kind != "network" or (self.device.conducts_as == "w" and self.pulse.encoding == "width"),
            "`readout.kind`: network goes with `device.conducts_as`: w and `pulse.encoding`: width",
            (self.device.conducts_as, self.pulse.encoding),
            "it trains through plain states; use `readout.kind`: mlp for other readings",
        )

    def to_dotted(self) -> dict[str, Any]:
        """Every field under its dotted name, such as ``pulse.width_s``."""
        return {
            f"{part.name}.{item.name}": getattr(getattr(self, part.name), item.name)
            for part in fields(self)
            for item in fields(getattr(self, part.name))
        }

    @classmethod
    def from_dotted(cls, values: dict[str, Any]) -> "Configuration":
        """Build from dotted names; what is left out keeps its default.

        Raises ``KeyError`` for an unknown name and ``InvalidParameterError`` for a value that breaks its rule.
        """
        kinds = configuration_fields()
        parts: dict[str, dict[str, Any]] = {part.name: {} for part in fields(cls)}
        for name, value in values.items():
            if name not in kinds:
                raise KeyError(name)
            part, item = name.split(".")
            parts[part][item] = tuple(value) if isinstance(value, list) else value
        return cls(
            device=Device(**parts["device"]),
            pulse=Pulse(**parts["pulse"]),
            readout=Readout(**parts["readout"]),
        )


def configuration_fields() -> dict[str, Any]:
    """Dotted name -> type annotation of every field of a configuration."""
    parts = {"device": Device, "pulse": Pulse, "readout": Readout}
    return {
        f"{name}.{item.name}": item.type for name, part in parts.items() if is_dataclass(part) for item in fields(part)
    }
