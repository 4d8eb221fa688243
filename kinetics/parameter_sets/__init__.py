"""Parameter sets: what a paper, or a fit, says of one kind of device; one TOML file each.

The files of this folder are the published ones. A fit writes one of the same form, which a sweep file names by its
path.

==============  ===========================================================================================
key             holds
==============  ===========================================================================================
name            the word that configurations use for it: the file's name
law             the law of motion that it is for
default         true for the set that a device of this law has unless it names another
source          the citation
temperature_K   lowest and highest temperature that it holds for, K
voltage_V       lowest and highest programming amplitude that it holds for, V
[parameters]    parameters of the law: name = {value, unit, confirmed, source}
[coefficients]  coefficients of the law that are known (fitted) and need no deriving: name = value
[device]        other fields of a device, such as its conductance window; what a user says comes first
[pulse]         the pulse train that it was measured with: defaults of a configuration with this set
==============  ===========================================================================================
"""

import difflib
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from typing import Any

from kinetics.errors import InvalidParameterError, require

FOLDER = Path(__file__).parent
"""Where the published sets are."""
_KEYS = (
    "name",
    "law",
    "default",
    "source",
    "temperature_K",
    "voltage_V",
    "parameters",
    "coefficients",
    "device",
    "pulse",
)
_ANY_RANGE = (0.0, float("inf"))
OWN = "own"
"""Stands for a set that is not published: what a sweep file took from a file of the user's own."""


@dataclass(frozen=True, kw_only=True)
class Parameter:
    """One number with its pedigree."""

    value: float
    """The number, in ``unit``."""
    unit: str = "1"
    """SI unit."""
    confirmed: bool = False
    """False for a customary value, or one that was derived or remembered."""
    source: str = ""
    """Where it was read."""


@dataclass(frozen=True, kw_only=True)
class ParameterSet:
    """What is known of one kind of device."""

    name: str
    """The word that configurations use for it."""
    law: str
    """The law of motion that it is for."""
    source: str
    """The citation."""
    default: bool = False
    """Whether a device of this law has it unless it names another."""
    temperature_K: tuple[float, float] = _ANY_RANGE
    """Temperatures that it holds for, K."""
    voltage_V: tuple[float, float] = _ANY_RANGE
    """Programming amplitudes that it holds for, V."""
    parameters: Mapping[str, Parameter] = field(default_factory=dict)
    """Parameters of the law, by name."""
    coefficients: Mapping[str, float] = field(default_factory=dict)
    """Coefficients of the law that are given, by name."""
    device: Mapping[str, Any] = field(default_factory=dict)
    """Other fields of a device."""
    pulse: Mapping[str, Any] = field(default_factory=dict)
    """Fields of the pulse train it was measured with."""

    def to_toml(self) -> str:
        """The file that ``load_parameter_set`` reads back to an equal set."""
        lines = [f"{key} = {_toml(getattr(self, key))}" for key in ("name", "law", "source")]
        lines += ["default = true"] if self.default else []
        lines += [
            f"{key} = [{low!r}, {high!r}]"
            for key in ("temperature_K", "voltage_V")
            for low, high in [getattr(self, key)]
            if (low, high) != _ANY_RANGE
        ]
        tables = {
            "parameters": {
                name: f"{{value = {p.value!r}, unit = {_toml(p.unit)}, confirmed = {_toml(p.confirmed)}, "
                f"source = {_toml(p.source)}}}"
                for name, p in self.parameters.items()
            },
            **{
                key: {n: _toml(v) for n, v in getattr(self, key).items()} for key in ("coefficients", "device", "pulse")
            },
        }
        for key, entries in tables.items():
            lines += ["", f"[{key}]", *(f"{name} = {text}" for name, text in entries.items())] if entries else []
        return "\n".join(lines) + "\n"


