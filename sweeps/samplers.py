"""Samplers: which one a sweep uses, and a fresh one for every trial.

A trial's params are a function of (sweep file, trial number, trials told so far) alone, also across a
restart: set ``study.sampler = make_sampler(spec, n)`` just before ``study.ask(spec.space.distributions())``.
For that

- every sampler is new and seeded from (study seed, trial number), in a stream of its own beside the
  evaluations';
- every sampler draws all params of a trial at once, so a trial whose asking was cut short gets the same
  ones when it is asked again.

``random``, ``qmc`` and ``grid`` map the trial number to a point; ``tpe`` and ``nsga2`` are Optuna's own.
"""

import math
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np
from optuna import Study
from optuna.distributions import BaseDistribution
from optuna.samplers import BaseSampler, NSGAIISampler, TPESampler
from optuna.trial import FrozenTrial, TrialState

from sweeps.errors import SpecError
from sweeps.history import History, RememberingNSGAII, RememberingTPE
from sweeps.space import Space
from sweeps.spec import Spec

TPE_LIMIT = 5_000
"""Configurations up to which ``auto`` prefers tpe to nsga2 for several objectives."""

_POPULATION = 50
"""Trials of a generation of nsga2; Optuna's own default."""
_STREAM = 0x5A3B1E  # keeps this stream of random numbers apart from the evaluations' under the same study seed


class Choice(NamedTuple):
    """A sampler and the reason for it."""

    name: str
    """A name of ``sweeps.spec.SAMPLERS``, never ``auto``."""
    why: str
    """One sentence for the user."""


def choose_sampler(spec: Spec) -> Choice:
    """The sampler that a sweep uses; ``auto`` is resolved from the space and the size of the sweep."""
    if spec.sampler != "auto":
        return Choice(spec.sampler, "The sweep file asks for it.")
    size = spec.space.size()
    if size is not None and size <= spec.configurations:
        # Points beyond the grid would be repeats, so the search ends with the grid.
        return Choice(
            "grid",
            f"The space has {size} points, no more than the {spec.configurations} configurations asked for: "
            "each is visited once.",
        )
    if len(spec.objectives) == 1:
        return Choice(
            "tpe",
            "One objective: tpe learns from the trials and asks in under 0.1 s even after 10,000 of them.",
        )
    if spec.configurations <= TPE_LIMIT:
        return Choice(
            "tpe",
            f"Several objectives and at most {TPE_LIMIT:,} configurations: tpe learns from the trials and "
            "asks in about 0.1 s after 5,000 of them.",
        )
    return Choice(
        "nsga2",
        f"Several objectives and more than {TPE_LIMIT:,} configurations: tpe would take 0.2 s to ask after "
        "10,000 and hold the workers up, nsga2 takes under 0.01 s.",
    )


def make_sampler(spec: Spec, number: int, history: History | None = None) -> BaseSampler:
    """A fresh sampler for trial ``number``; with the history of the study it draws the same, sooner.

    Raises ``SpecError`` for a grid over a continuous space or with fewer points than configurations.
    """
    name = choose_sampler(spec).name
    if name == "tpe":
        # As Optuna does by itself: jointly for one objective, each param by itself for several. Jointly is no
        # better for several (mean hypervolume equal over 14 seeds) and was seen to get stuck on one choice.
        joint = len(spec.objectives) == 1
        seed = _seed(spec.seed, number)
        inner = TPESampler(seed=seed) if history is None else RememberingTPE(history, seed)
        return _AllAtOnce(spec.space, inner, joint=joint)
    if name == "nsga2":
        seed = _seed(spec.seed, number)
        plain = NSGAIISampler(population_size=_POPULATION, seed=seed)
        remembering = plain if history is None else RememberingNSGAII(history, _POPULATION, seed)
        return _AllAtOnce(spec.space, remembering, joint=True)
    if name == "grid":
        return _Numbered(spec.space, _grid_point(spec))
    if name == "qmc":
        return _Numbered(spec.space, lambda number: spec.space.from_unit(_sobol(spec, number)))
    return _Numbered(spec.space, lambda number: spec.space.from_unit(_uniform(spec, number)))


