r"""A network that learns from kinetics: one memristor a series, a few dense layers on its trajectory.

.. math::
    w_0 = 1, \quad w_{k+1} = F(w_k, x_k; c_k), \quad h_0 = (w_0 \ldots w_{T-1}), \quad
    h_i = y(N_i(W_i h_{i-1} + b_i)), \quad scores = W_n h_{n-1} + b_n

Features are series by series, each along time, as in ``tasks.features``; ``read_every``, ``read_phase`` and
``read_mean`` say which states they are if not those above (see ``tasks.reading``). The law ``none`` makes them the
samples themselves: the control without kinetics. With ``pool`` "max" the first layer
acts on the states of all series at one step, and the maximum over the steps of its activation goes on: the
text network of Shi et al. 2025. There an ``embedding`` turns the words of a case into series.

======  =============================================  =====================  ====
symbol  meaning                                        shape                  unit
======  =============================================  =====================  ====
x       drive in [0, 1], or words (see ``scores``)     [time, series, case]   1
w       states, 1 at rest                              [time, series, case]   1
c_k     coefficients of the law, one for all steps     () or [time]           1
        or one a step
N_i     batch norm in its inference form, if any       [out]                  1
======  =============================================  =====================  ====

What is counted, so that all five networks of the paper's chart come out exactly. Parameters: weights, biases, scale
and shift of batch norms (not their running moments) and coefficients; the embedding is counted apart.
Multiply-accumulates: one a weight, four a batch-norm feature (subtract, divide, scale, shift), two a kinetics
step, read or not; biases, activations, maxima, means and the look-up of words cost none. A layer that acts at every
reading counts every reading.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from kinetics import draw_chips, get_law, simulate
from kinetics.arrays import Coefficients, Float32
from kinetics.simulate import CACHE_DEVICES
from tasks.errors import DataError
from tasks.reading import Reading, ReadPhase
from tasks.readout.activation import ActivationName, activate

BATCH_NORM_MACS = 4
"""Multiply-accumulates of one batch-norm feature, by the paper's counts."""
NO_FLOOR = -float("inf")
"""The recurrence as it is written, whatever its states."""

PADDING = 0
"""The word that fills up short texts."""

PoolName = Literal["none", "max"]


class Dense(NamedTuple):
    """Weight and bias of one layer."""

    weight: Float32
    """[out, in]."""
    bias: Float32 | None = None
    """[out], or none."""


class BatchNorm(NamedTuple):
    """A batch norm as it acts after training: (z - mean) / sqrt(variance + epsilon) * scale + shift."""

    scale: Float32
    """[out]."""
    shift: Float32
    """[out]."""
    mean: Float32
    """[out], of the training data."""
    variance: Float32
    """[out], of the training data."""
    epsilon: float = 1e-5
    """Keeps the root away from 0."""


