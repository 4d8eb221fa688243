"""Evaluating configurations on one task.

An evaluation is a pure function of (task, configuration, study seed, trial number, chips), but for the time
that it took: the same bits on any worker, in any order. The read-out is trained on the nominal device and then
scored on chips (``exsitu``).
"""

import time
from dataclasses import replace
from typing import NamedTuple

import numpy as np
from threadpoolctl import threadpool_limits

from kinetics import (
    Energy,
    Law,
    draw_chips,
    get_law,
    inference_energy,
    inference_latency_s,
    simulate,
    violating_share,
)
from kinetics.arrays import Coefficients, Float32
from kinetics.conductance import conductance
from tasks import counting
from tasks.configuration import Configuration
from tasks.evaluation import Evaluation
from tasks.features import feature_blocks, feature_matrix, raw_matrix
from tasks.readout import Network, Readout, fit_readout
from tasks.task import Part, Task, require_samples
from tasks.votes import object_labels, object_predictions

_ENERGY_CASES = 256
"""Training cases over which the energy of one inference is averaged."""
_TRAINING, _CHIPS, _VALIDATION_NOISE, _TEST_NOISE = range(4)
"""The random streams of a trial; a new one goes to the end, so that the old ones keep their bits."""
_CONTROL_KEY = (0,)
"""The random stream of the controls: shorter than any trial's, so it meets none of them."""


class ChipScores(NamedTuple):
    """Accuracy of one part on every chip, and what was counted on the way."""

    accuracy: np.ndarray[tuple[int], np.dtype[np.float64]]
    """[chip]."""
    floor_hits: float
    """Share of device-steps held at the floor."""
    outside_window: float
    """Share of readings held at an end of the window."""


class Control(NamedTuple):
    """The same read-out without kinetics."""

    network: Network
    """Trained on the raw samples."""
    accuracy: float
    """Of the validation part."""


