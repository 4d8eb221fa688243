"""The sweep file: untrusted text in, a frozen ``Spec`` or every mistake at once out.

A configuration field is fixed by a scalar (a list for ``readout.hidden``) and made a dimension of the search
by a mapping: ``{low, high}`` with ``log`` or ``step`` if wanted, or ``{choices: [...]}``. Numbers may be
written as ``1e-8``, which YAML 1.1 takes for text.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from pathlib import Path
from typing import Any, Literal, TypeVar, cast, get_args

from kinetics import InvalidParameterError
from kinetics.errors import require
from sweeps.errors import SpecError
from sweeps.parameter_file import with_parameter_file
from sweeps.space import Space
from sweeps.spec_configuration import read_configuration
from sweeps.strict_yaml import parse_yaml
from sweeps.typed_values import NO_VALUE, as_type, read_value
from sweeps.wording import must, unknown
from tasks import OBJECTIVES, TASKS, Configuration, Task, configuration_fields
from tasks.evaluator import Evaluator
from tasks.robust import Robust

Direction = Literal["maximize", "minimize"]
"""Which way an objective is better."""

SAMPLERS: tuple[str, ...] = ("auto", "tpe", "nsga2", "qmc", "random", "grid")
"""Names of the samplers that a sweep file may ask for."""

Mode = Literal["reproducible", "throughput"]
"""When results are told."""

_KEYS = (
    "name",
    "task",
    "seed",
    "configurations",
    "budget",
    "chips",
    "robust",
    "objectives",
    "sampler",
    "mode",
    "lag",
    "configuration",
)
_MANDATORY = {
    "name": "name: my-sweep",
    "task": "task: digits",
    "configuration": "configuration: {pulse.amplitude_V: {low: 0.5, high: 3.0}}",
}
_OWN_DATA = ("arrays", "ucf101")
_DIRECTIONS = get_args(Direction)
_OBJECTIVES: dict[str, Direction] = {"accuracy": "maximize", "parameters": "minimize", "energy_J": "minimize"}
_NAME = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9_.-]{0,99}")


@dataclass(frozen=True, kw_only=True)
class TaskChoice:
    """Which task a sweep is on."""

    kind: str
    """A name of ``tasks.TASKS``."""
    path: Path | None = None
    """The user's own file or folder, absolute; for ``arrays`` and ``ucf101`` only."""
    protocol: str = "honest"
    """How the parts are cut; see ``memsweep tasks``."""

    def to_plain(self) -> Any:
        """The form of the sweep file."""
        if self == TaskChoice(kind=self.kind):
            return self.kind
        path = {} if self.path is None else {"path": str(self.path)}
        return {"kind": self.kind, **path, "protocol": self.protocol}


