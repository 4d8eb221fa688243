"""Virtual chips: one draw of every device of a configuration, and how well a read-out does on each.

All draws come from one source: the same source gives the same deviations, in units of their spread, for any
configuration (common random numbers), so that configurations are compared on the same chips.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import product
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from kinetics import device_coefficients, draw_chips, get_law, thermal_factors, violating_share
from kinetics.arrays import Coefficients
from kinetics.population import draw_stuck
from tasks.configuration import Configuration
from tasks.features import feature_blocks
from tasks.held_network import HeldNetwork
from tasks.robust import Accuracies, Robust
from tasks.task import Part, Task
from tasks.trained_readout import TrainedReadout
from tasks.votes import object_labels, object_predictions

Stream = Callable[[int], np.random.SeedSequence]
"""A source of draws: purpose -> random stream."""
DEVICES, STUCK, CROSSBAR, VALIDATION_NOISE, TEST_NOISE, BOOTSTRAP, PICTURE = range(7)
"""Purposes; a new one goes to the end, so that the old ones keep their bits."""
_LOWEST_FACTOR = 0.05
"""Least share of its nominal value that a coefficient has in a corner."""
_SEVERAL = 2
"""Coefficients from which on corners vary them in all combinations no more, but together."""


@dataclass(frozen=True, kw_only=True)
class Devices:
    """The devices of the features on some chips."""

    coefficients: Coefficients
    """Coefficient -> [chip, series], or [1, series] where all chips have the same."""
    stuck: NDArray[np.int8] | None
    """[chip, series]: 1 stuck at the high, -1 at the low end; None if no device is stuck."""
    count: int
    """Chips that differ in their devices, or in the noise of these: 1 if all are alike."""

    def chips(self, some: slice) -> "Devices":
        """The devices of some chips."""
        if self.count == 1:
            return self
        return Devices(
            coefficients={n: value[some] if len(value) > 1 else value for n, value in self.coefficients.items()},
            stuck=None if self.stuck is None else self.stuck[some],
            count=len(range(self.count)[some]),
        )


class ChipScores(NamedTuple):
    """Accuracy of one part on every chip, and what was counted on the way."""

    accuracy: Accuracies
    """[chip]."""
    floor_hits: float
    """Share of device-steps held at the floor."""
    outside_window: float
    """Share of readings held at an end of the window."""


class Answers(NamedTuple):
    """What some chips take some objects of a part for, and what was counted on the way."""

    chips: slice
    """Which chips."""
    objects: slice
    """Which objects."""
    found: NDArray[np.intp]
    """Class [chip, object]."""
    floor_hits: int
    """Device-steps held at the floor."""
    outside_window: int
    """Readings held at an end of the window."""


def varies(configuration: Configuration) -> bool:
    """Whether one chip of a configuration differs from the next, or one use of it from another."""
    return configuration.device.varies or configuration.crossbar.differs_by_chip


def make_devices(configuration: Configuration, *, series: int, chips: int, stream: Stream) -> Devices:
    """Draw the devices of ``chips`` chips at the temperature of use."""
    device, pulse = configuration.device, configuration.pulse
    nominal = device_coefficients(device, pulse)
    warmer = thermal_factors(device, pulse, device.temperature_K + device.temperature_shift_K)
    coefficients = draw_chips(
        {name: value * warmer[name] for name, value in nominal.items()},
        chips=chips if device.d2d else 1,
        devices=series,
        d2d=device.d2d,
        distribution=device.d2d_distribution,
        correlation=device.d2d_correlation,
        rng=np.random.default_rng(stream(DEVICES)),
    )
    stuck = None
    if device.stuck_high or device.stuck_low:
        rng = np.random.default_rng(stream(STUCK))
        stuck = draw_stuck(device.stuck_high, device.stuck_low, (chips, series), rng)
    return Devices(coefficients=coefficients, stuck=stuck, count=chips if device.varies else 1)


def hold_network(
    configuration: Configuration, readouts: Sequence[TrainedReadout], *, chips: int, stream: Stream
) -> HeldNetwork:
    """The read-out of all chips, or one a chip, as their crossbars hold it."""
    return HeldNetwork.on(configuration.crossbar, readouts, chips, stream(CROSSBAR))


def corner_devices(configuration: Configuration, robust: Robust, *, series: int) -> list[Devices]:
    """The corners: every coefficient off by ``corner_sigmas``, high or low, at each temperature of the corners.

    With more than two coefficients all are high or low together, and one after the other.
    """
    device, pulse = configuration.device, configuration.pulse
    names = get_law(device.law).coefficient_names
    spread = robust.corner_sigmas * device.d2d
    ends = (max(1 - spread, _LOWEST_FACTOR), 1 + spread)
    if len(names) <= _SEVERAL:
        corners = list(product(ends, repeat=len(names)))
    else:
        corners = [(end,) * len(names) for end in ends]
        corners += [
            tuple(end if i == one else 1.0 for i in range(len(names))) for one in range(len(names)) for end in ends
        ]
    nominal = device_coefficients(device, pulse)
    degrees = robust.corner_temperature_K
    found = []
    for shift in (-degrees, degrees) if degrees else (0.0,):
        # A shifted device is built, so that it is refused where its parameter set ends.
        warmer = thermal_factors(device, pulse, replace(device, temperature_shift_K=shift).temperature_K + shift)
        columns = {n: [[corner[i] * nominal[n] * warmer[n]] for corner in corners] for i, n in enumerate(names)}
        coefficients = {n: np.repeat(np.array(c, np.float32), series, axis=1) for n, c in columns.items()}
        found.append(Devices(coefficients=coefficients, stuck=None, count=len(corners)))
    return found


def answers_of_chips(
    configuration: Configuration,
    devices: Devices,
    network: HeldNetwork,
    part: Part,
    task: Task,
    source: np.random.SeedSequence,
) -> Iterator[Answers]:
    """What every chip takes the objects of a part for; devices that are alike on all chips are simulated once.

    ``source`` is the random stream of cycle-to-cycle and read noise.
    """
    law = get_law(configuration.device.law)
    devices_source, readout_source = source.spawn(2)
    rng = np.random.default_rng(readout_source)
    votes = task.votes
    for block in feature_blocks(
        law,
        configuration,
        devices.coefficients,
        part.x,
        rng=np.random.default_rng(devices_source),
        votes=votes,
        stuck=devices.stuck,
        chips=devices.count,
    ):
        some = block.chips if devices.count > 1 else slice(None)
        scores = network.chips(some).scores(block.features, rng)
        found = object_predictions(scores, votes, log_prior=task.log_prior)
        objects = slice(block.cases.start // votes, block.cases.stop // votes)
        yield Answers(some, objects, found, block.floor_hits, block.outside_window)


def scored_chips(devices: Devices, network: HeldNetwork) -> int:
    """Chips whose answers differ: 1 if all are alike."""
    return max(devices.count, max(len(layer.weight) for layer in network.layers))


def score_chips(
    configuration: Configuration,
    devices: Devices,
    network: HeldNetwork,
    part: Part,
    task: Task,
    source: np.random.SeedSequence,
) -> ChipScores:
    """Accuracy of a part on every chip; arguments as for ``answers_of_chips``."""
    labels = object_labels(part.y, task.votes)
    correct = np.zeros(scored_chips(devices, network), np.int64)
    floor_hits = outside_window = 0
    for some in answers_of_chips(configuration, devices, network, part, task, source):
        correct[some.chips] += (some.found == labels[some.objects]).sum(axis=1)
        floor_hits += some.floor_hits
        outside_window += some.outside_window
    steps, series, cases = part.x.shape
    readings = configuration.pulse.reads(steps)
    per_step = devices.count * series * cases
    return ChipScores(correct / len(labels), floor_hits / (per_step * steps), outside_window / (per_step * readings))


def violations(configuration: Configuration, devices: Devices) -> float:
    """Share of devices, over all chips, that break the stability rule."""
    return violating_share(get_law(configuration.device.law), devices.coefficients)
