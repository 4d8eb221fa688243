"""A parameter set of the user's own in a sweep file: ``device.parameter_set: my-device.toml``.

What the file says becomes fields of the configuration at once, so that a sweep holds its own device and can be resumed
when the file is gone. What the sweep file says itself comes first.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from kinetics import LAWS, InvalidParameterError
from kinetics.parameter_sets import OWN, ParameterSet, load_parameter_set
from sweeps.typed_values import NO_VALUE, as_type
from sweeps.wording import must, unknown
from tasks import Configuration

_FIELD = "device.parameter_set"


def with_parameter_file(configuration: Any, base_dir: Path, mistakes: list[str]) -> Any:
    """The ``configuration`` of a sweep file with the parameter file that it names, if it names one, written out."""
    if not isinstance(configuration, Mapping):
        return configuration
    named = configuration.get(_FIELD)
    if not isinstance(named, str) or not named.endswith(".toml"):
        return configuration
    rest = {name: value for name, value in configuration.items() if name != _FIELD}
    try:
        loaded = load_parameter_set(base_dir / Path(named).expanduser())
    except InvalidParameterError as error:
        mistakes.append(f"`{_FIELD}`: {error}")
        return rest
    if loaded.law not in LAWS:
        mistakes.append(unknown(f"The law of '{named}'", loaded.law, LAWS))
        return rest
    written = {**fields_of(loaded), **rest}
    used = {**Configuration.defaults({"device.law": loaded.law}), **written}
    _check_range("device.temperature_K", used["device.temperature_K"], loaded.temperature_K, named, mistakes)
    _check_range("pulse.amplitude_V", used["pulse.amplitude_V"], loaded.voltage_V, named, mistakes)
    return written


def fields_of(loaded: ParameterSet) -> dict[str, Any]:
    """A parameter set as fields of a configuration, under dotted names."""
    return {
        "device.law": loaded.law,
        "device.parameter_set": OWN,
        **{f"device.{name}": parameter.value for name, parameter in loaded.parameters.items()},
        **{f"device.{name}": value for name, value in loaded.coefficients.items()},
        **{f"device.{name}": value for name, value in loaded.device.items()},
        **{f"pulse.{name}": value for name, value in loaded.pulse.items()},
    }


def _check_range(name: str, value: Any, known: tuple[float, float], file: str, mistakes: list[str]) -> None:
    """Report a field, or an end of its range, outside of what the set holds for."""
    values = [value]
    if isinstance(value, Mapping):
        choices = value.get("choices")
        values = [value.get("low"), value.get("high"), *(choices if isinstance(choices, list | tuple) else [])]
    low, high = known
    for each in values:
        number = as_type(float, each)  # another type is told where the field is read
        if number is not NO_VALUE and not low <= number <= high:
            rule = f"{low:g} <= `{name}` <= {high:g} must hold for the parameter set '{file}'"
            mistakes.append(must(rule, each, "stay in the range that it was measured in"))