class Evaluator:
    """Evaluates configurations on one task; keeps the controls that it has trained."""

    def __init__(self, task: Task, *, seed: int, chips: int) -> None:
        """Take a task, the seed of the study, and the number of chips behind each accuracy.

        Raises:
            TaskError: the task holds words, which no fixed kinetics can take.
        """
        require_samples(task)
        self._task = task
        self._seed = seed
        self._chips = chips
        self._controls: dict[tuple[Readout, int], Control] = {}

    def evaluate(self, configuration: Configuration, *, trial: int, score_test: bool = False) -> Evaluation:
        """Train and score one configuration.

        Args:
            configuration: the point of the design space.
            trial: its number in the study; with the study seed it fixes every random draw.
            score_test: also score the test part. For configurations that have been chosen, once.

        Raises:
            DivergenceError: a trajectory or the training left the numbers.
            InvalidParameterError: device and pulses do not go together.
        """
        with threadpool_limits(limits=1):
            return self._evaluate(configuration, trial, score_test)

    def _evaluate(self, configuration: Configuration, trial: int, score_test: bool) -> Evaluation:
        start = time.perf_counter()
        task, device, pulse = self._task, configuration.device, configuration.pulse
        law = get_law(device.law)
        values = law.coefficients(device, pulse)
        nominal: Coefficients = {name: np.full((1, 1), v, np.float32) for name, v in values.items()}
        quiet = replace(configuration, device=replace(device, c2c=0.0))
        network = fit_readout(
            configuration.readout,
            feature_matrix(law, quiet, nominal, task.train.x),
            task.train.y,
            feature_matrix(law, quiet, nominal, task.validation.x),
            task.validation.y,
            task.classes,
            self._stream(trial, _TRAINING),
        ).network
        varied = device.d2d > 0 or device.c2c > 0
        chips = self._chips if varied else 1
        coefficients = draw_chips(
            values,
            chips=chips,
            devices=task.series,
            d2d=device.d2d,
            rng=np.random.default_rng(self._stream(trial, _CHIPS)),
        )
        scores = self._score(law, configuration, coefficients, network, task.validation, trial, _VALIDATION_NOISE)
        energy = _energy(law, quiet, nominal, task.train.samples(slice(_ENERGY_CASES)), network.macs)
        control = self.control(configuration.readout, pulse.read_every)
        test = (
            self._score(law, configuration, coefficients, network, task.test, trial, _TEST_NOISE).accuracy
            if score_test
            else None
        )
        return Evaluation(
            accuracy=float(scores.accuracy.mean()),
            accuracy_std=float(scores.accuracy.std()),
            accuracy_q05=float(np.quantile(scores.accuracy, 0.05)),
            chips=chips,
            parameters=counting.parameters(law, network),
            macs=counting.macs(law, network, steps=task.steps, series=task.series),
            energy_J=energy.total_J,
            energy_pulses_J=energy.pulses_J,
            energy_reads_J=energy.reads_J,
            energy_converters_J=energy.converters_J,
            energy_readout_J=energy.readout_J,
            latency_s=inference_latency_s(pulse, steps=task.steps, readout_layers=len(network.layers)),
            violations=violating_share(law, coefficients),
            floor_hits=scores.floor_hits,
            outside_window=scores.outside_window,
            control_accuracy=control.accuracy,
            control_parameters=control.network.parameters,
            test_accuracy=None if test is None else float(test.mean()),
            test_accuracy_std=None if test is None else float(test.std()),
            test_accuracy_q05=None if test is None else float(np.quantile(test, 0.05)),
            control_test_accuracy=(
                _accuracy(control.network, raw_matrix(task.test.x, pulse.read_every), task.test, task)
                if score_test
                else None
            ),
            seconds=time.perf_counter() - start,
        )

    def _score(
        self,
        law: Law,
        configuration: Configuration,
        coefficients: Coefficients,
        network: Network,
        part: Part,
        trial: int,
        noise: int,
    ) -> ChipScores:
        """Accuracy of a part on every chip."""
        chips = next(iter(coefficients.values())).shape[0]
        rng = np.random.default_rng(self._stream(trial, noise))
        correct = np.zeros(chips, np.int64)
        floor_hits = outside_window = 0
        votes, log_prior = self._task.votes, self._task.log_prior
        labels = object_labels(part.y, votes)
        for block in feature_blocks(law, configuration, coefficients, part.x, rng=rng, votes=votes):
            objects = slice(block.cases.start // votes, block.cases.stop // votes)
            found = object_predictions(network.scores(block.features), votes, log_prior=log_prior)
            hit = found == labels[objects]
            correct[block.chips] += hit.sum(axis=1)
            floor_hits += block.floor_hits
            outside_window += block.outside_window
        device_steps = chips * part.x.size
        steps = part.x.shape[0]
        readings = device_steps // steps * configuration.pulse.reads(steps)
        return ChipScores(correct / len(labels), floor_hits / device_steps, outside_window / readings)

    def control(self, readout: Readout, read_every: int = 1) -> Control:
        """The control of a read-out; a function of the two arguments and the study seed alone."""
        key = (readout, read_every)
        if key not in self._controls:
            task = self._task
            validation = raw_matrix(task.validation.x, read_every)
            network = fit_readout(
                readout,
                raw_matrix(task.train.x, read_every),
                task.train.y,
                validation,
                task.validation.y,
                task.classes,
                np.random.SeedSequence(self._seed, spawn_key=_CONTROL_KEY),
            ).network
            self._controls[key] = Control(network, _accuracy(network, validation, task.validation, task))
        return self._controls[key]

    def _stream(self, trial: int, purpose: int) -> np.random.SeedSequence:
        """The random stream of one trial for one purpose."""
        return np.random.SeedSequence(self._seed, spawn_key=(trial, purpose))


def _accuracy(network: Network, features: Float32, part: Part, task: Task) -> float:
    """Share of the objects of a part whose class is found."""
    found = object_predictions(network.scores(features), task.votes, log_prior=task.log_prior)
    return float(np.mean(found == object_labels(part.y, task.votes)))


def _energy(law: Law, quiet: Configuration, nominal: Coefficients, x: Float32, macs: int) -> Energy:
    """Energy of one inference on the nominal device, averaged over the cases of ``x``."""
    device = quiet.device
    states = simulate(
        law,
        {name: value[0] for name, value in nominal.items()},
        law.drive(x, device, quiet.pulse),
        floor=device.floor,
        floor_policy=device.floor_policy,
    ).states
    met = conductance(states[:-1], device).value_S
    read = conductance(states[quiet.pulse.read_rows(x.shape[0])], device).value_S
    return inference_energy(quiet.pulse, samples=x, conductance_S=met, read_conductance_S=read, readout_macs=macs)
