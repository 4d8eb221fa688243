"""What a report shows, as plain values: the one thing that crosses between who collects it and who draws it.

Metrics and fields of configurations go by their names (``energy_J``, ``pulse.width_s``), which carry their units.
What a sweep does not have, such as a study of robustness, is empty, and its part of the page is left out.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, kw_only=True)
class PaperPoint:
    """A published network of the same task."""

    label: str
    """Its name in the paper, such as DDK-exp."""
    accuracy: float
    """As published."""
    parameters: float
    """As published."""
    macs: float | None
    """As published."""
    is_reference: bool
    """Whether it is a conventional network that the paper compares with."""


@dataclass(frozen=True, kw_only=True)
class Importance:
    """Which fields decide about an objective (PED-ANOVA)."""

    objective: str
    """The metric."""
    fields: Mapping[str, float]
    """Searched field -> share of the importance, all together 1; largest first."""
    pairs: Sequence[tuple[str, str, float]]
    """Two fields, and what they tell together beyond what each tells alone; largest first, in the same unit."""
    baseline: str
    """In words: which trials are compared with which."""


@dataclass(frozen=True, kw_only=True)
class Example:
    """One real case of the task, and what the device makes of it."""

    label: str
    """Its class."""
    series: int
    """Which of its series the curves below show."""
    time_s: Sequence[float]
    """Start of every step, and the end of the last."""
    pulse_width_s: Sequence[float]
    """Width of the pulse of every step."""
    pulse_V: Sequence[float]
    """Amplitude of the pulse of every step."""
    state: Sequence[float]
    """State of the nominal device at each of ``time_s``."""
    states: Sequence[Sequence[float]]
    """The same for some devices of real chips [chip, time], empty if devices do not vary."""
    read_steps: Sequence[int]
    """Places in ``time_s`` where the state is read."""
    features: Sequence[Sequence[float]]
    """The feature map of the case [series, reading]."""
    samples: Sequence[Sequence[float]]
    """The case itself [series, step]."""


@dataclass(frozen=True, kw_only=True)
class Portrait:
    """One chosen configuration, looked at closely."""

    trial: int
    """Its number."""
    why: str
    """Why it was chosen, in words: "best accuracy", "least energy", "knee of the front"."""
    configuration: Mapping[str, Any]
    """Every field."""
    evaluation: Mapping[str, Any]
    """Every metric, test scores too where the sweep is complete."""
    coefficients: Mapping[str, float]
    """What device and pulse make of the law's coefficients."""
    examples: Sequence[Example]
    """One real case per class, of the part that ``part`` names."""
    classes: Sequence[str]
    """Names of the classes."""
    confusion: Sequence[Sequence[int]]
    """Cases [true class, predicted class] of that part, over all scored chips."""
    part: str
    """The part of the data behind confusion and accuracies: ``test`` for a complete sweep, else ``validation``."""
    energy_J: Mapping[str, float]
    """Component -> energy per inference, largest first."""
    accuracy: Sequence[float]
    """Accuracy of every scored chip [chip]."""


@dataclass(frozen=True, kw_only=True)
class Study:
    """A finished study of robustness: the object that its ``result.json`` holds."""

    name: str
    """Name of the study."""
    trial: int
    """Trial that was studied."""
    result: Mapping[str, Any]
    """``nominal``, ``studied``, ``curves`` (field -> points), ``corners``, ``sobol``, ``control_accuracy``, ``part``,
    ``yield_target``."""


@dataclass(frozen=True, kw_only=True)
class Content:
    """All that a report shows."""

    name: str
    """Name of the sweep."""
    task: str
    """Name of the task."""
    task_description: str
    """One line on its data."""
    question: str
    """What was asked, in words."""
    answer: Sequence[str]
    """What was found, in words: paragraphs, the most important first."""
    complete: bool
    """Whether the sweep has come to its end."""
    planned: int
    """Configurations asked for."""
    finished: int
    """Configurations with an evaluation."""
    failed: int
    """Configurations without."""
    objectives: Mapping[str, str]
    """Metric -> ``maximize`` or ``minimize``."""
    searched: Sequence[str]
    """Fields that were searched."""
    columns: Mapping[str, Sequence[Any]]
    """All trials, a column each: ``trial``, ``state``, ``on_front``, every searched field, the metrics worth showing,
    ``error``. Columns have one length; what a trial lacks is None."""
    front: Sequence[Mapping[str, Any]]
    """The front, the best first: ``trial``, ``configuration``, ``evaluation`` (with test scores if complete)."""
    control: Mapping[str, Any]
    """Metrics of the same read-out without kinetics: ``accuracy``, ``test_accuracy``, ``parameters``."""
    paper: Sequence[PaperPoint] = ()
    """Published networks of the task, if it is one of the paper's."""
    growth: Mapping[str, Sequence[float]] = field(default_factory=dict)
    """``trial``, ``hypervolume``, ``front_size``, ``best_accuracy``: after each trial where one of them changed."""
    hypervolume_unit: str = ""
    """In words."""
    importance: Sequence[Importance] = ()
    """One an objective."""
    portraits: Sequence[Portrait] = ()
    """The chosen configurations."""
    studies: Sequence[Study] = ()
    """Studies of robustness."""
    methods: Mapping[str, str] = field(default_factory=dict)
    """Heading -> how it was done: protocol, parts of the data, seeds, chips, search, statistics, energy."""
    assumptions: Sequence[str] = ()
    """What was assumed, a sentence each."""
    versions: Mapping[str, str] = field(default_factory=dict)
    """Package -> version."""
    checksums: Mapping[str, str] = field(default_factory=dict)
    """Part of the data -> SHA-256 of its samples and labels."""
    spec: str = ""
    """The sweep file."""
    sweep_file: str = ""
    """Path of the sweep file as it was run, for commands that rerun a configuration; empty if they are not offered."""
    home_option: str = ""
    """What commands need beside the name, such as `` --home 'my home'``, quoted; empty where the default does."""
