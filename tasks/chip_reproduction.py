r"""The paper's chip column: devices written once, dense layers fine-tuned under noise, then scored on noisy crossbars.

.. math::
    \alpha' \sim N(\alpha, 0.0955^2), \quad \beta' \sim N(\beta, 0.276^2) \quad \text{(each until } > 0), \qquad
    G = 170 + 130 \, w / \max |w| + N(0.20329, 1.14726^2) \text{ uS}

Spread, map and protocol are those of Shi et al., Nat. Commun. 16:913 (2025), doi 10.1038/s41467-025-56286-y (public
code and its notes). Each network gets one write. Three figures of a network stand beside each other: **nominal** (as it
was trained), **written** (its devices written, its weights put on a crossbar as they are) and **chip** (fine-tuned
first).

Fine-tuning is ours. The first layer is carried over to the means and deviations that the features of the written
devices have on the train part; then all dense layers are trained for a quarter of the epochs of the recipe with its
own settings, the noise of the crossbar on their weights, and weights cut to twice their root mean square. Noise, cut
and number of epochs were chosen on the validation parts of SITW and MNIST under ``honest``; the last epoch is kept.
"""

import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import stats
from threadpoolctl import threadpool_limits

from kinetics import get_law, simulate, violating_share
from kinetics.arrays import Float32
from kinetics.crossbar import Crossbar, realise
from kinetics.crossbar.programming_error import FITS
from kinetics.errors import require
from tasks.kinetics_network import KineticsNetwork
from tasks.learning import FailedNetwork, TrainedNetwork, Training, train_networks
from tasks.learning.build import fold, unfold
from tasks.reading import Reading
from tasks.readout.standardisation import fit_standardisation
from tasks.recipes import Recipe
from tasks.task import Task
from tasks.votes import object_labels, object_predictions

SPREAD = {"alpha": 0.01873 * 5.1, "beta": 0.05411 * 5.1}
"""Absolute standard deviation of each coefficient once it is written (authors' code; the factor 5.1 is unexplained)."""
CROSSBAR = Crossbar(mapping="single", programming="shi2025")
"""What holds the dense weights; biases, batch norms and embedding are digital."""
_HALF_WINDOW_uS = (CROSSBAR.g_max_S - CROSSBAR.g_min_S) / 2 * 1e6
WEIGHT_NOISE = FITS["shi2025"].coefficients[0] / _HALF_WINDOW_uS
"""Standard deviation of a weight on that crossbar, relative to the largest of its layer: 0.88 %."""
WEIGHT_OFFSET = FITS["shi2025"].mean_uS / _HALF_WINDOW_uS
"""Mean error of a weight, relative to the same: 0.16 %."""
ASSUMPTIONS = (
    "one write a network: all its series share alpha and beta, or one of each a step where they are learned so",
    "states below the floor are held there",
    "biases, batch norms and the embedding are digital and exact",
)
_SHORTER = 4
"""Epochs of training for one of fine-tuning."""
_REACH = 2.0
_CALIBRATION_CASES, _CALIBRATION_TEXTS = 8192, 256
_BLOCK_CASES = 1024
_WRITE, _TUNE, _DRAW = range(3)


@dataclass(frozen=True, kw_only=True)
class Draws:
    """Test accuracy over noisy draws of one network's crossbars."""

    mean: float
    """Mean."""
    std: float
    """Standard deviation."""
    q05: float
    """5 % quantile."""
    accuracies: tuple[float, ...]
    """One a draw."""

    @classmethod
    def of(cls, accuracies: Sequence[float]) -> "Draws":
        """Summarise."""
        return cls(
            mean=float(np.mean(accuracies)),
            std=float(np.std(accuracies)),
            q05=float(np.quantile(accuracies, 0.05)),
            accuracies=tuple(accuracies),
        )


@dataclass(frozen=True, kw_only=True)
class WrittenChip:
    """What became of one network; the figures are absent where training or fine-tuning failed."""

    seed: int
    """Of the network; write and draws follow from it."""
    coefficients: dict[str, float]
    """As written, mean over the steps where they differ."""
    violations: float
    """Share of the written coefficients that break the law's stability rule."""
    floor_hits: float
    """Share of device-steps of the test part held at the floor."""
    written: Draws | None
    """Before fine-tuning."""
    tuned: Draws | None
    """After."""
    control: Draws | None
    """The control, fine-tuned alike, on crossbars of the same draws."""
    error: str | None
    """Why there are no figures."""


