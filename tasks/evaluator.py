"""Evaluating configurations on one task.

An evaluation is a pure function of (task, configuration, study seed, trial number, chips), but for the time
that it took: the same bits on any worker, in any order. The read-out is trained on the nominal device and then
scored on chips (``exsitu``).
"""

import time
from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np
from threadpoolctl import threadpool_limits

from kinetics import (
    Energy,
    Law,
    Pulse,
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
from tasks.errors import TaskError
from tasks.evaluation import Evaluation
from tasks.features import feature_blocks, feature_matrix, raw_matrix
from tasks.kinetics_network import Dense, KineticsNetwork
from tasks.readout import Network, Readout, TrainingError, fit_readout, fit_readouts
from tasks.task import Part, Task, require_samples
from tasks.trained_readout import TrainedReadout, train_control, train_through_kinetics
from tasks.votes import object_labels, object_predictions

_ENERGY_CASES = 256
"""Training cases over which the energy of one inference is averaged."""
_GROUP_FEATURES = 1 << 21
"""Features that read-outs trained at once may hold together: what fits the cache, so that more gain nothing."""
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
    parameters: int
    """Of its layers."""
    accuracy: float
    """Of the validation part."""


class Request(NamedTuple):
    """One configuration to evaluate."""

    configuration: Configuration
    """The point of the design space."""
    trial: int
    """Its number in the study."""
    score_test: bool
    """Whether the test part is scored too."""


class _Prepared(NamedTuple):
    """A request with the features of its nominal device."""

    request: Request
    law: Law
    values: dict[str, float]
    nominal: Coefficients
    quiet: Configuration
    train: Float32
    validation: Float32
    seconds: float


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
            DivergenceError: a trajectory left the numbers.
            TrainingError: the training did.
            InvalidParameterError: device and pulses do not go together.
        """
        [result] = self.evaluate_many([Request(configuration, trial, score_test)])
        if isinstance(result, Exception):
            raise result
        return result

    def evaluate_many(self, requests: Sequence[Request]) -> list[Evaluation | Exception]:
        """Train and score several configurations; read-outs of one shape are trained at once.

        Each comes out with the bits that ``evaluate`` gives it alone. What goes wrong with one is its own result.
        """
        results: list[Evaluation | Exception] = [RuntimeError("not evaluated")] * len(requests)
        groups: dict[tuple[Readout, int], list[tuple[int, _Prepared]]] = {}
        with threadpool_limits(limits=1):
            for place, request in enumerate(requests):
                try:
                    prepared = self._prepare(request)
                except Exception as error:
                    results[place] = error
                else:
                    key = (request.configuration.readout, prepared.train.shape[1])
                    groups.setdefault(key, []).append((place, prepared))
                    if len(groups[key]) * prepared.train.size >= _GROUP_FEATURES:
                        self._finish_group(groups.pop(key), results)
            for group in groups.values():
                self._finish_group(group, results)
        return results

    def _prepare(self, request: Request) -> _Prepared:
        """Features of the nominal device."""
        start = time.perf_counter()
        task, configuration = self._task, request.configuration
        device = configuration.device
        law = get_law(device.law)
        values = law.coefficients(device, configuration.pulse)
        nominal, quiet = _nominal(values), replace(configuration, device=replace(device, c2c=0.0))
        train = feature_matrix(law, quiet, nominal, task.train.x)
        validation = feature_matrix(law, quiet, nominal, task.validation.x)
        seconds = time.perf_counter() - start
        return _Prepared(request, law, values, nominal, quiet, train, validation, seconds)

    def _finish_group(self, group: list[tuple[int, _Prepared]], results: list[Evaluation | Exception]) -> None:
        """Train the read-outs of a group and score each."""
        start = time.perf_counter()
        trained = self._train([prepared for _, prepared in group])
        share = (time.perf_counter() - start) / len(group)
        for (place, prepared), readout in zip(group, trained, strict=True):
            try:
                if isinstance(readout, Exception):
                    raise readout
                results[place] = self._finish(prepared, readout, share)
            except Exception as error:
                results[place] = error

    def _train(self, group: list[_Prepared]) -> list[TrainedReadout | TrainingError]:
        """The read-outs of configurations that ask for the same one."""
        task = self._task
        readout = group[0].request.configuration.readout
        seeds = [self._stream(prepared.request.trial, _TRAINING) for prepared in group]
        if readout.kind == "network":
            return [self._train_network(prepared, seed) for prepared, seed in zip(group, seeds, strict=True)]
        fits = fit_readouts(
            readout,
            [prepared.train for prepared in group],
            task.train.y,
            [prepared.validation for prepared in group],
            task.validation.y,
            task.classes,
            seeds,
        )
        return [fit if isinstance(fit, TrainingError) else _counted(fit.network) for fit in fits]

    def _train_network(self, prepared: _Prepared, seed: np.random.SeedSequence) -> TrainedReadout | TrainingError:
        """A network that is trained through the kinetics."""
        configuration = prepared.request.configuration
        try:
            return train_through_kinetics(
                configuration.readout,
                prepared.law,
                prepared.values,
                configuration.pulse,
                configuration.device.floor,
                self._task,
                seed,
            )
        except TrainingError as error:
            return error

    def _finish(self, prepared: _Prepared, readout: TrainedReadout, training_s: float) -> Evaluation:
        """Score a trained read-out on chips and count what it costs."""
        start = time.perf_counter()
        task, law, request, network = self._task, prepared.law, prepared.request, readout.network
        configuration, trial = request.configuration, request.trial
        device, pulse = configuration.device, configuration.pulse
        varied = device.d2d > 0 or device.c2c > 0
        chips = self._chips if varied else 1
        coefficients = draw_chips(
            prepared.values,
            chips=chips,
            devices=task.series,
            d2d=device.d2d,
            rng=np.random.default_rng(self._stream(trial, _CHIPS)),
        )
        scores = self._score(law, configuration, coefficients, network, task.validation, trial, _VALIDATION_NOISE)
        energy = _energy(law, prepared.quiet, prepared.nominal, task.train.samples(slice(_ENERGY_CASES)), readout.macs)
        control = self.control(configuration.readout, pulse)
        test = control_test = None
        if request.score_test:
            test = self._score(law, configuration, coefficients, network, task.test, trial, _TEST_NOISE).accuracy
            control_test = _accuracy(control.network, raw_matrix(task.test.x, pulse.read_every), task.test, task)
        return Evaluation(
            accuracy=float(scores.accuracy.mean()),
            accuracy_std=float(scores.accuracy.std()),
            accuracy_q05=float(np.quantile(scores.accuracy, 0.05)),
            chips=chips,
            parameters=counting.parameters(law, readout.parameters),
            macs=counting.macs(law, readout.macs, steps=task.steps, series=task.series),
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
            control_parameters=control.parameters,
            test_accuracy=None if test is None else float(test.mean()),
            test_accuracy_std=None if test is None else float(test.std()),
            test_accuracy_q05=None if test is None else float(np.quantile(test, 0.05)),
            control_test_accuracy=control_test,
            seconds=prepared.seconds + training_s + time.perf_counter() - start,
        )

    def trained_network(self, configuration: Configuration, *, trial: int) -> KineticsNetwork:
        """The network that ``evaluate`` trains and scores, as one that a file can hold.

        Raises:
            TaskError: its features are no plain states, so the file's form cannot express it.
        """
        device, pulse = configuration.device, configuration.pulse
        prepared = self._prepare(Request(configuration, trial, False))
        blocks = feature_blocks(prepared.law, prepared.quiet, prepared.nominal, self._task.train.x)
        held = sum(block.outside_window for block in blocks)
        if device.conducts_as != "w" or pulse.encoding != "width" or held:
            raise TaskError(
                "A network file holds states under width coding, so `device.conducts_as` = 'w', `pulse.encoding` = "
                "'width' and a window that holds no reading are needed, but got "
                f"({device.conducts_as!r}, {pulse.encoding!r}, {held} readings held); widen the window, say."
            )
        with threadpool_limits(limits=1):
            [trained] = self._train([prepared])
        if isinstance(trained, TrainingError):
            raise trained
        network = trained.network
        return KineticsNetwork(
            law=prepared.law.name,
            coefficients={name: np.asarray(value, np.float32) for name, value in prepared.values.items()},
            layers=tuple(Dense(layer.weight, layer.bias) for layer in network.layers),
            activation=network.activation,
            floor=device.floor,
            read_every=pulse.read_every,
            read_phase=pulse.read_phase,
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

    def control(self, readout: Readout, pulse: Pulse) -> Control:
        """The control of a read-out; a function of it, of which states are read, and of the study seed alone."""
        key = (readout, pulse.read_every)
        if key not in self._controls:
            task, seed = self._task, np.random.SeedSequence(self._seed, spawn_key=_CONTROL_KEY)
            validation = raw_matrix(task.validation.x, pulse.read_every)
            if readout.kind == "network":
                trained = train_control(readout, pulse, task, seed)
            else:
                train = raw_matrix(task.train.x, pulse.read_every)
                fit = fit_readout(readout, train, task.train.y, validation, task.validation.y, task.classes, seed)
                trained = _counted(fit.network)
            accuracy = _accuracy(trained.network, validation, task.validation, task)
            self._controls[key] = Control(trained.network, trained.parameters, accuracy)
        return self._controls[key]

    def _stream(self, trial: int, purpose: int) -> np.random.SeedSequence:
        """The random stream of one trial for one purpose."""
        return np.random.SeedSequence(self._seed, spawn_key=(trial, purpose))


def _counted(network: Network) -> TrainedReadout:
    """Plain layers count themselves."""
    return TrainedReadout(network=network, parameters=network.parameters, macs=network.macs)


def _nominal(values: dict[str, float]) -> Coefficients:
    """One chip of equal devices, as scalars that broadcast."""
    return {name: np.full((1, 1), value, np.float32) for name, value in values.items()}


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
