"""The sweep file: untrusted text in, a frozen ``Spec`` or every mistake at once out.

A configuration field is fixed by a scalar (a list for ``readout.hidden``) and made a dimension of the search
by a mapping: ``{low, high}`` with ``log`` or ``step`` if wanted, or ``{choices: [...]}``. Numbers may be
written as ``1e-8``, which YAML 1.1 takes for text.
"""

import difflib
import math
import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import NoneType, UnionType
from typing import Any, Literal, Union, cast, get_args, get_origin

import yaml

from kinetics import LAWS, InvalidParameterError
from sweeps.errors import SpecError
from sweeps.space import Choices, Dimension, FloatRange, IntRange, Space
from tasks import OBJECTIVES, TASKS, Configuration, configuration_fields

Direction = Literal["maximize", "minimize"]
"""Which way an objective is better."""

SAMPLERS: tuple[str, ...] = ("auto", "tpe", "nsga2", "qmc", "random", "grid")
"""Names of the samplers that a sweep file may ask for."""

_KEYS = ("name", "task", "seed", "configurations", "chips", "objectives", "sampler", "lag", "configuration")
_MANDATORY = {
    "name": "name: my-sweep",
    "task": "task: digits",
    "configuration": "configuration: {pulse.amplitude_V: {low: 0.5, high: 3.0}}",
}
_DIRECTIONS = get_args(Direction)
_OBJECTIVES: dict[str, Direction] = {"accuracy": "maximize", "parameters": "minimize", "energy_J": "minimize"}
_NAME = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9_.-]{0,99}")
_MOST_POINTS = 1_000_000_000
_LARGEST = 2**53  # whole numbers up to here are exact in JSON and in float64


@dataclass(frozen=True, kw_only=True)
class TaskChoice:
    """Which task a sweep is on."""

    kind: str
    """A name of ``tasks.TASKS``."""
    path: Path | None = None
    """The user's own file, absolute; for ``arrays`` only."""


@dataclass(frozen=True, kw_only=True)
class Spec:
    """A sweep: everything that its result depends on."""

    name: str
    """What the sweep and its folders are called."""
    task: TaskChoice
    """The data."""
    seed: int = 0
    """The one seed that all random streams of the sweep descend from."""
    configurations: int = 100
    """How many configurations are asked for; see ``trials``."""
    chips: int = 8
    """Virtual chips that each is evaluated on."""
    objectives: dict[str, Direction]
    """What is searched for, in the order of the file."""
    sampler: str = "auto"
    """A name of ``SAMPLERS``."""
    lag: int = 32
    """Trial n is asked when exactly the trials up to n - lag have been told, on any machine."""
    fixed: dict[str, Any]
    """Configuration fields that the file fixes, under dotted names."""
    space: Space
    """Configuration fields that vary."""

    @property
    def trials(self) -> int:
        """How many trials the sweep has: ``configurations``, but each point of a small space only once."""
        size = self.space.size()
        return self.configurations if self.sampler != "auto" or size is None else min(size, self.configurations)

    def values(self, params: Mapping[str, Any]) -> dict[str, Any]:
        """Every configuration field under its dotted name, for what Optuna suggested; not yet validated as a whole."""
        return {**Configuration().to_dotted(), **self.fixed, **self.space.decode(params)}

    def configuration(self, params: Mapping[str, Any]) -> Configuration:
        """The configuration behind what Optuna suggested.

        Raises ``kinetics.InvalidParameterError`` where dimensions that are good one by one make an impossible
        whole, such as a conductance window with its ends crossed.
        """
        return Configuration.from_dotted(self.values(params))

    def to_dict(self) -> dict[str, Any]:
        """The plain, YAML-safe form of the sweep file; it parses back to an equal ``Spec``."""
        task = self.task
        return {
            "name": self.name,
            "task": task.kind if task.path is None else {"kind": task.kind, "path": str(task.path)},
            "seed": self.seed,
            "configurations": self.configurations,
            "chips": self.chips,
            "objectives": dict(self.objectives),
            "sampler": self.sampler,
            "lag": self.lag,
            "configuration": {
                **{name: list(value) if isinstance(value, tuple) else value for name, value in self.fixed.items()},
                **{name: dimension.to_plain() for name, dimension in self.space.dimensions.items()},
            },
        }