@dataclass(frozen=True, kw_only=True)
class KineticsNetwork:
    """A law with its coefficients and the dense layers behind it, float32."""

    law: str = "drift_diffusion"
    """Name of the law of motion."""
    coefficients: Coefficients
    """Every coefficient of the law: () for all steps or [time], one a step."""
    layers: tuple[Dense, ...]
    """First to last; the last gives the scores."""
    activation: ActivationName = "relu"
    """Activation after every layer but the last."""
    batch_norms: tuple[BatchNorm | None, ...] = ()
    """One entry a layer: the batch norm between it and its activation. Empty: none anywhere."""
    embedding: Float32 | None = None
    """[word, series]: what each word drives the series with, in [0, 1]."""
    pool: PoolName = "none"
    """``max``: the first layer acts at every step, and the maximum over the steps goes on."""
    floor: float = NO_FLOOR
    """Smallest state, at which smaller ones are held; the default is the recurrence as written, which has none."""
    read_every: int = 1
    """The state is read at every n-th step, the last one always."""
    read_phase: ReadPhase = "before"
    """Whether the state is read before each pulse (the paper's feature map) or after it."""
    read_mean: bool = False
    """Whether a reading is the mean of the states since the reading before, in place of the last of them."""
    pool_skips_padding: bool = False
    """Whether the maximum leaves out readings since whose predecessor only padding came, words of number 0."""
    balanced: bool = False
    """Whether scores are those of equally frequent classes, so that votes have no frequencies to correct for; else
    those of the classes as they come in training."""

    def __post_init__(self) -> None:
        """Refuse layers that do not chain and coefficients that are not the law's."""
        if not self.batch_norms:
            object.__setattr__(self, "batch_norms", (None,) * len(self.layers))
        check_network(self)

    def scores(self, x: NDArray[Any], *, floor: float | None = None) -> Float32:
        """Scores [case, class] on nominal devices.

        Args:
            x: drive [time, series, case] in [0, 1]; with an embedding, words [time, 1, case] or [time, case]
                as whole numbers.
            floor: smallest state, in place of the network's own.

        Raises:
            DataError: the samples do not fit the network.
            DivergenceError: a trajectory left the numbers.
        """
        factors = {name: np.ones((1, 1), np.float32) for name in self.coefficients}
        return np.ascontiguousarray(self.chip_scores(x, factors, floor=floor)[0])

    def chip_scores(self, x: NDArray[Any], factors: Coefficients, *, floor: float | None = None) -> Float32:
        """Scores [chip, case, class] on chips whose coefficients are ``factors`` times the nominal ones.

        Args:
            x: as for ``scores``.
            factors: coefficient -> [chip, series], or [chip, 1] for the equal devices of a chip.
            floor: smallest state, in place of the network's own.
        """
        held = self.floor if floor is None else floor
        # The law without coefficients has one chip, which none can differ from.
        chips = next(iter(factors.values())).shape[0] if factors else 1
        scores = [
            np.concatenate(list(self._blocks(x, {name: value[chip] for name, value in factors.items()}, held)))
            for chip in range(chips)
        ]
        return np.stack(scores)

    def draw_factors(self, *, chips: int, series: int, d2d: float, rng: np.random.Generator) -> Coefficients:
        """Relative device-to-device spread of ``chips`` chips for ``chip_scores``: coefficient -> [chip, series]."""
        if not self.coefficients:
            return {}
        return draw_chips(dict.fromkeys(self.coefficients, 1.0), chips=chips, devices=series, d2d=d2d, rng=rng)

    def predict(self, x: NDArray[Any], *, floor: float | None = None) -> NDArray[np.intp]:
        """Class of the highest score, the first of equals [case]."""
        classes: NDArray[np.intp] = self.scores(x, floor=floor).argmax(axis=-1)
        return classes

    @property
    def parameters(self) -> int:
        """Weights, biases, scale and shift of batch norms, coefficients."""
        dense = sum(layer.weight.size + (0 if layer.bias is None else layer.bias.size) for layer in self.layers)
        norms = sum(norm.scale.size + norm.shift.size for norm in self.batch_norms if norm is not None)
        return dense + norms + sum(value.size for value in self.coefficients.values())

    @property
    def embedding_parameters(self) -> int:
        """Numbers in the embedding."""
        return 0 if self.embedding is None else self.embedding.size

    def macs(self, *, steps: int, series: int) -> int:
        """Multiply-accumulates of one inference (see the module for what counts)."""
        total = get_law(self.law).macs_per_step * steps * series
        for index, (layer, norm) in enumerate(zip(self.layers, self.batch_norms, strict=True)):
            once = layer.weight.size + (0 if norm is None else BATCH_NORM_MACS * norm.scale.size)
            total += once * (self._reading(steps).count if index == 0 and self.pool == "max" else 1)
        return total

    def check_task(self, *, steps: int, series: int, classes: int, words: int = 0) -> None:
        """Raise ``DataError`` unless the network fits samples of this shape.

        Args:
            steps: length of a series.
            series: series of a case, after the embedding if there is one.
            classes: number of classes.
            words: size of the vocabulary where the samples are words, else 0.
        """
        if words == 0 and self.embedding is not None:
            raise DataError(
                "The network has an embedding, so it takes words, but the task holds samples; try another task."
            )
        if words and (self.embedding is None or self.embedding.shape[0] < words):
            rows = "none" if self.embedding is None else f"one of {self.embedding.shape[0]} words"
            raise DataError(f"The network must have an embedding of the {words} words of the task, but has {rows}.")
        self._check_samples(steps, series)
        outputs = self.layers[-1].weight.shape[0]
        if outputs != classes:
            raise DataError(
                f"The network must end in the {classes} classes of the task, but ends in {outputs} outputs."
            )

    def _check_samples(self, steps: int, series: int) -> None:
        readings = self._reading(steps).count
        features = series if self.pool == "max" else series * readings
        given = self.layers[0].weight.shape[1]
        per_series = f"{steps} steps" if self.read_every == 1 else f"{readings} readings"
        rule = f"{series} series" if self.pool == "max" else f"{series} series x {per_series} = {features}"
        if given != features:
            raise DataError(
                f"The first layer must take {rule} features, but its weight has {given} columns; is it the network "
                f"of another task, or `pool` or `read_every` missing?"
            )
        for name, value in self.coefficients.items():
            if value.ndim == 1 and value.size != steps:
                raise DataError(
                    f"`{name}` must be one number or one for each of the {steps} steps, but has {value.size}."
                )

    def _blocks(self, x: NDArray[Any], factors: Coefficients, floor: float) -> Iterator[Float32]:
        """Scores [case, class], block by block of cases; the factors of one chip are [series]."""
        law = get_law(self.law)
        words = self._words(x)
        steps, cases = x.shape[0], x.shape[-1]
        series = x.shape[1] if self.embedding is None else self.embedding.shape[1]
        self._check_samples(steps, series)
        stepwise = [name for name, value in self.coefficients.items() if value.ndim]
        # () * [series, 1] is [series, 1], [time, 1, 1] * [series, 1] is [time, series, 1].
        devices = {
            name: (value[:, None, None] if value.ndim else value) * factors[name][:, None]
            for name, value in self.coefficients.items()
        }
        at_once = max(1, min(cases, CACHE_DEVICES // series))
        buffer = np.empty((steps + 1) * series * at_once, np.float32)
        for first in range(0, cases, at_once):
            some = slice(first, min(first + at_once, cases))
            shape = (steps + 1, series, some.stop - some.start)
            if words is None or self.embedding is None:
                drive = np.asarray(x[:, :, some], np.float32)
            else:
                drive = np.ascontiguousarray(self.embedding[words[:, some]].transpose(0, 2, 1))
            out = buffer[: np.prod(shape)].reshape(shape)
            states = simulate(law, devices, drive, floor=floor, out=out, stepwise=stepwise).states
            counted = None
            if words is not None and self.pool_skips_padding:
                counted = self._reading(steps).counted(words[:, some] != PADDING)
            yield self._read(self._reading(steps).read(states), counted).T

    def _reading(self, steps: int) -> Reading:
        return Reading(steps, self.read_every, self.read_phase, self.read_mean)

    def _words(self, x: NDArray[Any]) -> NDArray[np.intp] | None:
        """Words [time, case] of samples that are words."""
        if self.embedding is None:
            if x.ndim != 3:
                raise DataError(f"Samples must be [time, series, case], but have shape {x.shape}.")
            return None
        if x.ndim == 3 and x.shape[1] == 1:
            x = x[:, 0, :]
        count = self.embedding.shape[0]
        if x.ndim != 2 or not (np.all(x >= 0) and np.all(x < count) and np.all(x == np.floor(x))):
            raise DataError(
                f"A network with an embedding takes words [time, case] as whole numbers from 0 to {count - 1}, but got "
                f"{x.dtype} of shape {x.shape}; evaluate it on a task of words."
            )
        return x.astype(np.intp)

    def _read(self, states: Float32, counted: NDArray[np.bool_] | None) -> Float32:
        """Scores [class, case] of readings [reading, series, case]; ``counted`` [reading, case] by the maximum."""
        steps, series, cases = states.shape
        first = self.layers[0].weight
        if self.pool == "max":
            values = np.matmul(first, states)  # [time, out, case]
        else:
            # Time-major states are read where they lie; the weight takes their order once a block.
            turned = first.reshape(-1, series, steps).transpose(0, 2, 1).reshape(-1, steps * series)
            values = np.matmul(turned, states.reshape(steps * series, cases))  # [out, case]
        for index, (layer, norm) in enumerate(zip(self.layers, self.batch_norms, strict=True)):
            if index > 0:
                values = np.matmul(layer.weight, values)
            if layer.bias is not None:
                values += layer.bias[:, None]
            if norm is not None:
                scale = norm.scale / np.sqrt(norm.variance + np.float32(norm.epsilon))
                values *= scale[:, None]
                values += (norm.shift - norm.mean * scale)[:, None]
            if index < len(self.layers) - 1:
                activate(self.activation, values)
            if index == 0 and self.pool == "max":
                if counted is not None:
                    np.copyto(values, -np.inf, where=~counted[:, None])
                values = values.max(axis=0)
        scores: Float32 = values
        return scores


def check_network(network: KineticsNetwork) -> None:
    """Raise ``DataError`` for a network that cannot be: the rule, the value, the way out."""
    names = get_law(network.law).coefficient_names
    if set(network.coefficients) != set(names):
        raise DataError(
            f"The coefficients must be those of the law `{network.law}` ({', '.join(names)}), "
            f"but are {', '.join(network.coefficients) or 'none'}."
        )
    for name, value in network.coefficients.items():
        if value.ndim > 1 or value.size == 0:
            raise DataError(f"`{name}` must be one number or one a step, but has shape {value.shape}.")
    if not network.layers:
        raise DataError("A network must have at least one dense layer, but has none.")
    if network.activation not in ("relu", "tanh", "sigmoid"):
        raise DataError(f"`activation` must be relu, tanh or sigmoid, but is {network.activation!r}.")
    if network.pool not in ("none", "max"):
        raise DataError(f"`pool` must be none or max, but is {network.pool!r}.")
    if network.read_phase not in ("before", "after"):
        raise DataError(f"`read_phase` must be before or after, but is {network.read_phase!r}.")
    if not (network.read_every >= 1 and network.read_every == int(network.read_every)):
        raise DataError(f"`read_every` must be a whole number from 1 up, but is {network.read_every!r}.")
    if len(network.batch_norms) != len(network.layers):
        raise DataError(
            f"`batch_norms` must have one entry a layer ({len(network.layers)}), but has {len(network.batch_norms)}."
        )
    given = None
    for index, (layer, norm) in enumerate(zip(network.layers, network.batch_norms, strict=True)):
        if layer.weight.ndim != 2 or 0 in layer.weight.shape:
            raise DataError(f"`dense{index}.weight` must be [out, in], but has shape {layer.weight.shape}.")
        outputs, inputs = layer.weight.shape
        if given is not None and inputs != given:
            raise DataError(
                f"`dense{index}.weight` must take the {given} outputs of the layer before it, "
                f"but has {inputs} columns (shape {layer.weight.shape}); is it transposed?"
            )
        if layer.bias is not None and layer.bias.shape != (outputs,):
            raise DataError(f"`dense{index}.bias` must have shape ({outputs},), but has {layer.bias.shape}.")
        if norm is not None:
            for name, value in zip(("weight", "bias", "running_mean", "running_var"), norm[:4], strict=True):
                if np.shape(value) != (outputs,):
                    raise DataError(
                        f"`batchnorm{index}.{name}` must have shape ({outputs},), but has {np.shape(value)}."
                    )
            if (norm.variance < 0).any():
                raise DataError(
                    f"`batchnorm{index}.running_var` must not be negative, but holds {norm.variance.min():g}."
                )
        given = outputs
    if not network.floor < get_law(network.law).initial_state:
        raise DataError(f"`floor` must be below the state at rest, 1, but is {network.floor:g}.")
    if network.pool_skips_padding and (network.embedding is None or network.pool != "max"):
        raise DataError("`pool_skips_padding` must come with an `embedding` and `pool` max, but one is missing.")
    if network.embedding is not None and (network.embedding.ndim != 2 or 0 in network.embedding.shape):
        raise DataError(f"`embedding` must be [word, series], but has shape {network.embedding.shape}.")
