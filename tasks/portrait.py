"""A configuration looked at closely: what its device makes of real cases, and what its chips take them for.

========  =======================================================  =========================
symbol    meaning                                                  shape
========  =======================================================  =========================
states    of the nominal device, and of devices of real chips      [step + 1], [chip, step + 1]
features  of the nominal device, relative to a device at rest      [series, reading]
samples   of the case                                              [series, step]
========  =======================================================  =========================

Chips, devices and answers are those of the evaluation, so the accuracies are the recorded ones. Cycle-to-cycle noise
of the pictured trajectories is a draw of its own. A stuck device goes on moving here: it is its reading that is stuck.
Maps larger than ``LARGEST_MAP`` are reduced to means of neighbours, and curves end after ``LONGEST_CURVE`` steps.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from kinetics import device_coefficients, get_law, lowest_state, simulate
from kinetics.arrays import Coefficients, Float32
from kinetics.pulse import Pulse
from tasks.chips import Devices
from tasks.configuration import Configuration
from tasks.evaluator import Evaluator
from tasks.features import feature_matrix
from tasks.robust import Accuracies
from tasks.task import Part, Task
from tasks.votes import object_labels

DEVICES = 8
"""Devices of real chips whose trajectories are shown."""
LARGEST_MAP = 64
"""Rows and columns of a map at the most."""
LONGEST_CURVE = 256
"""Steps of a curve at the most."""


@dataclass(frozen=True, kw_only=True)
class Case:
    """One real case, and what the device makes of it; curves are of one series, maps of all."""

    label: str
    """Its class."""
    series: int
    """The series of the curves: the one in which the shown cases differ most."""
    time_s: NDArray[np.float64]
    """Start of every step, and the end of the last, s [step + 1]."""
    pulse_width_s: NDArray[np.float64]
    """Width of the pulse of every step, all pulses of a step together, s [step]."""
    pulse_V: NDArray[np.float64]
    """Its amplitude, V [step]; 0 where no pulse is fired."""
    state: Float32
    """State of the nominal device [step + 1]."""
    states: Float32
    """The same for devices of real chips [chip, step + 1]; none if devices do not vary."""
    read_steps: NDArray[np.int64]
    """Places in ``time_s`` where the state is read."""
    features: Float32
    """Feature map [series, reading]."""
    samples: Float32
    """The case [series, step]."""


@dataclass(frozen=True, kw_only=True)
class Portrait:
    """One configuration, looked at closely."""

    coefficients: dict[str, float]
    """Of the nominal device."""
    cases: tuple[Case, ...]
    """The first of each class in the part, in the order of the classes; of an object that consists of several the
    middle one."""
    labels: tuple[str, ...]
    """What the classes are called [class]."""
    confusion: NDArray[np.int64]
    """Objects [true class, found class], over all chips."""
    accuracy: Accuracies
    """Share of objects told right [chip]."""


def make_portrait(
    evaluator: Evaluator,
    task: Task,
    configuration: Configuration,
    *,
    trial: int,
    part: Literal["validation", "test"],
    raced_out: bool = False,
) -> Portrait:
    """Train a configuration once more and look at it.

    Args:
        evaluator: that of the study.
        task: its task.
        configuration: the point of the design space.
        trial: its number in the study.
        part: what the chips are scored on, as for ``Evaluator.recognise``; the cases are of it too.
        raced_out: whether the search left it after the first chips.

    Raises:
        DivergenceError: a trajectory left the numbers.
        TrainingError: the training did.
        InvalidParameterError: device and pulses do not go together.
    """
    recognised = evaluator.recognise(configuration, trial=trial, part=part, raced_out=raced_out)
    scored: Part = getattr(task, part)
    labels = object_labels(scored.y, task.votes)
    pairs = labels * task.classes + recognised.found
    return Portrait(
        coefficients=device_coefficients(configuration.device, configuration.pulse),
        cases=_cases(task, configuration, scored, recognised.devices, recognised.picture),
        labels=task.labels,
        confusion=np.bincount(pairs.ravel(), minlength=task.classes**2).reshape(task.classes, task.classes),
        accuracy=(recognised.found == labels).sum(axis=1) / len(labels),
    )


def _cases(
    task: Task, configuration: Configuration, part: Part, devices: Devices, source: np.random.SeedSequence
) -> tuple[Case, ...]:
    classes, first = np.unique(part.y, return_index=True)
    x = np.asarray(part.x[:, :, first + task.votes // 2], np.float32)
    steps, series, cases = x.shape
    pulse = configuration.pulse
    shown = int(x.var(axis=2).sum(axis=0).argmax())
    length = min(steps, LONGEST_CURVE)
    curve = pulse.coded(x[:length, shown].copy())
    curve[pulse.pulses_fired(steps) :] = 0
    width_s, amplitude_V = _pulses(pulse, curve)
    nominal = {n: np.full((1, 1), v, np.float32) for n, v in device_coefficients(configuration.device, pulse).items()}
    state = _trajectories(configuration, nominal, curve)[0]
    states = np.empty((0, *state.shape), np.float32)
    if configuration.device.d2d > 0 or configuration.device.c2c > 0:
        some = devices.chips(slice(DEVICES))
        own = {name: value[:, min(shown, value.shape[1] - 1), None] for name, value in some.coefficients.items()}
        states = _trajectories(configuration, own, curve, min(some.count, DEVICES), np.random.default_rng(source))
    quiet = replace(configuration, device=configuration.device.nominal())
    features = feature_matrix(get_law(configuration.device.law), quiet, nominal, x).reshape(cases, series, -1)
    read = np.arange(steps + 1)[pulse.read_rows(steps)]
    return tuple(
        Case(
            label=task.labels[label],
            series=shown,
            time_s=pulse.period_s * np.arange(length + 1),
            pulse_width_s=width_s[:, i],
            pulse_V=amplitude_V[:, i],
            state=state[:, i],
            states=states[:, :, i],
            read_steps=read[read <= length],
            features=_reduced(features[i]),
            samples=_reduced(x[:, :, i].T),
        )
        for i, label in enumerate(classes)
    )


def _pulses(pulse: Pulse, coded: Float32) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Width, s, and amplitude, V, of the pulses of coded samples, in their shape."""
    fired = np.ceil(coded).astype(np.float64)  # coded samples lie in [0, 1]
    share = coded.astype(np.float64)
    if pulse.encoding == "amplitude":
        return fired * pulse.width_s, share * pulse.amplitude_V
    return share * pulse.width_s, fired * pulse.amplitude_V


def _trajectories(
    configuration: Configuration,
    coefficients: Coefficients,
    coded: Float32,
    chips: int = 1,
    rng: np.random.Generator | None = None,
) -> Float32:
    """States [chip, step + 1, case] of devices with coefficients [chip or 1, 1] under coded samples [step, case]."""
    device = configuration.device
    law = get_law(device.law)
    drive = law.drive(coded, device, configuration.pulse)
    states = simulate(
        law,
        coefficients,
        np.broadcast_to(drive[:, None], (len(drive), chips, drive.shape[1])),
        floor=lowest_state(device),
        c2c=device.c2c if rng else 0.0,
        rng=rng,
    ).states
    return states.transpose(1, 0, 2)


def _reduced(values: NDArray[Any]) -> Float32:
    """A map with at most ``LARGEST_MAP`` rows and columns, each the mean of neighbours."""
    for axis, size in enumerate(values.shape):
        if size > LARGEST_MAP:
            starts: Sequence[int] = (np.arange(LARGEST_MAP) * size // LARGEST_MAP).tolist()
            lengths = np.expand_dims(np.diff(starts, append=size), 1 - axis)
            values = np.add.reduceat(values, starts, axis=axis) / lengths
    return np.asarray(values, np.float32)