def load_spec(path: str | Path, overrides: Mapping[str, Any] | None = None) -> Spec:
    """Read a sweep file; ``overrides`` as in ``parse_spec``. Raises ``SpecError`` with every mistake."""
    file = Path(path)
    try:
        text = file.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise SpecError([f"The sweep file must exist, but got '{file}'; check the path."]) from None
    except (OSError, UnicodeDecodeError) as error:
        raise SpecError(
            [f"The sweep file must be readable text, but got '{file}' ({error}); give a YAML file."]
        ) from None
    try:
        document = _parse_yaml(text)
    except SpecError as error:
        raise SpecError([f"'{file}': {message}" for message in error.messages]) from None
    return parse_spec(document, overrides, base_dir=file.parent)


def parse_spec(
    mapping: Mapping[str, Any],
    overrides: Mapping[str, Any] | None = None,
    base_dir: str | Path | None = None,
) -> Spec:
    """Turn the plain form of a sweep file into a ``Spec``; raises ``SpecError`` with every mistake.

    ``overrides`` replaces single entries: a configuration field (``pulse.width_s``), a top-level key
    (``seed``) or an objective (``objectives.macs``); text is read as YAML, so ``"{low: 1, high: 2}"`` is a
    range. A relative path of the task starts at ``base_dir`` (default: the working directory).
    """
    if not isinstance(mapping, Mapping):
        raise SpecError([_must("A sweep file must be a mapping", mapping, "start it with `name: my-sweep`")])
    mistakes: list[str] = []
    document = _override(mapping, overrides or {}, mistakes)
    mistakes.extend(_unknown("A key of the sweep file", key, _KEYS) for key in document if key not in _KEYS)
    for key, example in _MANDATORY.items():
        if key not in document:
            mistakes.append(f"`{key}` must be given, but is missing; write for example `{example}`.")

    def read(key: str, default: Any, reader: Callable[[Any, list[str]], Any]) -> Any:
        return reader(document[key], mistakes) if key in document else default

    def counted(key: str, least: int) -> Callable[[Any, list[str]], Any]:
        return lambda value, mistakes: _read_count(key, value, least, mistakes)

    name = read("name", None, _read_name)
    task = read("task", None, lambda value, mistakes: _read_task(value, Path(base_dir or "."), mistakes))
    seed = read("seed", Spec.seed, counted("seed", 0))
    configurations = read("configurations", Spec.configurations, counted("configurations", 1))
    chips = read("chips", Spec.chips, counted("chips", 1))
    lag = read("lag", Spec.lag, counted("lag", 1))
    objectives = read("objectives", dict(_OBJECTIVES), _read_objectives)
    sampler = read("sampler", Spec.sampler, _read_sampler)
    before = len(mistakes)
    fixed, space = read("configuration", ({}, Space({})), _read_configuration)
    if len(mistakes) == before and "configuration" in document and configurations is not None:
        if not space.dimensions and configurations > 1:
            mistakes.append(
                "An empty search space has one configuration, so `configurations` = 1 must hold, but got "
                f"{configurations}; set `configurations: 1` or make a field vary, such as "
                "`pulse.amplitude_V: {low: 0.5, high: 3.0}`."
            )
        elif sampler == "grid" and (mistake := space.grid_mistake(configurations)):
            mistakes.append(mistake)
    if mistakes:
        raise SpecError(mistakes)
    return Spec(
        name=name,
        task=task,
        seed=seed,
        configurations=configurations,
        chips=chips,
        objectives=objectives,
        sampler=sampler,
        lag=lag,
        fixed=fixed,
        space=space,
    )


# Text


class _StrictLoader(yaml.SafeLoader):
    """The safe loader, except that a key given twice in a mapping is a mistake."""

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self.mistakes: list[str] = []

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        seen: set[Any] = set()
        for key_node, _ in node.value:
            if isinstance(key_node, yaml.ScalarNode) and key_node.tag != "tag:yaml.org,2002:merge":
                key = self.construct_object(key_node)
                if key in seen:
                    line = key_node.start_mark.line + 1
                    self.mistakes.append(
                        f"A key must be given once, but got {key!r} again in line {line}; remove one of them."
                    )
                seen.add(key)
        return super().construct_mapping(node, deep)