@dataclass(frozen=True, kw_only=True)
class ChipColumn:
    """The chip column of one row."""

    draws: int
    """Noisy draws a network."""
    chips: tuple[WrittenChip, ...]
    """One a seed."""
    fine_tuning: str
    """Its settings."""
    assumptions: tuple[str, ...]
    """What the paper leaves open."""
    seconds: float
    """Time that all of it took."""

    def summary(self, which: str) -> dict[str, Any]:
        """Mean, std and q05 over the draws of all seeds; ``std_seeds`` over the seeds' means, each with its own write.

        ``which`` is ``written``, ``tuned`` or ``control``.
        """
        found: list[Draws] = [getattr(chip, which) for chip in self.chips if getattr(chip, which) is not None]
        if not found:
            return {"mean": None, "std": None, "q05": None, "std_seeds": None, "seeds": 0}
        together = Draws.of([accuracy for draws in found for accuracy in draws.accuracies])
        return {
            "mean": together.mean,
            "std": together.std,
            "q05": together.q05,
            "std_seeds": float(np.std([draws.mean for draws in found])),
            "seeds": len(found),
        }

    def to_dict(self) -> dict[str, Any]:
        """Plain form, summaries included."""
        return {**asdict(self), **{which: self.summary(which) for which in ("written", "tuned", "control")}}


Member = TrainedNetwork | FailedNetwork


