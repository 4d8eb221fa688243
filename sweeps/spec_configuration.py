"""The ``configuration`` of a sweep file: what is fixed, what varies, and the rules that both must keep."""

from collections.abc import Mapping
from typing import Any

from kinetics import LAWS, InvalidParameterError
from kinetics.parameter_sets import OWN, parameter_sets
from sweeps.space import Choices, Dimension, FloatRange, IntRange, Space
from sweeps.typed_values import NO_VALUE, describe, members_of, read_value
from sweeps.wording import must, unknown
from tasks import Configuration, configuration_fields

_MOST_POINTS = 1_000_000_000
"""Points that a dimension may have."""


def read_configuration(value: Any, mistakes: list[str]) -> tuple[dict[str, Any], Space]:
    """What the file fixes and what it searches; every mistake is reported."""
    fields = configuration_fields()
    if not isinstance(value, Mapping):
        rule = "`configuration` must be a mapping of dotted field names"
        mistakes.append(must(rule, value, "write for example `configuration: {device.d2d: 0.05}`"))
        return {}, Space({})
    fixed: dict[str, Any] = {}
    dimensions: dict[str, Dimension] = {}
    for name, entry in value.items():
        if name not in fields:
            mistakes.append(unknown("A field of `configuration`", name, fields))
        elif isinstance(entry, Mapping):
            dimension = _read_dimension(name, entry, fields[name], mistakes)
            if dimension is not None:
                dimensions[name] = dimension
        else:
            number = read_value(name, entry, fields[name], mistakes)
            if number is not NO_VALUE:
                fixed[name] = number
    _check_rules(fixed, dimensions, mistakes)
    return fixed, Space(dimensions)


def _read_dimension(name: str, entry: Mapping[Any, Any], annotation: Any, mistakes: list[str]) -> Dimension | None:
    """A mapping of the configuration; reports and gives ``None`` if it is no dimension."""
    before = len(mistakes)
    keys = ("low", "high", "log", "step", "choices")
    mistakes.extend(unknown(f"A keyword of `{name}`", key, keys) for key in entry if key not in keys)
    if "choices" in entry:
        return _read_choices(name, entry, annotation, mistakes)
    members = members_of(annotation)
    number = next((member for member in (float, int) if member in members), None)
    if number is None:
        rule = f"`{name}` is {describe(annotation)}, no number: it must vary by `choices`"
        mistakes.append(must(rule, dict(entry), f"write `{name}: {{choices: [...]}}`"))
        return None
    if "low" not in entry or "high" not in entry:
        if len(mistakes) == before:  # else the unknown key was probably meant to be it
            rule = f"`{name}` must give `low` and `high`, or `choices`"
            mistakes.append(must(rule, dict(entry), f"write `{name}: {{low: 1, high: 2}}`"))
        return None
    log = entry.get("log", False)
    if not isinstance(log, bool):
        mistakes.append(must(f"`log` of `{name}` must be true or false", log, "write `log: true`"))
    bounds = {
        key: read_value(f"{key}` of `{name}", entry[key], number, mistakes)
        for key in ("low", "high", "step")
        if key in entry
    }
    if NO_VALUE not in bounds.values():
        low, high, step = bounds["low"], bounds["high"], bounds.get("step")
        if low >= high:
            rule = f"`low` < `high` of `{name}` must hold"
            mistakes.append(must(rule, (low, high), "swap them, or fix the field by a single value"))
        elif step is not None and not 0 < step <= high - low:
            rule = f"0 < `step` <= `high` - `low` of `{name}` must hold"
            mistakes.append(must(rule, step, "give a smaller, positive step or leave it out"))
        elif step is not None and (high - low) / step > _MOST_POINTS:
            rule = f"`step` of `{name}` must make at most {_MOST_POINTS:,} points"
            mistakes.append(must(rule, step, "give a larger step or leave it out"))
        if log is True and low <= 0:
            rule = f"`low` > 0 of `{name}` must hold for `log: true`"
            mistakes.append(must(rule, low, "raise `low` or leave `log` out"))
        if log is True and step is not None and not (number is int and step == 1):
            rule = f"`log` and `step` of `{name}` exclude each other"
            mistakes.append(must(rule, step, "leave one of them out"))
    if len(mistakes) > before:
        return None
    if number is int:
        return IntRange(low=low, high=high, log=log, step=1 if step is None else step)
    return FloatRange(low=low, high=high, log=log, step=step)


def _read_choices(name: str, entry: Mapping[Any, Any], annotation: Any, mistakes: list[str]) -> Choices | None:
    """A mapping with ``choices``; reports and gives ``None`` if it is no dimension."""
    before = len(mistakes)
    choices = entry["choices"]
    for key in ("low", "high", "log", "step"):
        if key in entry:
            rule = f"`choices` and `{key}` of `{name}` exclude each other"
            mistakes.append(must(rule, entry[key], "leave one of them out"))
    if not isinstance(choices, list | tuple) or not choices:
        rule = f"`choices` of `{name}` must be a list of at least one value"
        mistakes.append(must(rule, choices, f"write `{name}: {{choices: [...]}}`"))
        return None
    values = [read_value(f"choices` of `{name}", choice, annotation, mistakes) for choice in choices]
    for place, value in enumerate(values):
        if value is not NO_VALUE and value in values[:place]:
            rule = f"Each of the `choices` of `{name}` must be given once"
            mistakes.append(must(rule, value, "remove one of them"))
    return None if len(mistakes) > before else Choices(choices=tuple(values))


def _check_rules(fixed: dict[str, Any], dimensions: dict[str, Dimension], mistakes: list[str]) -> None:
    """Report the rules of device, pulse and read-out that a fixed value or a corner of a dimension breaks.

    A broken rule hides those behind it, so the fields that its text names go back to their defaults and
    the rest is tried again; what is left is a whole that each corner can be tried in.
    """
    for name, values in (
        *((name, (value,)) for name, value in fixed.items()),
        *((name, dimension.corners()) for name, dimension in dimensions.items()),
    ):
        known = {"device.law": LAWS, "device.parameter_set": ["", OWN, *parameter_sets()]}.get(name)
        if known is not None and (wrong := [value for value in values if value not in known]):
            mistakes.extend(unknown(f"`{name}`", value, [word for word in known if word]) for value in wrong)
            return  # what else holds depends on it
    middle = Space(dimensions)
    base = {**fixed, **middle.decode(middle.from_unit([0.5] * len(dimensions)))}
    found: dict[str, None] = {}
    held_back: list[str] = []
    while (message := _broken_rule(base)) is not None:
        blamed = [name for name in base if f"`{name}`" in message] or list(base)
        if any(name in dimensions for name in blamed):
            held_back.append(message)  # the user wrote the corners, not the middle
        else:
            found[message] = None
        base = {name: value for name, value in base.items() if name not in blamed}
    for name, dimension in dimensions.items():
        rest = {other: value for other, value in base.items() if other != name}
        messages = (_broken_rule({**rest, name: corner}) for corner in dimension.corners())
        if message := next((message for message in messages if message is not None), None):
            found[message] = None
    mistakes.extend(found or held_back)


def _broken_rule(values: dict[str, Any]) -> str | None:
    """What the configuration says against these values."""
    try:
        Configuration.from_dotted(values)
    except InvalidParameterError as error:
        return str(error)
    return None