def _parse_yaml(text: str) -> Any:
    """Parse text; raises ``SpecError`` if it is not YAML or gives a key twice."""
    try:
        loader = _StrictLoader(text)
        document = loader.get_single_data()
    except (yaml.YAMLError, ValueError, RecursionError) as error:  # ValueError: a date such as 2024-99-99
        mark = getattr(error, "problem_mark", None)
        reason = " ".join(str(getattr(error, "problem", None) or error).split())
        reason += f" in line {mark.line + 1}" if mark else ""
        raise SpecError([f"The text must be YAML, but got: {reason}; correct that place."]) from None
    if loader.mistakes:
        raise SpecError(loader.mistakes)
    return document


def _override(mapping: Mapping[str, Any], overrides: Mapping[str, Any], mistakes: list[str]) -> dict[str, Any]:
    """A copy of the document with single entries replaced."""
    document = dict(mapping)
    fields = configuration_fields()
    for name, value in overrides.items():
        if isinstance(value, str):
            try:
                value = _parse_yaml(value)
            except SpecError as error:
                mistakes.extend(f"Override `{name}`: {message}" for message in error.messages)
                continue
        section, _, key = name.partition(".")
        if name in fields:
            section, key = "configuration", name
        if name in _KEYS and name != "configuration":
            document[name] = value
        elif name in fields or (section == "objectives" and key):
            part = document.get(section, _OBJECTIVES if section == "objectives" else {})
            if isinstance(part, Mapping):  # else it is reported where it is read
                document[section] = {**part, key: value}
        else:
            known = [*fields, *(key for key in _KEYS if key != "configuration")]
            mistakes.append(_unknown("The name of an override", name, known))
    return document


# Top level


def _read_name(value: Any, mistakes: list[str]) -> str | None:
    if isinstance(value, str) and _NAME.fullmatch(value):
        return value
    rule = "`name` must be 1 to 100 letters, digits, `-`, `_` or `.`, the first no `.`"
    mistakes.append(_must(rule, value, "it names folders: write for example `name: digits-2`"))
    return None


def _read_count(key: str, value: Any, least: int, mistakes: list[str]) -> int | None:
    number = _as(int, value)
    if number is _NO or number < least:
        rule = f"`{key}` must be a whole number >= {least}"
        mistakes.append(_must(rule, value, f"write for example `{key}: {max(least, 8)}`"))
        return None
    return cast(int, number)


def _read_sampler(value: Any, mistakes: list[str]) -> str | None:
    if isinstance(value, str) and value in SAMPLERS:
        return value
    mistakes.append(_unknown("`sampler`", value, SAMPLERS))
    return None


def _read_task(value: Any, base_dir: Path, mistakes: list[str]) -> TaskChoice | None:
    before = len(mistakes)
    entry = value if isinstance(value, Mapping) else {"kind": value}
    keys = ("kind", "path")
    mistakes.extend(_unknown("A key of `task`", key, keys) for key in entry if key not in keys)
    kind, path = entry.get("kind"), entry.get("path")
    if not isinstance(kind, str) or kind not in TASKS:
        mistakes.append(_unknown("`task`", kind, TASKS))
    elif kind == "arrays" and not (isinstance(path, str) and path):
        rule = "The task 'arrays' must have a path to your file"
        mistakes.append(_must(rule, path, "write `task: {kind: arrays, path: my.npz}`"))
    elif kind != "arrays" and "path" in entry:
        rule = f"The task {kind!r} must have no path, for it brings its own data"
        mistakes.append(_must(rule, path, f"write `task: {kind}`, or `kind: arrays` for your own file"))
    if len(mistakes) > before:
        return None
    return TaskChoice(
        kind=cast(str, kind), path=None if path is None else (base_dir / Path(path).expanduser()).resolve()
    )


