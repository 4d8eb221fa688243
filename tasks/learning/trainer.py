"""Trains K networks of one architecture at once, law included.

Members have their own start, shuffles, augmentation, step size, decay and stopping, and end with the same bits
as if trained alone (see ``tasks.readout.layers``). They are trained in groups that fit the cache, which
changes nothing but the time. A member that leaves the numbers is reported with its reason; others go on.

Where the law is fixed and nothing augments the cases, features are computed once; else with every batch.

Members may go on from networks that there are, as after a chip was written: their coefficients and embeddings stay.
"""

import math
from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from kinetics import DivergenceError
from kinetics.errors import require
from tasks.kinetics_network import KineticsNetwork
from tasks.learning.architecture import Architecture
from tasks.learning.batches import Features, Series, Source, Whole, Words, whole_drive
from tasks.learning.build import allocate, build_layers, export, load_dense, load_written
from tasks.learning.checks import check_part, check_settings, check_start, check_votes
from tasks.learning.embedding_layer import EmbeddingCache, EmbeddingLayer
from tasks.learning.kinetics_layer import KineticsLayer
from tasks.learning.problem import Member, Problem
from tasks.learning.result import Curve, FailedNetwork, TrainedNetwork
from tasks.learning.row_adam import RowAdam
from tasks.learning.scoring import Scorer
from tasks.learning.sgd import Sgd
from tasks.learning.shape_layers import PerStepLayer, StandardiseLayer
from tasks.learning.training import Training
from tasks.readout.adam import Adam
from tasks.readout.arrays import Float64, Floats
from tasks.readout.layers import Cache, Views
from tasks.readout.loss import CrossEntropy
from tasks.readout.stack import Stack
from tasks.readout.standardisation import Standardisation
from tasks.readout.trainer import EarlyStopping, Seed
from tasks.readout.weight_noise import NoisyWeights, cut_weights
from tasks.task import Part

_STANDARDISE_CASES = 8192
_STANDARDISE_TEXTS = 256
"""Texts are wider than other cases, and each holds many words."""
_WAY_OUT = "lower `learning_rate` or set `clip_norm`"


def train_networks(
    architecture: Architecture,
    training: Training,
    train: Part,
    validation: Part | None = None,
    test_for_paper: Part | None = None,
    *,
    seeds: Sequence[Seed],
    votes: int = 1,
    log_prior: Float64 | None = None,
    learning_rates: Sequence[float] | None = None,
    weight_decays: Sequence[float] | None = None,
    start: Sequence[KineticsNetwork] | None = None,
) -> list[TrainedNetwork | FailedNetwork]:
    """Train one network per seed.

    Args:
        architecture: shape of every network.
        training: how each is trained.
        train: what it is trained on, x [time, series, case], or words [time, 1, case].
        validation: chooses the epoch; watched by ``keep`` "last" too, if given.
        test_for_paper: chooses the epoch under ``keep`` "best_test", and must be absent otherwise.
        seeds: one per member: its start, shuffles and augmentation follow from it alone.
        votes: consecutive cases that form one object, for the accuracy.
        log_prior: log of each class's frequency in training, which soft votes count once an object, not once a
            case (see ``Task.log_prior``); None takes all classes as equally frequent, as
            ``balanced`` training does in any case.
        learning_rates: one per member, instead of that of ``training``.
        weight_decays: the same.
        start: networks to go on from, one per member. Their coefficients and embeddings are taken as they are and stay;
            dense layers and batch norms are trained further.

    Raises:
        DataError: a part does not fit the architecture.
        InvalidParameterError: the settings do not fit each other.
    """
    watched = test_for_paper if training.keep == "best_test" else validation
    check_settings(architecture, training, validation, test_for_paper)
    check_part("train", train, architecture)
    if watched is not None:
        check_part("watched", watched, architecture)
        require(votes >= 1, "`votes` >= 1", votes, "1: every case is an object")
        check_votes("watched", watched.y, votes)
    rates = [training.learning_rate] * len(seeds) if learning_rates is None else list(learning_rates)
    decays = [training.weight_decay] * len(seeds) if weight_decays is None else list(weight_decays)
    starts: list[KineticsNetwork | None] = [None] * len(seeds) if start is None else list(start)
    members = [Member(*member) for member in zip(seeds, rates, decays, starts, strict=True)]
    for network in start or ():
        check_start(network, architecture)
    problem = Problem(architecture, training, train, watched, votes, log_prior, written=start is not None)
    size = problem.group_size
    return [
        result
        for start in range(0, len(members), size)
        for result in _train_group(problem, members[start : start + size])
    ]


