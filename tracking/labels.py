"""How metrics, fields and quantities are written for people.

Names carry their unit as their last part (``energy_J``, ``pulse.width_s``); here it becomes a unit behind a stroke, and
a value gets the prefix that keeps it between 1 and 1000. Every room writes its numbers for people by what is here.
"""

import math
from typing import Any

METRICS = {
    "accuracy": "accuracy (validation part)",
    "test_accuracy": "accuracy (test part)",
    "accuracy_std": "spread of the accuracy over chips (validation part)",
    "test_accuracy_std": "spread of the accuracy over chips (test part)",
    "accuracy_q05": "accuracy that 95 % of the chips reach (validation part)",
    "accuracy_quantile": "quantile of the accuracy over chips (validation part)",
    "accuracy_low": "accuracy less its spread over chips (validation part)",
    "accuracy_yield": "yield (validation part)",
    "accuracy_corner": "accuracy in the worst corner (validation part)",
    "parameters": "parameters",
    "macs": "multiply-accumulates per inference",
    "energy_J": "energy per inference / J",
    "latency_s": "latency per inference / s",
    "area_m2": "area / m²",
    "seconds": "time per configuration / s",
}
"""Metric -> its label, where its name does not say enough."""

_PREFIXED = ("J", "s", "V", "A", "S", "W", "Ω", "m", "Hz")
_PLAIN = ("K", "eV")
_AREA = "m²"
_UNITS = {**{unit: unit for unit in (*_PREFIXED, *_PLAIN)}, "ohm": "Ω", "m2": _AREA}
"""Last part of a name -> unit as it is written."""
_PREFIXES = {-18: "a", -15: "f", -12: "p", -9: "n", -6: "µ", -3: "m", 0: "", 3: "k", 6: "M", 9: "G", 12: "T"}


def label(name: str) -> str:
    """A metric or field as the label of an axis: ``crossbar.retention_s`` -> ``crossbar: retention / s``.

    Fields that are changed together, joined by `` + ``, take a line each.
    """
    return "\n+ ".join(_one_label(one) for one in name.split(" + "))


def words(name: str) -> str:
    """A metric or field inside a sentence, where its value carries the unit."""
    return " ".join(label(name).removesuffix(f" / {unit_of(name)}").split())


def in_sentence(name: str) -> str:
    """A metric inside a sentence that says itself on which part of the data."""
    return words(name).removesuffix(" (validation part)").removesuffix(" (test part)")


def is_share(name: str) -> bool:
    """Whether values of this metric are shares of cases or chips, from 0 to 1, told to four places."""
    return any(part in ("accuracy", "yield") for part in name.split("_"))


def written(name: str, value: Any) -> str:
    """The value of a metric or field, with its unit."""
    if is_share(name) and isinstance(value, float) and math.isfinite(value):
        return f"{value:.4f}"
    return quantity(value, unit_of(name))


def unit_of(name: str) -> str:
    """The unit that a name carries, as it is written: ``pulse.width_s`` -> ``s``; empty for none."""
    words, _, unit = name.rpartition("_")
    return _UNITS.get(unit, "") if words else "s" if name == "seconds" else ""


def quantity(value: Any, unit: str = "") -> str:
    """A value with its unit, short: ``(2.54e-8, "s")`` -> ``25.4 ns``; words stay, what is missing is a dash."""
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return "-"
    if isinstance(value, list | tuple):
        return "-".join(quantity(each, unit) for each in value) or "none"
    if isinstance(value, bool) or not isinstance(value, int | float):
        return str(value)
    if unit in _PREFIXED:
        # Rounded first: 999.96e-9 is 1 µs, not 1e+03 ns.
        rounded = float(f"{value:.3g}")
        power, letter = prefix(rounded, unit)
        return f"{_digits(rounded / 10.0**power, 3, 1e5)} {letter}{unit}"
    if unit == _AREA and value and math.isfinite(value):
        # Prefixes of squares are six powers apart: 0.01 to 10,000 of each.
        power = min(max(6 * math.floor((math.log10(abs(value)) + 2) / 6), -18), 0)
        return f"{_digits(float(f'{value / 10.0**power:.3g}'), 3, 1e5)} {_PREFIXES[power // 2]}{unit}"
    return f"{_digits(value, 4, 1e9)} {unit}".rstrip()


def prefix(value: float, unit: str) -> tuple[int, str]:
    """The power of ten, and its letter, that bring a value of this unit to 1 to 1000; (0, "") where none does."""
    if unit not in _PREFIXED or not value or not math.isfinite(value):
        return 0, ""
    # Nobody tells long times in kiloseconds.
    top = 0 if unit == "s" else max(_PREFIXES)
    power = min(max(3 * math.floor(math.log10(abs(value)) / 3 + 1e-12), min(_PREFIXES)), top)
    return power, _PREFIXES[power]


def _digits(value: float, places: int, whole: float) -> str:
    """A number to so many significant places; whole ones below ``whole`` are spelled out."""
    if math.isfinite(value) and float(value).is_integer() and abs(value) < whole:
        return f"{value:,.0f}"
    mantissa, exponent, power = f"{value:.{places}g}".partition("e")
    return mantissa + (f"e{int(power)}" if exponent else "")


def _one_label(name: str) -> str:
    if name in METRICS:
        return METRICS[name]
    part, _, field = name.rpartition(".")
    unit = unit_of(field)
    words = field.removesuffix(field.rpartition("_")[2]).rstrip("_") if unit else field
    text = words.replace("_", " ") + (f" / {unit}" if unit else "")
    return f"{part}: {text}" if part else text