def _read_objectives(value: Any, mistakes: list[str]) -> dict[str, Direction] | None:
    if not isinstance(value, Mapping) or not value:
        rule = "`objectives` must be a mapping of at least one name to maximize or minimize"
        mistakes.append(_must(rule, value, "write for example `objectives: {accuracy: maximize}`"))
        return None
    for name, direction in value.items():
        if name not in OBJECTIVES:
            mistakes.append(_unknown("An objective", name, OBJECTIVES))
        if not isinstance(direction, str) or direction not in _DIRECTIONS:
            mistakes.append(_unknown(f"The direction of the objective `{name}`", direction, _DIRECTIONS))
    return dict(value)


# Configuration


def _read_configuration(value: Any, mistakes: list[str]) -> tuple[dict[str, Any], Space]:
    fields = configuration_fields()
    if not isinstance(value, Mapping):
        rule = "`configuration` must be a mapping of dotted field names"
        mistakes.append(_must(rule, value, "write for example `configuration: {device.d2d: 0.05}`"))
        return {}, Space({})
    fixed: dict[str, Any] = {}
    dimensions: dict[str, Dimension] = {}
    for name, entry in value.items():
        if name not in fields:
            mistakes.append(_unknown("A field of `configuration`", name, fields))
        elif isinstance(entry, Mapping):
            dimension = _read_dimension(name, entry, fields[name], mistakes)
            if dimension is not None:
                dimensions[name] = dimension
        else:
            number = _read_value(name, entry, fields[name], mistakes)
            if number is not _NO:
                fixed[name] = number
    _check_rules(fixed, dimensions, mistakes)
    return fixed, Space(dimensions)


def _read_dimension(name: str, entry: Mapping[Any, Any], annotation: Any, mistakes: list[str]) -> Dimension | None:
    """A mapping of the configuration; reports and gives ``None`` if it is no dimension."""
    before = len(mistakes)
    keys = ("low", "high", "log", "step", "choices")
    mistakes.extend(_unknown(f"A keyword of `{name}`", key, keys) for key in entry if key not in keys)
    if "choices" in entry:
        return _read_choices(name, entry, annotation, mistakes)
    members = _members(annotation)
    number = next((member for member in (float, int) if member in members), None)
    if number is None:
        rule = f"`{name}` is {_describe(annotation)}, no number: it must vary by `choices`"
        mistakes.append(_must(rule, dict(entry), f"write `{name}: {{choices: [...]}}`"))
        return None
    if "low" not in entry or "high" not in entry:
        if len(mistakes) == before:  # else the unknown key was probably meant to be it
            rule = f"`{name}` must give `low` and `high`, or `choices`"
            mistakes.append(_must(rule, dict(entry), f"write `{name}: {{low: 1, high: 2}}`"))
        return None
    log = entry.get("log", False)
    if not isinstance(log, bool):
        mistakes.append(_must(f"`log` of `{name}` must be true or false", log, "write `log: true`"))
    bounds = {
        key: _read_value(f"{key}` of `{name}", entry[key], number, mistakes)
        for key in ("low", "high", "step")
        if key in entry
    }
    if _NO not in bounds.values():
        low, high, step = bounds["low"], bounds["high"], bounds.get("step")
        if low >= high:
            rule = f"`low` < `high` of `{name}` must hold"
            mistakes.append(_must(rule, (low, high), "swap them, or fix the field by a single value"))
        elif step is not None and not 0 < step <= high - low:
            rule = f"0 < `step` <= `high` - `low` of `{name}` must hold"
            mistakes.append(_must(rule, step, "give a smaller, positive step or leave it out"))
        elif step is not None and (high - low) / step > _MOST_POINTS:
            rule = f"`step` of `{name}` must make at most {_MOST_POINTS:,} points"
            mistakes.append(_must(rule, step, "give a larger step or leave it out"))
        if log is True and low <= 0:
            rule = f"`low` > 0 of `{name}` must hold for `log: true`"
            mistakes.append(_must(rule, low, "raise `low` or leave `log` out"))
        if log is True and step is not None and not (number is int and step == 1):
            rule = f"`log` and `step` of `{name}` exclude each other"
            mistakes.append(_must(rule, step, "leave one of them out"))
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
            mistakes.append(_must(rule, entry[key], "leave one of them out"))
    if not isinstance(choices, list | tuple) or not choices:
        rule = f"`choices` of `{name}` must be a list of at least one value"
        mistakes.append(_must(rule, choices, f"write `{name}: {{choices: [...]}}`"))
        return None
    values = [_read_value(f"choices` of `{name}", choice, annotation, mistakes) for choice in choices]
    for place, value in enumerate(values):
        if value is not _NO and value in values[:place]:
            rule = f"Each of the `choices` of `{name}` must be given once"
            mistakes.append(_must(rule, value, "remove one of them"))
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
        if name == "device.law":
            mistakes.extend(_unknown("`device.law`", law, LAWS) for law in values if law not in LAWS)
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