def _train_group(problem: Problem, members: list[Member]) -> list[TrainedNetwork | FailedNetwork]:
    """Train some members; where the kinetics of one diverge, each alone, which gives the others the same bits."""
    try:
        return _Group(problem, members).run()
    except DivergenceError as error:
        if len(members) == 1:
            return [FailedNetwork(reason=f"{error} {_WAY_OUT} or set `stable`.", epochs_run=0)]
        return [result for member in members for result in _train_group(problem, [member])]


class _Group:
    """Members that are trained at once."""

    def __init__(self, problem: Problem, members: list[Member]) -> None:
        self._problem = problem
        architecture, training = problem.architecture, problem.training
        self._rngs = [np.random.default_rng(member.seed) for member in members]
        layers = build_layers(architecture, training, with_kinetics=not problem.once, written=problem.written)
        self._stack = Stack(layers, len(members))
        self._coefficients = [self._draw_fixed(rng) for rng in self._rngs] if problem.once else []
        self._stack.initialise(self._rngs)
        starts = [(k, member.start) for k, member in enumerate(members) if member.start is not None]
        for member, network in starts:
            load_written(layers, self._stack.views, member, network)
            if problem.once:
                self._coefficients[member] = dict(network.coefficients)
        self._kinetics: list[tuple[KineticsLayer, Views]] = [
            (layer, views)
            for layer, views in zip(self._stack.layers, self._stack.views, strict=True)
            if isinstance(layer, KineticsLayer) and layer.shapes.keys() - layer.fixed
        ]
        for layer, views in self._kinetics:
            layer.project(views)
        self._standardisations: list[Standardisation | None] = [None] * len(members)
        self._source, self._scorer = self._prepare()
        for member, network in starts:
            load_dense(layers, self._stack.views, member, network, architecture, self._standardisations[member])
        self._noisy: NoisyWeights | None = None
        if training.noisy_weights:
            maps = self._standardisations if training.standardise else ()
            self._noisy = NoisyWeights(self._stack, training.weight_noise, training.weight_offset, maps)
        rates = np.array([member.learning_rate for member in members], np.float64)
        decays = np.array([member.weight_decay for member in members], np.float64)
        self._optimiser = self._make_optimiser(rates, decays)
        self._penalty = decays.astype(np.float32)[:, None] * self._mask() if self._is_penalty(decays) else None

    def run(self) -> list[TrainedNetwork | FailedNetwork]:
        """All epochs."""
        training, stack = self._problem.training, self._stack
        labels = self._problem.train.y
        members, cases, batch = len(self._rngs), len(labels), self._problem.batch
        objects = 1 if self._scorer is None else self._scorer.objects
        stopping = EarlyStopping(
            stack.values,
            objects,
            training.epochs + 1 if training.patience is None or training.keep == "last" else training.patience,
            keep_last=training.keep == "last",
            way_out=_WAY_OUT,
        )
        whole = isinstance(self._source, Whole)
        buffers = {
            size: (
                allocate(stack, size, self._rngs, rows_alone=self._lazy),
                CrossEntropy(
                    members,
                    size,
                    self._problem.architecture.classes,
                    stack.dtype,
                    smoothing=training.label_smoothing,
                    track=True,
                ),
            )
            for size in {batch, cases % batch or batch}
        }
        order = np.broadcast_to(np.arange(cases), (members, cases))
        prior = self._log_prior() if training.balanced else None
        curves: list[tuple[Float64, Float64, Float64]] = []
        steps, step = training.epochs * math.ceil(cases / batch), 0
        with np.errstate(all="ignore"):
            for epoch in range(1, training.epochs + 1):
                if not whole:
                    order = np.stack([rng.permutation(cases) for rng in self._rngs])
                summed = np.zeros(members)
                for start in range(0, cases, batch):
                    which = order[:, start : start + batch]
                    caches, loss = buffers[which.shape[1]]
                    own_labels = labels[which]
                    inputs, mixing = self._source.gather(which, own_labels, self._rngs)
                    views = self._noisy.draw(self._rngs) if self._noisy else None
                    scores = stack.forward(inputs, caches, views)
                    if prior is not None:
                        np.add(scores, prior, out=scores)
                    gradient = loss.gradient(scores, own_labels, mixing)
                    stack.backward(gradient, caches, views)
                    summed += loss.mean_loss * which.shape[1]
                    self._guard(stopping, epoch)
                    cosine = (1 + math.cos(math.pi * step / steps)) / 2
                    self._update(cosine if training.schedule == "cosine" else 1.0, caches[0])
                    step += 1
                self._optimiser.flush()
                for member in np.flatnonzero(stopping.running & ~np.isfinite(summed)):
                    stopping.fail(int(member), f"the training loss is {summed[member]} in epoch {epoch}")
                right, watched_loss = self._watch(members)
                done = stopping.update(right, watched_loss)
                nothing = self._scorer is None
                curves.append(
                    (
                        summed / cases,
                        np.full(members, np.nan) if nothing else watched_loss / objects,
                        np.full(members, np.nan) if nothing else right / objects,
                    )
                )
                if done:
                    break
        return [self._result(member, stopping, curves) for member in range(members)]

    def _log_prior(self) -> Floats:
        """Log of each class's share of the train part [class]; a class without a case counts as one."""
        labels = self._problem.train.y
        counts = np.bincount(labels, minlength=self._problem.architecture.classes)
        return np.log(np.maximum(counts, 1) / len(labels)).astype(self._stack.dtype)

    def _watch(self, members: int) -> tuple[NDArray[np.intp], Float64]:
        """Right objects and loss; without a part to watch, numbers that only tell whether the values are finite."""
        if self._scorer is not None:
            return self._scorer.evaluate()
        finite = np.isfinite(self._stack.values).all(axis=1)
        return np.zeros(members, np.intp), np.where(finite, 0.0, np.nan)

    def _guard(self, stopping: EarlyStopping, epoch: int) -> None:
        """Clip gradients by their norm; a member whose gradient is not finite fails and is carried along in peace."""
        gradients, clip = self._stack.gradients, self._problem.training.clip_norm
        norms = np.sqrt(np.vecdot(gradients, gradients))
        for member in np.flatnonzero(~np.isfinite(norms)):
            stopping.fail(int(member), f"the gradient is not finite in epoch {epoch}")
            gradients[member] = 0
            self._stack.values[member] = stopping.best_values[member]
            self._optimiser.reset(int(member))
        if clip is not None and (norms > clip).any():
            gradients *= np.minimum(1, clip / np.where(np.isfinite(norms) & (norms > 0), norms, 1))[:, None]

    def _update(self, schedule: float, first: Cache) -> None:
        """One step of the optimiser, and the coefficients back into their region."""
        if self._penalty is not None:
            self._stack.gradients += self._stack.values * self._penalty
        relative = self._problem.training.kinetics_rate
        before = [{n: v.copy() for n, v in views.items()} for _, views in self._kinetics] if relative != 1 else []
        if isinstance(self._optimiser, RowAdam):
            self._optimiser.step(schedule, first.moved or () if isinstance(first, EmbeddingCache) else ())
        else:
            self._optimiser.step(schedule)
        for old, (_, views) in zip(before, self._kinetics, strict=False):
            for name, value in views.items():
                value[...] = old[name] + np.float32(relative) * (value - old[name])
        for layer, views in self._kinetics:
            layer.project(views)
        if self._problem.training.weight_reach is not None:
            cut_weights(self._stack, self._problem.training.weight_reach)

    def _make_optimiser(self, rates: Float64, decays: Float64) -> Adam | RowAdam | Sgd:
        stack, training = self._stack, self._problem.training
        if training.optimiser == "sgd":
            return Sgd(stack.values, stack.gradients, learning_rate=rates, momentum=training.momentum)
        decoupled = decays if training.optimiser == "adam" else np.zeros_like(decays)
        weights = [view for name, view in stack.moved() if name == "weight"]
        if self._lazy:
            table = stack.views[0]["table"].shape[1:]
            return RowAdam(
                stack.values,
                stack.gradients,
                (table[0], table[1]),
                weights,
                learning_rate=rates,
                weight_decay=decoupled,
            )
        return Adam(stack.values, stack.gradients, weights, learning_rate=rates, weight_decay=decoupled)

    @property
    def _lazy(self) -> bool:
        """Whether the optimiser moves rows of the embedding."""
        training = self._problem.training
        return (
            training.optimiser == "adam"
            and training.lazy_embedding
            and self._problem.architecture.embedding_words is not None
            and not self._problem.written
        )

    def _is_penalty(self, decays: Float64) -> bool:
        return self._problem.training.optimiser != "adam" and bool(decays.any())

    def _mask(self) -> Floats:
        """1 for what an optimiser moves, else 0 [parameter]."""
        mask = Stack(self._stack.layers, 1)
        for _, view in mask.moved():
            view[...] = 1
        values: Floats = mask.values[0]
        return values

    def _draw_fixed(self, rng: np.random.Generator) -> dict[str, Floats]:
        """Coefficients of a member whose stack holds no kinetics, drawn as the layer draws them."""
        layer = KineticsLayer(self._problem.architecture)
        views: dict[str, Floats] = {name: np.empty((1, *s), np.float32) for name, s in layer.shapes.items()}
        layer.initialise(views, 0, rng)
        return {name: value[0] for name, value in views.items()}

    def _prepare(self) -> tuple[Source, Scorer | None]:
        """Where batches come from, and what is watched."""
        problem, architecture = self._problem, self._problem.architecture
        train, watched = problem.train, problem.watched
        if problem.once:
            own = self._coefficients[:1] if problem.equal_members else self._coefficients
            sets = [problem.computed_once(coefficients) for coefficients in own]
            self._standardisations = [sets[k % len(sets)][2] for k in range(len(self._rngs))]
            features = _stacked([s[0] for s in sets])
            scored = [s[1] for s in sets if s[1] is not None]
            if not scored or watched is None:
                return Features(features), None
            scored_features = _stacked(scored)
            return Features(features), self._score(watched, lambda some: scored_features[:, some])
        source: Source
        if architecture.embedding_words is not None:
            source = Words(train.x, problem.training)
        elif problem.batch == train.cases and not problem.training.augments:
            source = Whole(whole_drive(train.x, cases_last=problem.cases_last))
        else:
            source = Series(train.x, problem.training, cases_last=problem.cases_last)
        if problem.training.standardise:
            self._standardise()
        if watched is None:
            return source, None
        return source, self._score(watched, lambda some: self._inputs(watched.x[:, :, some]))

    def _inputs(self, x: Floats) -> Floats:
        """Inputs of the stack [1, ...] for cases that are not augmented."""
        if self._problem.architecture.embedding_words is not None:
            words: Floats = x[None, :, 0].astype(np.intp)
            return words
        return whole_drive(x, cases_last=self._problem.cases_last)

    def _score(self, watched: Part, inputs_of: Callable[[slice], Floats]) -> Scorer:
        architecture = self._problem.architecture
        return Scorer(
            self._stack,
            inputs_of,
            watched.y,
            classes=architecture.classes,
            series=architecture.series,
            votes=self._problem.votes,
            how=self._problem.training.vote,
            log_prior=self._problem.log_prior,
        )

    def _standardise(self) -> None:
        """Measure every member's features as they are at the start."""
        architecture = self._problem.architecture
        cases = _STANDARDISE_CASES if architecture.embedding_words is None else _STANDARDISE_TEXTS
        part = Part(self._problem.train.x[:, :, :cases], self._problem.train.y[:cases])
        coefficients, target, embedding = None, None, None
        for outer, views in zip(self._stack.layers, self._stack.views, strict=True):
            layer = outer.layer if isinstance(outer, PerStepLayer) else outer
            if isinstance(layer, KineticsLayer):
                coefficients = views
            elif isinstance(layer, StandardiseLayer):
                target = views
            elif isinstance(layer, EmbeddingLayer):
                embedding = layer, views["table"]
        if coefficients is None or target is None:
            raise ValueError("the stack has no layer to standardise")
        for member in range(len(self._rngs)):
            if embedding is not None:
                table = embedding[0].drive_table(embedding[1][member])
                words = self._problem.train.x[:, 0, :cases].astype(np.intp)
                part = Part(np.ascontiguousarray(table[words].swapaxes(1, 2)), part.y)
            features = self._problem.features(part, {n: v[member] for n, v in coefficients.items()})
            if architecture.pool == "max":
                features = features.reshape(-1, architecture.series)
            fitted = self._problem.standardisation(features)
            target["mean"][member], target["scale"][member] = fitted.mean, fitted.scale
            self._standardisations[member] = Standardisation(
                target["mean"][member].astype(np.float64), target["scale"][member].astype(np.float64)
            )

    def _result(
        self, member: int, stopping: EarlyStopping, curves: list[tuple[Float64, Float64, Float64]]
    ) -> TrainedNetwork | FailedNetwork:
        epochs = int(stopping.epochs_run[member])
        failure = stopping.failures[member]
        if failure is not None:
            return FailedNetwork(reason=failure, epochs_run=epochs)
        problem = self._problem
        network = export(
            list(self._stack.layers),
            self._stack.view(stopping.best_values),
            member,
            problem.architecture,
            self._coefficients[member] if problem.once else {},
            self._standardisations[member],
            balanced=problem.training.balanced,
        )
        train_loss, loss, accuracy = (
            np.array([row[member] for row in rows[:epochs]]) for rows in zip(*curves, strict=True)
        )
        best = int(stopping.best_epoch[member])
        return TrainedNetwork(
            network=network,
            floor=problem.architecture.floor,
            curve=Curve(train_loss=train_loss, loss=loss, accuracy=accuracy),
            epochs_run=epochs,
            best_epoch=best,
            watched_accuracy=None if self._scorer is None else float(accuracy[best - 1]),
            optimistic=problem.training.keep == "best_test",
        )


def _stacked(parts: list[Floats]) -> Floats:
    """Features of members [member, case, feature], without a copy for one."""
    return parts[0][None] if len(parts) == 1 else np.stack(parts)