def _grid_point(spec: Spec) -> Callable[[int], dict[str, Any]]:
    """Trial number -> point of the grid.

    Raises ``SpecError`` for a continuous space, or if the file asks for a grid of more configurations than
    points. The points come in a fixed order that strides over the product, so that a grid of which only a
    part is evaluated is thin everywhere and not missing at one end.
    """
    mistake = spec.space.grid_mistake(spec.trials)
    if mistake is not None:
        raise SpecError([mistake])
    size = spec.space.size() or 1
    stride = round(size * (math.sqrt(5) - 1) / 2) or 1
    while math.gcd(stride, size) != 1:
        stride += 1
    return lambda number: spec.space.grid(number * stride % size)


def _stream(seed: int, number: int) -> np.random.SeedSequence:
    """The randomness of one trial's params."""
    return np.random.SeedSequence(seed, spawn_key=(_STREAM, number))


def _seed(seed: int, number: int) -> int:
    """The same for Optuna, which takes 32 bits."""
    return int(_stream(seed, number).generate_state(1)[0])


def _uniform(spec: Spec, number: int) -> Sequence[float]:
    """A random point of the unit cube."""
    point = np.random.default_rng(_stream(spec.seed, number)).random(len(spec.space.dimensions))
    return [float(share) for share in point]


def _sobol(spec: Spec, number: int) -> Sequence[float]:
    """Point ``number`` of the Sobol sequence, scrambled by the study seed alone."""
    dimensions = len(spec.space.dimensions)
    if dimensions == 0:
        return ()
    from scipy.stats import qmc  # a second to import, which only this sampler should cost

    rng = np.random.default_rng(np.random.SeedSequence(spec.seed, spawn_key=(_STREAM,)))
    sequence = qmc.Sobol(dimensions, scramble=True, rng=rng)
    if number > 0:  # SciPy cannot skip nothing
        sequence.fast_forward(number)
    point = sequence.random(1)[0]
    return [float(share) for share in point]


class _Numbered(BaseSampler):
    """The trial number alone decides the params."""

    def __init__(self, space: Space, params: Callable[[int], dict[str, Any]]) -> None:
        self._distributions = space.distributions()
        self._params = params

    def infer_relative_search_space(self, study: Study, trial: FrozenTrial) -> dict[str, BaseDistribution]:
        return self._distributions

    def sample_relative(
        self, study: Study, trial: FrozenTrial, search_space: dict[str, BaseDistribution]
    ) -> dict[str, Any]:
        return self._params(trial.number)

    def sample_independent(
        self, study: Study, trial: FrozenTrial, param_name: str, param_distribution: BaseDistribution
    ) -> Any:
        raise LookupError(f"`{param_name}` is no dimension of this sweep; ask with `spec.space.distributions()`.")


class _AllAtOnce(BaseSampler):
    """One of Optuna's samplers, made to draw all params of a trial in one go.

    What it would draw one by one (the first, random trials; mutations; all params unless ``joint``) is drawn
    right away, in the order of the space. It is also spared inferring the search space from all trials so
    far, which a fresh sampler cannot cache.
    """

    def __init__(self, space: Space, inner: BaseSampler, *, joint: bool) -> None:
        self._distributions = space.distributions()
        self._inner = inner
        self._joint = joint

    def infer_relative_search_space(self, study: Study, trial: FrozenTrial) -> dict[str, BaseDistribution]:
        return self._distributions

    def sample_relative(
        self, study: Study, trial: FrozenTrial, search_space: dict[str, BaseDistribution]
    ) -> dict[str, Any]:
        several = {name: each for name, each in search_space.items() if not each.single()}
        params: dict[str, Any] = {}
        if several and self._joint:
            params = self._inner.sample_relative(study, trial, dict(sorted(several.items())))
        for name, distribution in several.items():
            if name not in params:
                params[name] = self._inner.sample_independent(study, trial, name, distribution)
        return params

    def sample_independent(
        self, study: Study, trial: FrozenTrial, param_name: str, param_distribution: BaseDistribution
    ) -> Any:
        return self._inner.sample_independent(study, trial, param_name, param_distribution)

    def before_trial(self, study: Study, trial: FrozenTrial) -> None:
        self._inner.before_trial(study, trial)

    def after_trial(self, study: Study, trial: FrozenTrial, state: TrialState, values: Sequence[float] | None) -> None:
        self._inner.after_trial(study, trial, state, values)
