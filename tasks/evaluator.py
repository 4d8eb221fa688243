"""Evaluating configurations on one task.

An evaluation is a pure function of (task, configuration, study seed, trial number, chips), but for the time that it
took: the same bits on any worker, in any order. How the read-out is trained before is up to ``readout.trained_for``.
"""

import time
from collections.abc import Sequence
from dataclasses import replace
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from kinetics import Crossbar, Pulse, lowest_state
from kinetics.arrays import Coefficients, Float32
from tasks import counting
from tasks.chips import (
    BOOTSTRAP,
    PICTURE,
    TEST_NOISE,
    VALIDATION_NOISE,
    ChipScores,
    Devices,
    answers_of_chips,
    corner_devices,
    hold_network,
    make_devices,
    score_chips,
    scored_chips,
    varies,
    violations,
)
from tasks.configuration import Configuration
from tasks.cost import cost_of
from tasks.errors import TaskError
from tasks.evaluation import Evaluation
from tasks.features import feature_blocks, raw_matrix
from tasks.held_network import HeldNetwork
from tasks.kinetics_network import Dense, KineticsNetwork
from tasks.readout import Network, Readout, TrainingError, fit_readout
from tasks.readout_training import GROUP_FEATURES, Prepared, ReadoutTraining, counted, weight_noise
from tasks.robust import Robust, dominated
from tasks.streams import FRESH, SEARCH, STUDY, Streams
from tasks.task import Part, Task, require_samples
from tasks.trained_readout import TrainedReadout, train_control
from tasks.votes import object_labels, object_predictions

_IDEAL = Crossbar()


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
    chosen: bool = False
    """Whether it was chosen: fresh chips and the test part are scored too, once."""
    rivals: tuple[dict[str, float], ...] = ()
    """Objectives of the front so far, for racing."""


class Variant(NamedTuple):
    """A trained configuration, used on chips that differ from what it was designed for."""

    designed: Configuration
    """What the read-out is trained for."""
    trial: int
    """Its number in the study, which fixes the training."""
    used: Configuration
    """The same with other spreads, faults, temperature, bits: where it is scored. A read-out that is trained for chips
    (``insitu``, ``noise_aware``) is trained for these."""
    chips: int
    """How many, if anything varies."""
    part: Literal["validation", "test"] = "validation"
    """What is scored."""


class Recognised(NamedTuple):
    """Every answer behind the accuracy of an evaluation."""

    devices: Devices
    """Of the chips that were scored."""
    found: NDArray[np.intp]
    """Class that each chip takes each object for [chip, object]; one row if all chips are alike."""
    picture: np.random.SeedSequence
    """Random stream for those who draw the devices at work."""


class _Population(NamedTuple):
    """Some chips of one configuration, ready to be scored."""

    devices: Devices
    network: HeldNetwork
    chips: int


