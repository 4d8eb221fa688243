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
from tasks.task import Part, Task

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
        """Take a task, the seed of the study, and the number of chips behind each accuracy."""
        self._task = task
        self._seed = seed
        self._chips = chips
        self._controls: dict[Readout, Control] = {}

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
        energy = _energy(law, quiet, nominal, task.train.x[:, :, :_ENERGY_CASES], network.macs)
        control = self._control(configuration.readout)
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
                _accuracy(control.network, raw_matrix(task.test.x), task.test) if score_test else None
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
        for block in feature_blocks(law, configuration, coefficients, part.x, rng=rng):
            hit = network.predict(block.features) == part.y[block.cases]
            correct[block.chips] += hit.sum(axis=1)
            floor_hits += block.floor_hits
            outside_window += block.outside_window
        readings = chips * part.x.size
        return ChipScores(correct / part.cases, floor_hits / readings, outside_window / readings)

    def _control(self, readout: Readout) -> Control:
        """The control of a read-out; a function of the read-out and the study seed alone."""
        if readout not in self._controls:
            task = self._task
            validation = raw_matrix(task.validation.x)
            network = fit_readout(
                readout,
                raw_matrix(task.train.x),
                task.train.y,
                validation,
                task.validation.y,
                task.classes,
                np.random.SeedSequence(self._seed, spawn_key=_CONTROL_KEY),
            ).network
            self._controls[readout] = Control(network, _accuracy(network, validation, task.validation))
        return self._controls[readout]

    def _stream(self, trial: int, purpose: int) -> np.random.SeedSequence:
        """The random stream of one trial for one purpose."""
        return np.random.SeedSequence(self._seed, spawn_key=(trial, purpose))


def _accuracy(network: Network, features: Float32, part: Part) -> float:
    """Share of cases whose class is found."""
    return float(np.mean(network.predict(features) == part.y))


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
    left = conductance(states[1:], device).value_S if quiet.pulse.read_phase == "after" else None
    return inference_energy(quiet.pulse, samples=x, conductance_S=met, read_conductance_S=left, readout_macs=macs)