# Values

_NO = object()
"""Stands for "not of this type"."""

_MEMBER_TEXT: dict[Any, str] = {
    float: "a finite number",
    int: "a whole number",
    str: "text",
    bool: "true or false",
    NoneType: "null",
}

_EXAMPLES: dict[Any, str] = {
    float: "write a plain number, such as 0.05 or 1.0e-8",
    int: "write a plain number, such as 16",
    tuple[int, ...]: "write a number of units, such as 16, or a list, such as [32, 16]",
    str: "put it in quotes",
    bool: "write true or false",
}


def _members(annotation: Any) -> tuple[Any, ...]:
    """``float | None`` -> (float, NoneType)."""
    return get_args(annotation) if get_origin(annotation) in (Union, UnionType) else (annotation,)


def _describe(annotation: Any) -> str:
    """What a field may hold, in words."""
    words: list[str] = []
    for member in _members(annotation):
        if get_origin(member) is Literal:
            words.extend(repr(word) for word in get_args(member))
        else:
            words.append(_MEMBER_TEXT.get(member, "a list of whole numbers"))
    return " or ".join(words)


def _as(member: Any, value: Any) -> Any:
    """``value`` as one type, or ``_NO``; booleans are no numbers, and ``"1e-8"`` is one."""
    if get_origin(member) is tuple:
        if not isinstance(value, list | tuple):
            return _NO
        items = tuple(_as(get_args(member)[0], item) for item in value)
        return _NO if _NO in items else items
    if get_origin(member) is Literal:
        return value if isinstance(value, str) and value in get_args(member) else _NO
    if member is int:
        whole = isinstance(value, int) or (isinstance(value, float) and value.is_integer())
        return int(value) if whole and not isinstance(value, bool) and abs(value) <= _LARGEST else _NO
    if member is float:
        if isinstance(value, bool) or not isinstance(value, int | float | str):
            return _NO
        try:
            number = float(value)
        except (ValueError, OverflowError):
            return _NO
        return number if math.isfinite(number) else _NO
    return value if isinstance(value, member) else _NO


def _read_value(name: str, value: Any, annotation: Any, mistakes: list[str]) -> Any:
    """A value of a field; reports and gives ``_NO`` if it is of another type."""
    members = _members(annotation)
    for member in members:
        read = _as(member, value)
        if read is not _NO:
            return read
    words: list[str] = [word for each in members if get_origin(each) is Literal for word in get_args(each)]
    if words:
        mistakes.append(_unknown(f"`{name}`", value, words))
    else:
        example = _EXAMPLES.get(members[-1]) or _EXAMPLES.get(members[0], "correct it")
        way_out = "leave it out for its default" if value is None else example
        mistakes.append(_must(f"`{name}` must be {_describe(annotation)}", value, way_out))
    return _NO


# Wording


def _short(value: Any) -> str:
    """``value`` in at most a line."""
    text = repr(value)
    return text if len(text) <= 120 else f"{text[:100]}... ({len(text)} characters)"


def _must(rule: str, value: Any, way_out: str) -> str:
    """One wording for every rule."""
    return f"{rule}, but got {_short(value)}; {way_out}."


def _unknown(what: str, value: Any, known: Collection[str]) -> str:
    """A word that is none of the known ones, with the nearest of them."""
    word = str(value)
    same_end = [name for name in known if name.rpartition(".")[2] == word]
    near = same_end or difflib.get_close_matches(word, known, n=1)
    more = ", ..." if len(known) > 20 else ""
    hint = f"did you mean {near[0]!r}?" if near else f"choose from {', '.join([*known][:20])}{more}."
    return f"{what} must be one that is known, but got {_short(value)}; {hint}"
