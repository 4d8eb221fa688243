"""The study file: untrusted text in, a frozen ``Study`` or every mistake at once out.

::

    chips: 50                       # behind each point of a curve
    part: validation                # or test, for configurations on the final front
    yield_target: 0.9               # accuracy from which a chip counts as good
    others: configuration           # or nominal: no spread and no faults but those of `with` and the curve
    with: {crossbar.mapping: pair}  # fields of the whole study
    curves:
      device.d2d: [0, 0.1, 0.2]
      crossbar.retention_s: {low: 1, high: 1.0e+8, points: 5, log: true}
    corners: {sigmas: 2, temperature_shift_K: 40}
    sobol: {samples: 64, chips: 4, parameters: {device.d2d: [0, 0.2], device.c2c: [0, 0.2]}}
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import numpy as np

from kinetics import InvalidParameterError
from sweeps.errors import SpecError
from sweeps.robustness.fields import JOINT, variable_fields
from sweeps.space import FloatRange, IntRange, Space
from sweeps.strict_yaml import parse_yaml
from sweeps.typed_values import NO_VALUE, as_type, read_value
from sweeps.wording import must, unknown
from tasks import configuration_fields
from tasks.sensitivity import require_power_of_2

_NAME = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9_.-]{0,99}")
_PARTS = ("validation", "test")
_OTHERS = ("configuration", "nominal")
_MOST_POINTS = 1000


@dataclass(frozen=True, kw_only=True)
class Curve:
    """Values that one field, or several together, take one after the other."""

    fields: tuple[str, ...]
    """Dotted names."""
    values: tuple[Any, ...]
    """What each of them takes, in the order of the file."""

    @property
    def name(self) -> str:
        """What the curve is called: its fields."""
        return JOINT.join(self.fields)


@dataclass(frozen=True, kw_only=True)
class Corners:
    """Which corners are scored."""

    sigmas: float = 2.0
    """Standard deviations (``device.d2d``) that each coefficient is high or low."""
    temperature_shift_K: float = 0.0
    """How much colder and warmer than the design, K; 0 leaves the temperature alone."""


@dataclass(frozen=True, kw_only=True)
class Sensitivity:
    """Which parameters are varied all at once."""

    samples: int = 64
    """Rows of each matrix, a power of 2; ``samples * (parameters + 2)`` points are scored."""
    chips: int = 4
    """Behind the mean accuracy of a point: the same chips at all points."""
    space: Space
    """The parameters, each uniform (log-uniform) over its range."""


@dataclass(frozen=True, kw_only=True)
class Study:
    """A study of robustness: everything that its result depends on, but the configuration and the seed."""

    name: str
    """What it and its folders are called: that of its file."""
    chips: int = 50
    """Virtual chips behind each point of a curve."""
    part: Literal["validation", "test"] = "validation"
    """What is scored."""
    yield_target: float = 0.9
    """Accuracy from which a chip counts as good."""
    others: Literal["configuration", "nominal"] = "configuration"
    """What the fields that a curve leaves alone are: as configured, or without spread and faults."""
    fixed: Mapping[str, Any] = field(default_factory=dict)
    """Fields of the whole study, dotted."""
    curves: tuple[Curve, ...] = ()
    """One after the other."""
    corners: Corners | None = None
    """Scored if given."""
    sobol: Sensitivity | None = None
    """Scored if given."""

    def to_dict(self) -> dict[str, Any]:
        """The plain form of the file, every default written out."""
        corners, sobol = self.corners, self.sobol
        plain: dict[str, Any] = {
            "chips": self.chips,
            "part": self.part,
            "yield_target": self.yield_target,
            "others": self.others,
            "with": dict(self.fixed),
            "curves": {curve.name: list(curve.values) for curve in self.curves},
        }
        if corners:
            plain["corners"] = {"sigmas": corners.sigmas, "temperature_shift_K": corners.temperature_shift_K}
        if sobol:
            parameters = {name: dimension.to_plain() for name, dimension in sobol.space.dimensions.items()}
            plain["sobol"] = {"samples": sobol.samples, "chips": sobol.chips, "parameters": parameters}
        return plain


def load_study(path: str | Path) -> Study:
    """Read a study file; raises ``SpecError`` with every mistake."""
    file = Path(path)
    try:
        text = file.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise SpecError([f"The study file must exist, but got '{file}'; check the path."]) from None
    except (OSError, UnicodeDecodeError) as error:
        raise SpecError(
            [f"The study file must be readable text, but got '{file}' ({error}); give a YAML file."]
        ) from None
    try:
        document = parse_yaml(text)
    except SpecError as error:
        raise SpecError([f"'{file}': {message}" for message in error.messages]) from None
    return parse_study(document, file.stem)


def parse_study(document: Any, name: str) -> Study:
    """Turn the plain form of a study file into a ``Study``; raises ``SpecError`` with every mistake."""
    if not isinstance(document, Mapping):
        raise SpecError([must("A study file must be a mapping", document, "start it with `chips: 50`")])
    mistakes: list[str] = []
    if not _NAME.fullmatch(name):
        rule = "The name of a study file must be 1 to 100 letters, digits, `-`, `_` or `.`"
        mistakes.append(must(rule, name, "it names folders: rename the file"))
    readers: dict[str, Callable[[Any], Any]] = {
        "chips": lambda value: _read_count("chips", value, mistakes),
        "part": lambda value: _read_word("part", value, _PARTS, mistakes),
        "yield_target": lambda value: _read_share("yield_target", value, mistakes),
        "others": lambda value: _read_word("others", value, _OTHERS, mistakes),
        "with": lambda value: _read_fixed(value, mistakes),
        "curves": lambda value: _read_curves(value, mistakes),
        "corners": lambda value: _read_corners(value, mistakes),
        "sobol": lambda value: _read_sobol(value, mistakes),
    }
    mistakes.extend(unknown("A key of the study file", key, readers) for key in document if key not in readers)
    found = {key: reader(document[key]) for key, reader in readers.items() if key in document}
    if not any(key in document for key in ("curves", "corners", "sobol")):
        mistakes.append(
            "A study must have `curves`, `corners` or `sobol`, but has none; "
            "write for example `curves: {device.d2d: [0, 0.1, 0.2]}`."
        )
    if mistakes:
        raise SpecError(mistakes)
    return Study(name=name, **{("fixed" if key == "with" else key): value for key, value in found.items()})


def _read_count(key: str, value: Any, mistakes: list[str], least: int = 1, most: int = 10**6) -> int:
    number = as_type(int, value)
    if number is NO_VALUE or not least <= number <= most:
        rule = f"`{key}` must be a whole number from {least} to {most}"
        mistakes.append(must(rule, value, f"write for example `{key.split('.')[-1]}: 50`"))
        return least
    return int(number)


def _read_word(key: str, value: Any, words: tuple[str, ...], mistakes: list[str]) -> Any:
    if value not in words:
        mistakes.append(unknown(f"`{key}`", value, words))
    return value


def _read_share(key: str, value: Any, mistakes: list[str]) -> float:
    number = as_type(float, value)
    if number is NO_VALUE or not 0 <= number <= 1:
        mistakes.append(must(f"`{key}` must be a number from 0 to 1", value, "give it as a share, 0.9 being 90 %"))
        return 0.0
    return float(number)


def _read_fields(where: str, value: Any, example: str, mistakes: list[str]) -> Mapping[str, Any]:
    """A mapping of field names, those that cannot vary reported and left out."""
    if not isinstance(value, Mapping) or not value:
        mistakes.append(
            must(f"`{where}` must be a mapping of at least one field", value, f"write `{where}: {example}`")
        )
        return {}
    known = variable_fields()
    kept = {}
    for name, entry in value.items():
        wrong = [each for each in str(name).split(JOINT) if each not in known]
        mistakes.extend(_no_variable_field(where, each, known) for each in wrong)
        if not wrong:
            kept[name] = entry
    return kept


def _no_variable_field(where: str, name: str, known: Mapping[str, Any]) -> str:
    if name not in configuration_fields():
        return unknown(f"A field of `{where}`", name, known)
    return (
        f"A field of `{where}` must be one that can vary after training, but got {name!r}; choose from "
        f"{', '.join(known)}."
    )


def _read_fixed(value: Any, mistakes: list[str]) -> dict[str, Any]:
    known, fixed = variable_fields(), {}
    for name, entry in _read_fields("with", value, "{crossbar.mapping: pair}", mistakes).items():
        if name not in known:
            mistakes.append(must("Each field of `with` must stand alone", name, "write one line for each"))
        elif (read := read_value(name, entry, known[name], mistakes)) is not NO_VALUE:
            fixed[name] = read
    return fixed


def _read_curves(value: Any, mistakes: list[str]) -> tuple[Curve, ...]:
    known, curves = variable_fields(), []
    for name, entry in _read_fields("curves", value, "{device.d2d: [0, 0.1, 0.2]}", mistakes).items():
        fields = tuple(name.split(JOINT))
        kinds = {known[each] for each in fields}
        if len(kinds) > 1 or len(set(fields)) < len(fields):
            rule = "Fields that vary together must be different and of one kind"
            mistakes.append(must(rule, name, "give each a curve of its own"))
            continue
        values = _read_values(name, entry, kinds.pop(), mistakes)
        if values is not None:
            curves.append(Curve(fields=fields, values=values))
    return tuple(curves)


def _read_values(name: str, entry: Any, annotation: Any, mistakes: list[str]) -> tuple[Any, ...] | None:
    """The values of a curve; reports and gives None if there are none."""
    before = len(mistakes)
    if isinstance(entry, Mapping):
        values = _read_points(name, entry, annotation, mistakes)
    elif isinstance(entry, list) and entry:
        values = tuple(read_value(name, each, annotation, mistakes) for each in entry)
    else:
        rule = f"`{name}` must be a list of at least one value, or a range"
        mistakes.append(must(rule, entry, f"write `{name}: [...]` or `{{low: 0, high: 1, points: 5}}`"))
    if len(mistakes) > before:
        return None
    for place, value in enumerate(values):
        if value in values[:place]:
            mistakes.append(must(f"Each value of `{name}` must be given once", value, "remove one of them"))
            return None
    return values


def _read_points(name: str, entry: Mapping[Any, Any], annotation: Any, mistakes: list[str]) -> tuple[Any, ...]:
    """Evenly spaced values from ``low`` to ``high``; those between are rounded to what a person would write."""
    before = len(mistakes)
    points = _read_count(f"points` of `{name}", entry.get("points"), mistakes, 2, _MOST_POINTS)
    rest = {key: value for key, value in entry.items() if key != "points"}
    found = _read_range(name, rest, annotation, mistakes)
    if found is None or len(mistakes) > before:
        return ()
    spaced = (np.geomspace if found.log else np.linspace)(found.low, found.high, points)
    if isinstance(found, IntRange):
        return tuple(dict.fromkeys(round(each) for each in spaced))
    return (found.low, *(float(f"{each:.4g}") for each in spaced[1:-1]), found.high)


def _read_range(
    name: str, entry: Mapping[Any, Any], annotation: Any, mistakes: list[str]
) -> FloatRange | IntRange | None:
    """``{low, high, log}`` as a range; reports and gives None if it is none."""
    before = len(mistakes)
    if annotation not in (int, float):
        mistakes.append(must(f"`{name}` is no number, so it must have a list of values", dict(entry), "list them"))
        return None
    keys = ("low", "high", "log")
    mistakes.extend(unknown(f"A keyword of `{name}`", key, keys) for key in entry if key not in keys)
    low, high = (read_value(f"{key}` of `{name}", entry.get(key), annotation, mistakes) for key in ("low", "high"))
    log = entry.get("log", False)
    if not isinstance(log, bool):
        mistakes.append(must(f"`log` of `{name}` must be true or false", log, "write `log: true`"))
    if len(mistakes) > before:
        return None
    if low >= high:
        mistakes.append(must(f"`low` < `high` of `{name}` must hold", (low, high), "swap them"))
    elif log and low <= 0:
        mistakes.append(must(f"`low` > 0 of `{name}` must hold for `log: true`", low, "raise it or leave `log` out"))
    else:
        return (IntRange if annotation is int else FloatRange)(low=low, high=high, log=log)
    return None


def _read_corners(value: Any, mistakes: list[str]) -> Corners | None:
    keys = ("sigmas", "temperature_shift_K")
    if not isinstance(value, Mapping):
        way_out = "write `corners: {sigmas: 2, temperature_shift_K: 40}`"
        mistakes.append(must("`corners` must be a mapping", value, way_out))
        return None
    mistakes.extend(unknown("A key of `corners`", key, keys) for key in value if key not in keys)
    numbers = {}
    for key in keys:
        if key in value:
            number = as_type(float, value[key])
            if number is NO_VALUE or number < 0:
                mistakes.append(must(f"`{key}` of `corners` must be a number >= 0", value[key], f"write `{key}: 2`"))
            else:
                numbers[key] = number
    return Corners(**numbers)


def _read_sobol(value: Any, mistakes: list[str]) -> Sensitivity | None:
    before = len(mistakes)
    keys = ("samples", "chips", "parameters")
    if not isinstance(value, Mapping):
        way_out = "write `sobol: {samples: 64, parameters: {device.d2d: [0, 0.2], device.c2c: [0, 0.2]}}`"
        mistakes.append(must("`sobol` must be a mapping", value, way_out))
        return None
    mistakes.extend(unknown("A key of `sobol`", key, keys) for key in value if key not in keys)
    samples = _read_count("sobol.samples", value.get("samples", Sensitivity.samples), mistakes)
    chips = _read_count("sobol.chips", value.get("chips", Sensitivity.chips), mistakes)
    try:
        require_power_of_2("sobol.samples", samples)
    except InvalidParameterError as error:
        mistakes.append(str(error))
    example = "{device.d2d: [0, 0.2], device.c2c: [0, 0.2]}"
    known, dimensions = variable_fields(), {}
    for name, entry in _read_fields("parameters", value.get("parameters"), example, mistakes).items():
        ends = {"low": entry[0], "high": entry[1]} if isinstance(entry, list) and len(entry) == 2 else entry
        if name not in known:
            mistakes.append(must("Each field of `parameters` must stand alone", name, "write one line for each"))
        elif not isinstance(ends, Mapping):
            mistakes.append(must(f"`{name}` of `parameters` must be a range", entry, f"write `{name}: [0, 0.2]`"))
        elif (found := _read_range(name, ends, known[name], mistakes)) is not None:
            dimensions[name] = found
    if len(mistakes) == before and len(dimensions) < 2:
        rule = "`parameters` of `sobol` must name at least 2 fields"
        mistakes.append(must(rule, list(dimensions), "one alone has all the say; draw a curve of it"))
    return None if len(mistakes) > before else Sensitivity(samples=samples, chips=chips, space=Space(dimensions))