class Evaluator:
    """Evaluates configurations on one task; keeps the controls that it has trained."""

    def __init__(
        self,
        task: Task,
        *,
        seed: int,
        chips: int,
        robust: Robust | None = None,
        objectives: dict[str, str] | None = None,
    ) -> None:
        """Take a task and what all evaluations of a study share.

        Args:
            task: the data.
            seed: of the study.
            chips: behind each accuracy.
            robust: how accuracies over chips are judged.
            objectives: name -> ``maximize`` or ``minimize``; corners are scored if ``accuracy_corner`` is one, and
                racing compares by them.

        Raises:
            TaskError: the task holds words, which no fixed kinetics can take.
        """
        require_samples(task)
        self._task = task
        self._streams = Streams(seed)
        self._training = ReadoutTraining(task, self._streams)
        self._chips = chips
        self._robust = robust or Robust()
        self._objectives = objectives or {}
        self._controls: dict[tuple[Readout, int], Control] = {}
        self._designed: dict[tuple[Configuration, int], tuple[Prepared, TrainedReadout]] = {}

    def evaluate(self, configuration: Configuration, *, trial: int, chosen: bool = False) -> Evaluation:
        """Train and score one configuration.

        Args:
            configuration: the point of the design space.
            trial: its number in the study; with the study seed it fixes every random draw.
            chosen: also score fresh chips and the test part. For configurations that have been chosen, once.

        Raises:
            DivergenceError: a trajectory left the numbers.
            TrainingError: the training did.
            InvalidParameterError: device and pulses do not go together.
        """
        [result] = self.evaluate_many([Request(configuration, trial, chosen)])
        if isinstance(result, Exception):
            raise result
        return result

    def evaluate_many(self, requests: Sequence[Request]) -> list[Evaluation | Exception]:
        """Train and score several configurations; read-outs of one shape are trained at once.

        Each comes out with the bits that ``evaluate`` gives it alone. What goes wrong with one is its own result.
        """
        results: list[Evaluation | Exception] = [RuntimeError("not evaluated")] * len(requests)
        groups: dict[tuple[Readout, int, float], list[tuple[int, Prepared]]] = {}
        with threadpool_limits(limits=1):
            for place, request in enumerate(requests):
                try:
                    prepared = self._training.prepare(request.configuration, request.trial)
                except Exception as error:
                    results[place] = error
                else:
                    noise = weight_noise(request.configuration)
                    key = (request.configuration.readout, prepared.train.shape[1], noise)
                    groups.setdefault(key, []).append((place, prepared))
                    if len(groups[key]) * prepared.train.size >= GROUP_FEATURES:
                        self._finish_group(groups.pop(key), requests, results)
            for group in groups.values():
                self._finish_group(group, requests, results)
        return results

    def score(self, variant: Variant) -> ChipScores:
        """Accuracy on each chip of a variant; equal chips for equal spreads in all variants of a study.

        Trained read-outs are kept, so that many variants of one design cost one training.

        Raises:
            DivergenceError: a trajectory left the numbers.
            TrainingError: the training did.
            InvalidParameterError: device and pulses do not go together.
        """
        used = variant.used
        trained_for_chips = used.readout.trained_for != "exsitu"
        key = (used if trained_for_chips else variant.designed, variant.trial)
        with threadpool_limits(limits=1):
            if key not in self._designed:
                prepared = self._training.prepare(*key)
                [readout] = self._training.train([prepared])
                if isinstance(readout, TrainingError):
                    raise readout
                self._designed = {key: (prepared, readout)}
            prepared, readout = self._designed[key]
            prepared = prepared._replace(configuration=used)
            population = self._population(prepared, readout, STUDY, variant.chips)
            noise = TEST_NOISE if variant.part == "test" else VALIDATION_NOISE
            part: Part = getattr(self._task, variant.part)
            return self._score(prepared, population, part, self._streams.of_chips(STUDY)(noise))

    def recognise(
        self, configuration: Configuration, *, trial: int, part: Literal["validation", "test"], raced_out: bool = False
    ) -> Recognised:
        """Train a configuration as ``evaluate`` does, and give every answer instead of their share that is right.

        Args:
            configuration: the point of the design space.
            trial: its number in the study.
            part: ``validation`` takes the chips of the search, ``test`` the fresh ones; the test part is for
                configurations that have been chosen.
            raced_out: whether the search left it after the first chips, which are then all.

        Raises:
            DivergenceError: a trajectory left the numbers.
            TrainingError: the training did.
            InvalidParameterError: device and pulses do not go together.
        """
        with threadpool_limits(limits=1):
            prepared = self._training.prepare(configuration, trial)
            [readout] = self._training.train([prepared])
            if isinstance(readout, TrainingError):
                raise readout
            if part == "test":
                population = self._population(prepared, readout, FRESH, self._robust.fresh_chips)
                groups = [(slice(None), self._streams.of_chips(FRESH)(TEST_NOISE))]
            else:
                population = self._population(prepared, readout, SEARCH, self._chips)
                source, racing = self._streams.of_chips(SEARCH)(VALIDATION_NOISE), self._robust.racing_chips
                groups = [(slice(None), source)]
                if 0 < racing < population.chips:
                    groups = list(zip((slice(racing), slice(racing, population.chips)), source.spawn(2), strict=True))
            scored: Part = getattr(self._task, part)
            found = [
                self._found(configuration, _some(population, chips), scored, source)
                for chips, source in (groups[:1] if raced_out else groups)
            ]
        return Recognised(population.devices, np.concatenate(found), self._streams.of_chips(SEARCH)(PICTURE))

    def _found(
        self, configuration: Configuration, population: _Population, part: Part, source: np.random.SeedSequence
    ) -> NDArray[np.intp]:
        """Class that each chip takes each object of a part for [chip, object]."""
        devices, network = population.devices, population.network
        found = np.empty((scored_chips(devices, network), part.cases // self._task.votes), np.intp)
        for some in answers_of_chips(configuration, devices, network, part, self._task, source):
            found[some.chips, some.objects] = some.found
        return found

    def _finish_group(
        self,
        group: list[tuple[int, Prepared]],
        requests: Sequence[Request],
        results: list[Evaluation | Exception],
    ) -> None:
        """Train the read-outs of a group and score each."""
        start = time.perf_counter()
        trained = self._train([prepared for _, prepared in group])
        share = (time.perf_counter() - start) / len(group)
        for (place, prepared), readout in zip(group, trained, strict=True):
            try:
                if isinstance(readout, Exception):
                    raise readout
                results[place] = self._finish(requests[place], prepared, readout, share)
            except Exception as error:
                results[place] = error

    def _train(self, group: list[Prepared]) -> list[TrainedReadout | Exception]:
        """The read-outs of a group; each alone if they fail together, so that what goes wrong with one is its own."""
        try:
            return [*self._training.train(group)]
        except Exception as error:
            if len(group) == 1:
                return [error]
        # Outside the handler, whose error keeps the arrays of the training alive.
        return [readout for prepared in group for readout in self._train([prepared])]

    def _finish(self, request: Request, prepared: Prepared, readout: TrainedReadout, training_s: float) -> Evaluation:
        """Score a trained read-out on chips and count what it costs."""
        start = time.perf_counter()
        task, law = self._task, prepared.law
        configuration, pulse = request.configuration, request.configuration.pulse
        cost = cost_of(configuration, _nominal(prepared.values), readout.network, readout.macs, task)
        control = self.control(configuration.readout, pulse)
        population = self._population(prepared, readout, SEARCH, self._chips)
        evaluation = Evaluation(
            **self._robust.statistics(np.zeros(1)),
            chips=population.chips,
            parameters=counting.parameters(law, readout.parameters),
            macs=counting.macs(law, readout.macs, steps=task.steps, series=task.series),
            energy_J=cost.energy.total_J,
            energy_pulses_J=cost.energy.pulses_J,
            energy_reads_J=cost.energy.reads_J,
            energy_lines_J=cost.energy.lines_J,
            energy_converters_J=cost.energy.dac_J + cost.energy.adc_J,
            energy_readout_J=cost.energy.buffers_J + cost.energy.readout_J,
            latency_s=cost.latency_s,
            area_m2=cost.area_m2,
            violations=violations(configuration, population.devices),
            floor_hits=0.0,
            outside_window=0.0,
            control_accuracy=control.accuracy,
            control_parameters=control.parameters,
            accuracy_corner=self._worst_corner(prepared, readout),
            seconds=0.0,
        )
        evaluation = self._scored(evaluation, prepared, population, request.rivals)
        if request.chosen:
            evaluation = self._scored_again(evaluation, prepared, readout, control)
        return replace(evaluation, seconds=prepared.seconds + training_s + time.perf_counter() - start)

    def _population(self, prepared: Prepared, readout: TrainedReadout, chip_set: int, chips: int) -> _Population:
        """Draw the chips of a set, with a read-out on each."""
        configuration = prepared.configuration
        mode, stream = configuration.readout.trained_for, self._streams.of_chips(chip_set)
        chips = chips if varies(configuration) else 1
        devices = make_devices(configuration, series=self._task.series, chips=chips, stream=stream)
        readouts = [readout]
        if mode == "noise_aware":
            written = self._training.written(configuration)
            noisy = configuration.device.c2c > 0 or configuration.device.read_noise > 0
            devices = replace(written, count=chips if noisy else 1)
            if devices.stuck is not None:
                devices = replace(devices, stuck=np.repeat(devices.stuck, devices.count, axis=0))
            chips = chips if noisy or configuration.crossbar.differs_by_chip else 1
        elif mode == "insitu":
            readouts = self._training.train_in_situ(prepared, devices)
        return _Population(devices, hold_network(configuration, readouts, chips=chips, stream=stream), chips)

    def _scored(
        self, evaluation: Evaluation, prepared: Prepared, population: _Population, rivals: Sequence[dict[str, float]]
    ) -> Evaluation:
        """The evaluation with its accuracies; after the first chips alone, if it cannot reach the front any more."""
        source = self._streams.of_chips(SEARCH)(VALIDATION_NOISE)
        racing = self._robust.racing_chips
        if not 0 < racing < population.chips:
            return self._judged(evaluation, self._score(prepared, population, self._task.validation, source))
        first_source, rest_source = source.spawn(2)
        first = self._score(prepared, _some(population, slice(racing)), self._task.validation, first_source)
        best = {
            name: getattr(evaluation, name) for name in self._objectives if not name.startswith("accuracy")
        } | self._robust.optimistic(first.accuracy)
        if evaluation.accuracy_corner is not None:
            best["accuracy_corner"] = evaluation.accuracy_corner
        if dominated(best, rivals, self._objectives):
            return replace(self._judged(evaluation, first), chips=racing, raced_out=True)
        rest_chips = slice(racing, population.chips)
        rest = self._score(prepared, _some(population, rest_chips), self._task.validation, rest_source)
        shares = np.array([racing, population.chips - racing]) / population.chips
        together = ChipScores(
            np.concatenate([first.accuracy, rest.accuracy]),
            float(shares @ (first.floor_hits, rest.floor_hits)),
            float(shares @ (first.outside_window, rest.outside_window)),
        )
        return self._judged(evaluation, together)

    def _judged(self, evaluation: Evaluation, scores: ChipScores) -> Evaluation:
        return replace(
            evaluation,
            **self._robust.statistics(scores.accuracy),
            floor_hits=scores.floor_hits,
            outside_window=scores.outside_window,
        )

    def _scored_again(
        self, evaluation: Evaluation, prepared: Prepared, readout: TrainedReadout, control: Control
    ) -> Evaluation:
        """The evaluation with what fresh chips make of both parts; the one place that sees the test part."""
        task, pulse = self._task, prepared.configuration.pulse
        population = self._population(prepared, readout, FRESH, self._robust.fresh_chips)
        stream = self._streams.of_chips(FRESH)
        fresh = self._score(prepared, population, task.validation, stream(VALIDATION_NOISE)).accuracy
        test = self._score(prepared, population, task.test, stream(TEST_NOISE)).accuracy
        low, high = self._robust.interval(fresh, np.random.default_rng(stream(BOOTSTRAP)))
        raw_test = raw_matrix(task.test.x, pulse.read_every)
        test_low, test_high = self._robust.interval(test, np.random.default_rng(stream(BOOTSTRAP)))
        return replace(
            evaluation,
            fresh_chips=population.chips,
            fresh_accuracy=float(fresh.mean()),
            fresh_accuracy_low=low,
            fresh_accuracy_high=high,
            test_accuracy=float(test.mean()),
            test_accuracy_low=test_low,
            test_accuracy_high=test_high,
            test_accuracy_std=float(test.std()),
            test_accuracy_q05=float(np.quantile(test, 0.05)),
            control_test_accuracy=_accuracy(control.network, raw_test, task.test, task),
        )

    def _worst_corner(self, prepared: Prepared, readout: TrainedReadout) -> float | None:
        """Accuracy of the validation part in the worst corner; None unless it is an objective."""
        if "accuracy_corner" not in self._objectives:
            return None
        # A corner is one chip in which all devices are off in the same way, without noise.
        network = HeldNetwork.on(_IDEAL, [readout], 1, np.random.SeedSequence(0))
        return min(
            float(self._score_quietly(prepared, _Population(devices, network, devices.count)).accuracy.min())
            for devices in corner_devices(prepared.configuration, self._robust, series=self._task.series)
        )

    def _score_quietly(self, prepared: Prepared, population: _Population) -> ChipScores:
        source = np.random.SeedSequence(0)  # nothing is drawn from it
        return score_chips(
            prepared.quiet, population.devices, population.network, self._task.validation, self._task, source
        )

    def _score(
        self, prepared: Prepared, population: _Population, part: Part, source: np.random.SeedSequence
    ) -> ChipScores:
        return score_chips(prepared.configuration, population.devices, population.network, part, self._task, source)

    def trained_network(self, configuration: Configuration, *, trial: int) -> KineticsNetwork:
        """The network that ``evaluate`` trains and scores, as one that a file can hold.

        Raises:
            TaskError: its features are no plain states, so the file's form cannot express it.
        """
        device, pulse = configuration.device, configuration.pulse
        prepared = self._training.prepare(configuration, trial)
        blocks = feature_blocks(prepared.law, prepared.quiet, prepared.trained_on, self._task.train.x)
        held = sum(block.outside_window for block in blocks)
        needed = (
            ("device.law", device.law, "drift_diffusion"),
            ("device.g_leak_S", device.g_leak_S, 0),
            ("device.conducts_as", device.conducts_as, "w"),
            ("pulse.encoding", pulse.encoding, "width"),
            ("pulse.dac_bits", pulse.dac_bits, 0),
            ("pulse.adc_bits", pulse.adc_bits, 0),
            ("readout.trained_for", configuration.readout.trained_for, "exsitu"),
            ("readings that the window held", held, 0),
        )
        if wrong := [(name, value, wanted) for name, value, wanted in needed if value != wanted]:
            raise TaskError(
                "A network file holds states of the nominal device under width coding, so "
                + " and ".join(f"`{name}` = {wanted!r}" for name, _, wanted in wrong)
                + f" must hold, but got {', '.join(repr(value) for _, value, _ in wrong)}; "
                "change that, or keep the configuration instead of its network."
            )
        with threadpool_limits(limits=1):
            [trained] = self._training.train([prepared])
        if isinstance(trained, TrainingError):
            raise trained
        network = trained.network
        return KineticsNetwork(
            law=prepared.law.name,
            coefficients={name: np.asarray(value, np.float32) for name, value in prepared.values.items()},
            layers=tuple(Dense(layer.weight, layer.bias) for layer in network.layers),
            activation=network.activation,
            floor=lowest_state(device),
            read_every=pulse.read_every,
            read_phase=pulse.read_phase,
        )

    def control(self, readout: Readout, pulse: Pulse) -> Control:
        """The control of a read-out; a function of it, of which states are read, and of the study seed alone."""
        key = (readout, pulse.read_every)
        if key not in self._controls:
            task, seed = self._task, self._streams.control
            validation = raw_matrix(task.validation.x, pulse.read_every)
            if readout.kind == "network":
                trained = train_control(readout, pulse, task, seed)
            else:
                train = raw_matrix(task.train.x, pulse.read_every)
                fit = fit_readout(readout, train, task.train.y, validation, task.validation.y, task.classes, seed)
                trained = counted(fit.network, train)
            accuracy = _accuracy(trained.network, validation, task.validation, task)
            self._controls[key] = Control(trained.network, trained.parameters, accuracy)
        return self._controls[key]


def _nominal(values: dict[str, float]) -> Coefficients:
    """One chip of equal devices, as numbers that broadcast."""
    return {name: np.full((1, 1), value, np.float32) for name, value in values.items()}


def _some(population: _Population, chips: slice) -> _Population:
    """Some chips of a population."""
    count = len(range(population.chips)[chips])
    return _Population(population.devices.chips(chips), population.network.chips(chips), count)


def _accuracy(network: Network, features: Float32, part: Part, task: Task) -> float:
    """Share of the objects of a part whose class is found."""
    found = object_predictions(network.scores(features), task.votes, log_prior=task.log_prior)
    return float(np.mean(found == object_labels(part.y, task.votes)))