@dataclass(frozen=True, kw_only=True)
class Budget:
    """What ends a sweep before its last configuration."""

    seconds: float | None = None
    """Time, all runs of the sweep together; where this ends a sweep depends on the machine."""
    no_progress: int | None = None
    """Trials in a row, by their numbers, of which none joined the front; those in flight by then are finished."""

    def __post_init__(self) -> None:
        for name in ("seconds", "no_progress"):
            value = getattr(self, name)
            require(value is None or value > 0, f"`budget.{name}` > 0", value, "leave it out for no such limit")

    def to_plain(self) -> dict[str, Any]:
        """The form of the sweep file."""
        return {name: value for name, value in asdict(self).items() if value is not None}


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
    budget: Budget = field(default_factory=Budget)
    """What ends the sweep sooner."""
    chips: int = 8
    """Virtual chips that each is evaluated on."""
    robust: Robust = field(default_factory=Robust)
    """How accuracies over the chips are judged."""
    objectives: dict[str, Direction]
    """What is searched for, in the order of the file."""
    sampler: str = "auto"
    """A name of ``SAMPLERS``."""
    mode: Mode = "reproducible"
    """``reproducible``: results are told in the order of the trials, so that the sweep is a function of this file,
    whatever runs it. ``throughput``: results are told as they come, so that no slow trial holds others up, and which
    configurations are tried depends on the machine. See ``sweeps.driver``."""
    lag: int = 32
    """Trials in flight at most; below twice the workers, some of them idle. In the mode ``reproducible``, trial n is
    asked when exactly the trials up to n - lag have been told, on any machine."""
    fixed: dict[str, Any]
    """Configuration fields that the file fixes, under dotted names."""
    space: Space
    """Configuration fields that vary."""
    file: str | None = field(default=None, compare=False)
    """Name of the file that it was read from; no result depends on it."""

    @property
    def trials(self) -> int:
        """How many trials the sweep has at most: ``configurations``, but each point of a small space only once."""
        size = self.space.size()
        return self.configurations if self.sampler != "auto" or size is None else min(size, self.configurations)

    def evaluator(self, task: Task) -> Evaluator:
        """The evaluator of this sweep's configurations on its task."""
        return Evaluator(task, seed=self.seed, chips=self.chips, robust=self.robust, objectives=dict(self.objectives))

    def values(self, params: Mapping[str, Any]) -> dict[str, Any]:
        """Every configuration field under its dotted name, for what Optuna suggested; not yet validated as a whole."""
        chosen = {**self.fixed, **self.space.decode(params)}
        return {**Configuration.defaults(chosen), **chosen}

    def configuration(self, params: Mapping[str, Any]) -> Configuration:
        """The configuration behind what Optuna suggested.

        Raises ``kinetics.InvalidParameterError`` where dimensions that are good one by one make an impossible
        whole, such as a conductance window with its ends crossed.
        """
        return Configuration.from_dotted(self.values(params))

    def to_dict(self) -> dict[str, Any]:
        """The plain, YAML-safe form of the sweep file; it parses back to an equal ``Spec``."""
        return {
            "name": self.name,
            "task": self.task.to_plain(),
            "seed": self.seed,
            "configurations": self.configurations,
            **({} if self.budget == Budget() else {"budget": self.budget.to_plain()}),
            "chips": self.chips,
            **({} if self.robust == Robust() else {"robust": asdict(self.robust)}),
            "objectives": dict(self.objectives),
            "sampler": self.sampler,
            **({} if self.mode == Spec.mode else {"mode": self.mode}),
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
        document = parse_yaml(text)
    except SpecError as error:
        raise SpecError([f"'{file}': {message}" for message in error.messages]) from None
    return replace(parse_spec(document, overrides, base_dir=file.parent), file=file.name)


def parse_spec(
    mapping: Mapping[str, Any],
    overrides: Mapping[str, Any] | None = None,
    base_dir: str | Path | None = None,
) -> Spec:
    """Turn the plain form of a sweep file into a ``Spec``; raises ``SpecError`` with every mistake.

    ``overrides`` replaces single entries: a configuration field (``pulse.width_s``), a top-level key
    (``seed``), an objective (``objectives.macs``) or a setting of ``robust`` or ``budget``; text is read as YAML, so
    ``"{low: 1, high: 2}"`` is a range. A relative path of the task or of a parameter set starts at ``base_dir``
    (default: the working directory), that of a task in ``overrides`` at the working directory.
    """
    if not isinstance(mapping, Mapping):
        raise SpecError([must("A sweep file must be a mapping", mapping, "start it with `name: my-sweep`")])
    mistakes: list[str] = []
    document = _override(mapping, overrides or {}, mistakes)
    mistakes.extend(unknown("A key of the sweep file", key, _KEYS) for key in document if key not in _KEYS)
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
    budget = read("budget", Budget(), lambda value, mistakes: _read_settings("budget", Budget, value, mistakes))
    robust = read("robust", Robust(), lambda value, mistakes: _read_settings("robust", Robust, value, mistakes))
    mode = read("mode", Spec.mode, _read_mode)
    objectives = read("objectives", dict(_OBJECTIVES), _read_objectives)
    sampler = read("sampler", Spec.sampler, _read_sampler)
    before = len(mistakes)
    fixed, space = read(
        "configuration",
        ({}, Space({})),
        lambda value, mistakes: read_configuration(
            with_parameter_file(value, Path(base_dir or "."), mistakes), mistakes
        ),
    )
    if len(mistakes) == before and "configuration" in document and configurations is not None:
        if not space.dimensions and configurations > 1:
            mistakes.append(
                "An empty search space has one configuration, so `configurations` = 1 must hold, but got "
                f"{configurations}; set `configurations: 1` or make a field vary, such as "
                "`pulse.amplitude_V: {low: 0.5, high: 3.0}`."
            )
        elif chips is not None and robust.racing_chips >= chips:
            rule = f"`robust.racing_chips` < `chips` ({chips}) must hold"
            mistakes.append(must(rule, robust.racing_chips, "race on a few chips, such as 3, or leave it out"))
        elif sampler == "grid" and (mistake := space.grid_mistake(configurations)):
            mistakes.append(mistake)
    if mistakes:
        raise SpecError(mistakes)
    return Spec(
        name=name,
        task=task,
        seed=seed,
        configurations=configurations,
        budget=budget,
        chips=chips,
        robust=robust,
        objectives=objectives,
        sampler=sampler,
        mode=mode,
        lag=lag,
        fixed=fixed,
        space=space,
    )


def _override(mapping: Mapping[str, Any], overrides: Mapping[str, Any], mistakes: list[str]) -> dict[str, Any]:
    """A copy of the document with single entries replaced."""
    document = dict(mapping)
    fields = configuration_fields()
    for name, value in overrides.items():
        if isinstance(value, str):
            try:
                value = parse_yaml(value)
            except SpecError as error:
                mistakes.extend(f"Override `{name}`: {message}" for message in error.messages)
                continue
        section, _, key = name.partition(".")
        if name in fields:
            section, key = "configuration", name
        if name == "task" and isinstance(value, Mapping) and isinstance(value.get("path"), str):
            # Typed on a command line, a path starts where the command is typed, not where the file lies.
            value = {**value, "path": str(Path(value["path"]).expanduser().absolute())}
        if name in _KEYS and name != "configuration":
            document[name] = value
        elif name in fields or (section in ("objectives", "robust", "budget") and key):
            part = document.get(section, _OBJECTIVES if section == "objectives" else {})
            if isinstance(part, Mapping):  # else it is reported where it is read
                document[section] = {**part, key: value}
        else:
            known = [*fields, *(key for key in _KEYS if key != "configuration")]
            mistakes.append(unknown("The name of an override", name, known))
    return document


def _read_name(value: Any, mistakes: list[str]) -> str | None:
    if isinstance(value, str) and _NAME.fullmatch(value):
        return value
    rule = "`name` must be 1 to 100 letters, digits, `-`, `_` or `.`, the first no `.`"
    mistakes.append(must(rule, value, "it names folders: write for example `name: digits-2`"))
    return None


def _read_count(key: str, value: Any, least: int, mistakes: list[str]) -> int | None:
    number = as_type(int, value)
    if number is NO_VALUE or number < least:
        rule = f"`{key}` must be a whole number >= {least}"
        mistakes.append(must(rule, value, f"write for example `{key}: {max(least, 8)}`"))
        return None
    return cast(int, number)


_Settings = TypeVar("_Settings", Budget, Robust)
_EXAMPLES = {"budget": "budget: {no_progress: 500}", "robust": "robust: {yield_target: 0.9}"}


def _read_settings(key: str, kind: type[_Settings], value: Any, mistakes: list[str]) -> _Settings:
    """A mapping of settings, each with a default."""
    kinds = {item.name: item.type for item in fields(kind)}
    if not isinstance(value, Mapping):
        rule = f"`{key}` must be a mapping of settings"
        mistakes.append(must(rule, value, f"write for example `{_EXAMPLES[key]}`"))
        return kind()
    settings = {}
    for name, entry in value.items():
        if name not in kinds:
            mistakes.append(unknown(f"A setting of `{key}`", name, kinds))
        elif (read := read_value(f"{key}.{name}", entry, kinds[name], mistakes)) is not NO_VALUE:
            settings[name] = read
    for name in settings:
        try:
            kind(**{name: settings[name]})
        except InvalidParameterError as error:
            mistakes.append(str(error))
    return kind() if mistakes else kind(**settings)


def _read_mode(value: Any, mistakes: list[str]) -> str | None:
    if isinstance(value, str) and value in get_args(Mode):
        return value
    mistakes.append(unknown("`mode`", value, get_args(Mode)))
    return None


def _read_sampler(value: Any, mistakes: list[str]) -> str | None:
    if isinstance(value, str) and value in SAMPLERS:
        return value
    mistakes.append(unknown("`sampler`", value, SAMPLERS))
    return None


def _read_task(value: Any, base_dir: Path, mistakes: list[str]) -> TaskChoice | None:
    before = len(mistakes)
    entry = value if isinstance(value, Mapping) else {"kind": value}
    keys = ("kind", "path", "protocol")
    mistakes.extend(unknown("A key of `task`", key, keys) for key in entry if key not in keys)
    kind, path, protocol = entry.get("kind"), entry.get("path"), entry.get("protocol", TaskChoice.protocol)
    if not isinstance(kind, str) or kind not in TASKS:
        mistakes.append(unknown("`task`", kind, TASKS))
    elif kind == "arrays" and not (isinstance(path, str) and path):
        rule = "The task 'arrays' must have a path to your file"
        mistakes.append(must(rule, path, "write `task: {kind: arrays, path: my.npz}`"))
    elif kind not in _OWN_DATA and "path" in entry:
        rule = f"The task {kind!r} must have no path, for it brings its own data"
        mistakes.append(must(rule, path, f"write `task: {kind}`, or `kind: arrays` for your own file"))
    elif protocol not in TASKS[kind].protocols:
        mistakes.append(unknown(f"The protocol of the task {kind!r}", protocol, TASKS[kind].protocols))
    if len(mistakes) > before:
        return None
    return TaskChoice(
        kind=cast(str, kind),
        path=None if path is None else (base_dir / Path(path).expanduser()).resolve(),
        protocol=protocol,
    )


def _read_objectives(value: Any, mistakes: list[str]) -> dict[str, Direction] | None:
    if not isinstance(value, Mapping) or not value:
        rule = "`objectives` must be a mapping of at least one name to maximize or minimize"
        mistakes.append(must(rule, value, "write for example `objectives: {accuracy: maximize}`"))
        return None
    for name, direction in value.items():
        if name not in OBJECTIVES:
            mistakes.append(unknown("An objective", name, OBJECTIVES))
        if not isinstance(direction, str) or direction not in _DIRECTIONS:
            mistakes.append(unknown(f"The direction of the objective `{name}`", direction, _DIRECTIONS))
    return dict(value)
