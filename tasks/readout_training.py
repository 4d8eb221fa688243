"""Training the read-out of a configuration: on the nominal device, on a chip that was written, or on every chip.

Each comes out with the same bits, whichever others are trained beside it.
"""

import time
from dataclasses import replace
from typing import NamedTuple

import numpy as np

from kinetics import Law, device_coefficients, get_law
from kinetics.arrays import Coefficients, Float32
from tasks.chips import Devices, make_devices
from tasks.configuration import Configuration
from tasks.features import feature_matrix
from tasks.held_network import weight_error
from tasks.readout import Network, TrainingError, fit_readouts
from tasks.streams import SEARCH, WRITTEN, Streams
from tasks.task import Part, Task
from tasks.trained_readout import TrainedReadout, train_through_kinetics

GROUP_FEATURES = 1 << 21
"""Features that read-outs trained at once may hold together: what fits the cache, so that more gain nothing."""


class Prepared(NamedTuple):
    """A configuration with the features that its read-out is trained on."""

    configuration: Configuration
    """The point of the design space."""
    trial: int
    """Its number in the study."""
    law: Law
    """Of its device."""
    values: dict[str, float]
    """Coefficients of the nominal device."""
    trained_on: Coefficients
    """Coefficients [1, 1], or [1, series] of the chip that was written."""
    quiet: Configuration
    """The configuration without spread and noise."""
    train: Float32
    """Features [case, feature]; none where each chip has its own (``insitu``)."""
    validation: Float32
    """The same of the validation part."""
    seconds: float
    """Time that the features took."""


class ReadoutTraining:
    """Trains read-outs on one task."""

    def __init__(self, task: Task, streams: Streams) -> None:
        """Take the task and the random streams of the study."""
        self._task = task
        self._streams = streams

    def prepare(self, configuration: Configuration, trial: int) -> Prepared:
        """Features of the device that the read-out is trained on; in situ that is each chip's own, later."""
        start = time.perf_counter()
        task = self._task
        law = get_law(configuration.device.law)
        values = device_coefficients(configuration.device, configuration.pulse)
        quiet = replace(configuration, device=configuration.device.nominal())
        trained_on = {name: np.full((1, 1), value, np.float32) for name, value in values.items()}
        stuck = None
        if configuration.readout.trained_for == "noise_aware":
            written = self.written(configuration)
            trained_on, stuck = written.coefficients, written.stuck
        train = validation = np.empty((0, 0), np.float32)
        if configuration.readout.trained_for != "insitu":
            train = feature_matrix(law, quiet, trained_on, task.train.x, stuck=stuck)
            validation = feature_matrix(law, quiet, trained_on, task.validation.x, stuck=stuck)
        seconds = time.perf_counter() - start
        return Prepared(configuration, trial, law, values, trained_on, quiet, train, validation, seconds)

    def train(self, group: list[Prepared]) -> list[TrainedReadout | TrainingError]:
        """The read-outs of configurations that ask for the same one."""
        task = self._task
        readout = group[0].configuration.readout
        seeds = [self._streams.training(prepared.trial) for prepared in group]
        if readout.kind == "network":
            return [self._train_network(prepared, seed) for prepared, seed in zip(group, seeds, strict=True)]
        if readout.trained_for == "insitu":
            return [self._train_first_in_situ(prepared) for prepared in group]
        fits = fit_readouts(
            readout,
            [prepared.train for prepared in group],
            task.train.y,
            [prepared.validation for prepared in group],
            task.validation.y,
            task.classes,
            seeds,
            weight_noise=weight_noise(group[0].configuration),
        )
        return [
            fit if isinstance(fit, TrainingError) else counted(fit.network, prepared.train)
            for fit, prepared in zip(fits, group, strict=True)
        ]

    def _train_network(self, prepared: Prepared, seed: np.random.SeedSequence) -> TrainedReadout | TrainingError:
        """A network that is trained through the kinetics."""
        configuration = prepared.configuration
        try:
            trained = train_through_kinetics(configuration, prepared.values, self._task, seed)
            return replace(trained, centre=float(prepared.train.mean()))
        except TrainingError as error:
            return error

    def _train_first_in_situ(self, prepared: Prepared) -> TrainedReadout | TrainingError:
        """The read-out of the first chip, from which parameters and energy are counted."""
        devices = make_devices(
            prepared.configuration,
            series=self._task.series,
            chips=1,
            stream=self._streams.of_chips(SEARCH),
        )
        try:
            return self.train_in_situ(prepared, devices)[0]
        except TrainingError as error:
            return error

    def train_in_situ(self, prepared: Prepared, devices: Devices) -> list[TrainedReadout]:
        """A read-out for every chip, trained on what that chip shows, its noise included; raises ``TrainingError``."""
        task, configuration, readouts = self._task, prepared.configuration, []
        features = task.train.x.shape[2] * task.series * configuration.pulse.reads(task.steps)
        at_once = max(1, GROUP_FEATURES // features)
        for first in range(0, devices.count, at_once):
            some = range(first, min(first + at_once, devices.count))
            parts = [
                [self._features_of(prepared, devices.chips(slice(chip, chip + 1)), part, chip) for chip in some]
                for part in (task.train, task.validation)
            ]
            seeds = [self._streams.training_in_situ(prepared.trial, chip) for chip in some]
            fits = fit_readouts(
                configuration.readout, parts[0], task.train.y, parts[1], task.validation.y, task.classes, seeds
            )
            for fit, train in zip(fits, parts[0], strict=True):
                if isinstance(fit, TrainingError):
                    raise fit
                readouts.append(counted(fit.network, train))
        return readouts

    def _features_of(self, prepared: Prepared, devices: Devices, part: Part, chip: int) -> Float32:
        """Features [case, feature] of a part on one chip."""
        rng = np.random.default_rng(self._streams.noise_in_situ(prepared.trial, chip))
        return feature_matrix(
            prepared.law,
            prepared.configuration,
            devices.coefficients,
            part.x,
            rng=rng,
            stuck=devices.stuck,
        )

    def written(self, configuration: Configuration) -> Devices:
        """The one chip whose devices are written before its read-out is trained (``noise_aware``)."""
        stream = self._streams.of_chips(WRITTEN)
        return make_devices(configuration, series=self._task.series, chips=1, stream=stream)


def weight_noise(configuration: Configuration) -> float:
    """Noise of the weights in training, relative to the largest weight of a layer."""
    if configuration.readout.trained_for != "noise_aware":
        return 0.0
    return weight_error(configuration.crossbar)


def counted(network: Network, features: Float32) -> TrainedReadout:
    """Plain layers count themselves."""
    return TrainedReadout(
        network=network,
        parameters=network.parameters,
        macs=network.macs,
        centre=float(features.mean(dtype=np.float64)),
    )