def fine_tuning(training: Training) -> Training:
    """How a written chip's dense layers are trained on, from how the network was trained."""
    return replace(
        training,
        epochs=max(1, training.epochs // _SHORTER),
        keep="last",
        standardise=True,
        weight_noise=WEIGHT_NOISE,
        weight_offset=WEIGHT_OFFSET,
        weight_reach=_REACH,
    )


def reproduce_chips(
    recipe: Recipe, task: Task, trained: Sequence[Member], controls: Sequence[Member], *, draws: int
) -> ChipColumn:
    """Put each network and its control on a chip of its own, and score the test part.

    Args:
        recipe: that they were trained by.
        task: its data.
        trained: one a seed 0, 1, ...
        controls: the same networks without kinetics.
        draws: noisy draws of the crossbars.

    Raises:
        InvalidParameterError: no draw.
    """
    require(draws >= 1, "`draws` >= 1", draws, "the paper takes 50")
    start = time.perf_counter()
    seeds = [k for k, pair in enumerate(zip(trained, controls, strict=True)) if all(map(_came_through, pair))]
    nominal = [_network(trained[seed]) for seed in seeds]
    written = [write(network, _rng(seed, _WRITE)) for seed, network in zip(seeds, nominal, strict=True)]
    architecture = recipe.architecture(task)
    with threadpool_limits(limits=1):
        carried = [carry_over(*pair, recipe.train_part(task).x) for pair in zip(nominal, written, strict=True)]
        tuned, control = (
            train_networks(
                shape,
                fine_tuning(recipe.training),
                recipe.train_part(task),
                seeds=[_source(seed, _TUNE) for seed in seeds],
                start=starts,
            )
            for shape, starts in (
                (architecture, carried),
                (architecture.control(), [_network(controls[seed]) for seed in seeds]),
            )
        )
        chips: list[WrittenChip] = []
        for seed in range(len(trained)):
            if seed not in seeds:
                chips.append(_no_chip(seed, [trained[seed], controls[seed]]))
                continue
            place = seeds.index(seed)
            chips.append(_chip(recipe, task, seed, written[place], tuned[place], control[place], draws))
    return ChipColumn(
        draws=draws,
        chips=tuple(chips),
        fine_tuning=repr(fine_tuning(recipe.training)),
        assumptions=ASSUMPTIONS,
        seconds=time.perf_counter() - start,
    )


def write(network: KineticsNetwork, rng: np.random.Generator) -> KineticsNetwork:
    """The network with its coefficients as one write leaves them.

    Raises:
        InvalidParameterError: the law has coefficients whose spread the paper does not give.
    """
    unknown = [name for name in network.coefficients if name not in SPREAD]
    require(not unknown, f"the law's coefficients are among {', '.join(SPREAD)}", unknown, "take drift_diffusion")
    written = {}
    for name, value in network.coefficients.items():
        # A normal number that is redrawn until > 0 is one of the normal law cut there.
        drawn = stats.truncnorm.rvs(-value / SPREAD[name], np.inf, value, SPREAD[name], value.shape, random_state=rng)
        written[name] = np.asarray(drawn, np.float32)
    return replace(network, coefficients=written)


def carry_over(nominal: KineticsNetwork, written: KineticsNetwork, x: NDArray[Any]) -> KineticsNetwork:
    """The written network with a first layer that takes each feature's change of mean and deviation back.

    ``x`` is the train part's (at most 8192 cases or 256 texts are used).
    """
    x = x[:, :, : _CALIBRATION_CASES if nominal.embedding is None else _CALIBRATION_TEXTS]
    before, after = (fit_standardisation(_features(network, x), common=False) for network in (nominal, written))
    layer, norm = fold(*unfold(written.layers[0], written.batch_norms[0], before), after)
    return replace(written, layers=(layer, *written.layers[1:]), batch_norms=(norm, *written.batch_norms[1:]))


def score_draws(
    network: KineticsNetwork, recipe: Recipe, task: Task, sources: Sequence[np.random.SeedSequence]
) -> Draws:
    """Accuracy of the test part with the network's dense weights on a crossbar of its own for each source."""
    accuracies = []
    for source in sources:
        rng = np.random.default_rng(source)
        layers = tuple(layer._replace(weight=realise(layer.weight, CROSSBAR, 1, rng)[0]) for layer in network.layers)
        scores = replace(network, layers=layers).scores(task.test.x)
        prior = None if network.balanced else task.log_prior
        found = object_predictions(scores, task.votes, recipe.training.vote, prior)
        accuracies.append(float(np.mean(found == object_labels(task.test.y, task.votes))))
    return Draws.of(accuracies)


def _chip(
    recipe: Recipe, task: Task, seed: int, written: KineticsNetwork, tuned: Member, control: Member, draws: int
) -> WrittenChip:
    failed = [member.reason for member in (tuned, control) if isinstance(member, FailedNetwork)]
    sources = [np.random.SeedSequence(seed, spawn_key=(_DRAW, draw)) for draw in range(draws)]
    hits = sum(found for _, found in _trajectories(written, task.test.x))
    series = task.series if written.embedding is None else written.embedding.shape[1]
    return WrittenChip(
        seed=seed,
        coefficients={name: float(value.mean()) for name, value in written.coefficients.items()},
        violations=violating_share(get_law(written.law), written.coefficients),
        floor_hits=hits / (task.steps * series * task.test.cases),
        written=None if failed else score_draws(written, recipe, task, sources),
        tuned=None if failed else score_draws(_network(tuned), recipe, task, sources),
        control=None if failed else score_draws(_network(control), recipe, task, sources),
        error=f"fine-tuning: {failed[0]}" if failed else None,
    )


def _no_chip(seed: int, members: Sequence[Member]) -> WrittenChip:
    reason = next(member.reason for member in members if isinstance(member, FailedNetwork))
    return WrittenChip(
        seed=seed,
        coefficients={},
        violations=0.0,
        floor_hits=0.0,
        written=None,
        tuned=None,
        control=None,
        error=reason,
    )


def _features(network: KineticsNetwork, x: NDArray[Any]) -> Float32:
    """What the first layer sees [row, feature]: a row a case, or one a reading under ``pool`` max."""
    rows = []
    for states, _ in _trajectories(network, x):
        reading = Reading(len(x), network.read_every, network.read_phase, network.read_mean).read(states)
        if network.pool == "max":
            rows.append(reading.swapaxes(1, 2).reshape(-1, reading.shape[1]))
        else:
            rows.append(reading.transpose(2, 1, 0).reshape(reading.shape[2], -1))
    return np.concatenate(rows)


def _trajectories(network: KineticsNetwork, x: NDArray[Any]) -> Iterator[tuple[Float32, int]]:
    """States [time + 1, series, case] of some cases after the others, and how often the floor held one."""
    stepwise = [name for name, value in network.coefficients.items() if value.ndim]
    for first in range(0, x.shape[2], _BLOCK_CASES):
        some = x[:, :, first : first + _BLOCK_CASES]
        if network.embedding is None:
            drive = np.asarray(some, np.float32)
        else:
            drive = np.ascontiguousarray(network.embedding[some[:, 0].astype(np.intp)].swapaxes(1, 2))
        law = get_law(network.law)
        yield simulate(law, network.coefficients, drive, floor=network.floor, stepwise=stepwise)


def _came_through(member: Member) -> bool:
    return isinstance(member, TrainedNetwork)


def _network(member: Member) -> KineticsNetwork:
    """The network of a member that came through, which holds its states at the floor that it was trained with."""
    if isinstance(member, FailedNetwork):
        raise TypeError(f"no network came of it: {member.reason}")
    return replace(member.network, floor=member.floor)


def _source(seed: int, purpose: int) -> np.random.SeedSequence:
    return np.random.SeedSequence(seed, spawn_key=(purpose,))


def _rng(seed: int, purpose: int) -> np.random.Generator:
    return np.random.default_rng(_source(seed, purpose))
