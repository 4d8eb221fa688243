"""From a device and its pulses to the coefficients of its law: given ones first, the rest derived."""

from kinetics.device import Device
from kinetics.errors import InvalidParameterError, require
from kinetics.laws import get_law
from kinetics.laws.base import ThermalLaw
from kinetics.pulse import Pulse

_SMALLEST, _LARGEST = 1e-30, 1e30
"""Coefficients beyond are of no device, and float32 soon ends."""


def device_coefficients(device: Device, pulse: Pulse) -> dict[str, float]:
    """Coefficients of the nominal device under a pulse, in the law's order.

    Raises:
        InvalidParameterError: the device gives a coefficient that its law has not, or its physics leads to none.
    """
    law = get_law(device.law)
    check_coefficient_names(device)
    given = device.coefficients
    derived = {} if set(given) == set(law.coefficient_names) else law.coefficients(device, pulse)
    values = {name: float(given.get(name, derived.get(name, 0.0))) for name in law.coefficient_names}
    for name, value in values.items():
        require(
            _SMALLEST <= value <= _LARGEST,
            f"{_SMALLEST:g} <= `{name}` <= {_LARGEST:g}",
            value,
            "check the units of device and pulse, the temperature and the activation energy",
        )
    return values


def check_coefficient_names(device: Device) -> None:
    """Raise ``InvalidParameterError`` for a coefficient that the law of the device has not."""
    law = get_law(device.law)
    for name in device.coefficients:
        if name not in law.coefficient_names:
            raise InvalidParameterError(
                f"`device.{name}` must be a parameter or a coefficient of the law {law.name!r} "
                f"({', '.join((*device.parameters, *law.coefficient_names))}), but got "
                f"{device.coefficients[name]!r} for it; leave it out or choose another `device.law`."
            )


def thermal_factors(device: Device, pulse: Pulse, temperature_K: float) -> dict[str, float]:
    """By what each coefficient changes from the temperature of the design to ``temperature_K``.

    Raises:
        InvalidParameterError: nothing is known of how the law changes with temperature.
    """
    law = get_law(device.law)
    if temperature_K == device.temperature_K:
        return dict.fromkeys(law.coefficient_names, 1.0)
    if not isinstance(law, ThermalLaw):
        raise InvalidParameterError(
            f"`device.temperature_shift_K` = 0 must hold for the law {law.name!r}, whose source gives no dependence on "
            f"temperature, but got {temperature_K - device.temperature_K:g}; leave it out."
        )
    return law.thermal_factors(device, pulse, temperature_K)


def lowest_state(device: Device) -> float:
    """The state at which the floor of the device holds it: ``floor`` of that at rest, or the end of the law's range."""
    law = get_law(device.law)
    return max(device.floor * law.initial_state, law.state_range[0])
