"""What can vary after a read-out has been trained: spreads, noise, faults, temperature, bits, time.

A curve may run over several fields at once, which then take the same value: ``device.stuck_high + device.stuck_low``.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from kinetics import Crossbar
from tasks import Configuration, configuration_fields

JOINT = " + "
"""Stands between the fields of a curve that vary together."""

_DEVICE = (
    "d2d",
    "d2d_distribution",
    "d2d_correlation",
    "c2c",
    "read_noise",
    "stuck_high",
    "stuck_low",
    "temperature_shift_K",
)
_CONVERTERS = ("dac_bits", "adc_bits")


def variable_fields() -> dict[str, Any]:
    """Dotted name -> type annotation of the fields that a study may vary."""
    known = configuration_fields()
    crossbar = (name for name in known if name.startswith("crossbar."))
    names = [*(f"device.{name}" for name in _DEVICE), *(f"pulse.{name}" for name in _CONVERTERS), *crossbar]
    return {name: known[name] for name in names}


def with_values(configuration: Configuration, values: Mapping[str, Any]) -> Configuration:
    """The configuration with some fields replaced; raises ``InvalidParameterError`` where they break a rule."""
    return Configuration.from_dotted({**configuration.to_dotted(), **values})


def nominal(configuration: Configuration) -> Configuration:
    """The same without spread, noise, faults and shift of temperature, its weights as trained."""
    return replace(configuration, device=configuration.device.nominal(), crossbar=Crossbar())