def load_parameter_set(path: str | Path) -> ParameterSet:
    """Read a set from its file.

    Raises:
        InvalidParameterError: the file is not there or not of this form; the text says what is wrong.
    """
    file = Path(path)
    try:
        document = tomllib.loads(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise InvalidParameterError(
            f"A parameter set must be a readable file, but got '{file}' ({error.strerror}); check the path."
        ) from None
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise InvalidParameterError(f"A parameter set must be TOML, but '{file}' is not: {error}.") from None
    return _parse(document, str(file))


@cache
def parameter_sets() -> dict[str, ParameterSet]:
    """The published sets by name, in alphabetical order."""
    loaded = (load_parameter_set(path) for path in sorted(FOLDER.glob("*.toml")))
    return {each.name: each for each in loaded}


def get_parameter_set(name: str) -> ParameterSet:
    """The published set of that name; raises ``InvalidParameterError`` with the nearest name if there is none."""
    sets = parameter_sets()
    if name in sets:
        return sets[name]
    near = difflib.get_close_matches(name, sets, n=1)
    hint = f"did you mean {near[0]!r}?" if near else f"the sets are {', '.join(sets)}."
    raise InvalidParameterError(f"`device.parameter_set` names no parameter set: {name!r}; {hint}")


def find_parameter_set(law: str, name: str) -> ParameterSet | None:
    """The set that a device names: a published one, the law's default if it names none, or its ``own``.

    An own device fills what it does not say from the law's default set, but no range of that binds it.
    """
    if name not in ("", OWN):
        return get_parameter_set(name)
    default = default_parameter_set(law)
    if name == OWN and default is not None:
        return replace(default, name=OWN, temperature_K=_ANY_RANGE, voltage_V=_ANY_RANGE)
    return default


def default_parameter_set(law: str) -> ParameterSet | None:
    """The set that a device of a law has unless it names another; None for a law that has none."""
    return next((each for each in parameter_sets().values() if each.law == law and each.default), None)


def _toml(value: Any) -> str:
    """A plain value as TOML; a mapping becomes an inline table."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        escaped = value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", " ")
        return f'"{escaped}"'
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{name} = {_toml(item)}" for name, item in value.items()) + "}"
    return repr(value)


def _parse(document: dict[str, Any], where: str) -> ParameterSet:
    for key in document:
        require(key in _KEYS, f"A key of the parameter set '{where}' is one of {', '.join(_KEYS)}", key, "remove it")
    for key in ("name", "law", "source"):
        value = document.get(key)
        require(isinstance(value, str) and value != "", f"`{key}` of '{where}' is text", value, "write it")
    ranges = {}
    for key in ("temperature_K", "voltage_V"):
        value = document.get(key, list(_ANY_RANGE))
        fine = isinstance(value, list) and len(value) == 2 and all(_is_number(v) for v in value)
        fine = fine and value[0] <= value[1]
        require(fine, f"`{key}` of '{where}' is [low, high]", value, "give both, low end first")
        ranges[key] = (float(value[0]), float(value[1]))
    for key in ("parameters", "coefficients", "device", "pulse"):
        value = document.get(key, {})
        require(isinstance(value, dict), f"`{key}` of '{where}' is a table", value, f"write it below `[{key}]`")
    parameters = {}
    for name, entry in document.get("parameters", {}).items():
        fine = isinstance(entry, dict) and _is_number(entry.get("value"))
        require(
            fine and set(entry) <= {"value", "unit", "confirmed", "source"},
            f"The parameter `{name}` of '{where}' is {{value, unit, confirmed, source}}",
            entry,
            "write its value as a number",
        )
        parameters[name] = Parameter(**{**entry, "value": float(entry["value"])})
    for name, value in document.get("coefficients", {}).items():
        require(_is_number(value), f"The coefficient `{name}` of '{where}' is a number", value, "correct it")
    return ParameterSet(
        name=document["name"],
        law=document["law"],
        source=document["source"],
        default=bool(document.get("default", False)),
        parameters=parameters,
        coefficients={name: float(value) for name, value in document.get("coefficients", {}).items()},
        device=document.get("device", {}),
        pulse=document.get("pulse", {}),
        **ranges,
    )


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
