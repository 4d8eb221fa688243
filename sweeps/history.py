"""What a study has been told, kept at hand, and Optuna's samplers with it: they draw the same, but sooner.

Optuna's own look at all trials at each ask, TPE once for each param. Here each told trial is taken in once. Both
samplers override methods of Optuna that are not public; ``tests/sweeps/test_samplers.py`` holds them to the originals.
"""

from bisect import insort
from collections.abc import Collection, Iterable
from typing import Any

import numpy as np
from optuna import Study
from optuna.distributions import BaseDistribution
from optuna.samplers import NSGAIISampler, TPESampler
from optuna.samplers._tpe.sampler import _split_trials, default_gamma, default_gamma_multiobjective
from optuna.trial import FrozenTrial, TrialState


class History:
    """The finished trials of a study, each found without a look at all of them."""

    def __init__(self, trials: Iterable[FrozenTrial]) -> None:
        """Take the trials so far; those that are not finished are passed over."""
        self._finished: dict[int, FrozenTrial] = {}
        self._by_id: dict[int, FrozenTrial] = {}
        self.rows: dict[tuple[str, ...], dict[int, tuple[float, ...]]] = {}
        """Params -> trial -> what samplers see of its values of them."""
        self.complete: list[FrozenTrial] = []
        """Those that did not fail, by their numbers."""
        for trial in trials:
            self.add(trial)

    def add(self, trial: FrozenTrial) -> None:
        """Take one more."""
        if trial.state.is_finished():
            self._finished[trial.number] = self._by_id[trial._trial_id] = trial
        if trial.state == TrialState.COMPLETE:
            insort(self.complete, trial, key=lambda each: each.number)

    def __getitem__(self, number: int) -> FrozenTrial:
        return self._finished[number]

    def of_ids(self, ids: Collection[int]) -> list[FrozenTrial]:
        """Trials by what the storage calls them, in the order of their numbers."""
        return sorted((self._by_id[each] for each in ids), key=lambda trial: trial.number)


class RememberingNSGAII(NSGAIISampler):
    """Optuna's NSGA-II, which goes through all trials at each ask, with a history in their place.

    A generation is a trial's own or the next one of those finished when it was asked, so generations never fall from
    one number to the next: what is looked for stands at the end.
    """

    def __init__(self, history: History, population: int, seed: int) -> None:
        super().__init__(population_size=population, seed=seed)
        self._population = population
        self._history = history

    # Under the names that Optuna gives them, so that either takes a study over from the other.
    _get_generation_key = NSGAIISampler._get_generation_key
    _get_parent_cache_key_prefix = NSGAIISampler._get_parent_cache_key_prefix

    def get_trial_generation(self, study: Study, trial: FrozenTrial) -> int:
        """Its own, or the next one once enough have told of the last."""
        key = self._get_generation_key()
        known: int | None = trial.system_attrs.get(key)
        if known is not None:
            return known
        complete = self._history.complete
        last = complete[-1].system_attrs.get(key, 0) if complete else 0
        generation = int(last + (len(self.get_population(study, last)) >= self._population))
        study._storage.set_trial_system_attr(trial._trial_id, key, generation)
        return generation

    def get_population(self, study: Study, generation: int) -> list[FrozenTrial]:
        """Told trials of a generation."""
        found = []
        for trial in reversed(self._history.complete):
            own = trial.system_attrs.get(self._get_generation_key(), -1)
            if own < generation:
                break
            if own == generation:
                found.append(trial)
        return found[::-1]

    def get_parent_population(self, study: Study, generation: int) -> list[FrozenTrial]:
        """Those that a generation descends from."""
        known = study._storage.get_study_system_attrs(study._study_id)
        ids = known.get(f"{self._get_parent_cache_key_prefix()}{generation}")
        return super().get_parent_population(study, generation) if ids is None else self._history.of_ids(ids)


class RememberingTPE(TPESampler):
    """Optuna's TPE, which parts all trials into good and others for each param, with one parting an ask in its place.

    A sampler is for one trial, so nothing is told between its params.
    """

    def __init__(self, history: History, seed: int) -> None:
        super().__init__(seed=seed)
        self._history = history
        self._parted: tuple[list[FrozenTrial], list[FrozenTrial]] | None = None

    def sample_independent(
        self, study: Study, trial: FrozenTrial, param_name: str, param_distribution: BaseDistribution
    ) -> Any:
        """By chance at first, then near what was good."""
        if len(self._history.complete) < self._n_startup_trials:
            return self._random_sampler.sample_independent(study, trial, param_name, param_distribution)
        return self._sample(study, trial, {param_name: param_distribution})[param_name]

    def _sample(self, study: Study, trial: FrozenTrial, search_space: dict[str, BaseDistribution]) -> dict[str, Any]:
        if self._parted is None:
            complete = self._history.complete
            good_ones = (default_gamma_multiobjective if study._is_multi_objective() else default_gamma)(len(complete))
            running = study._storage.get_all_trials(study._study_id, deepcopy=False, states=(TrialState.RUNNING,))
            others = [each for each in running if each.number != trial.number]
            self._parted = _split_trials(study, [*complete, *others], good_ones)
        good, bad = self._parted
        near_good = self._build_parzen_estimator(study, search_space, good, handle_below=True)
        near_bad = self._build_parzen_estimator(study, search_space, bad, handle_below=False)
        candidates = near_good.sample(self._rng.rng, self._n_ei_candidates)
        chosen = self._compare(candidates, self._compute_acquisition_func(candidates, near_good, near_bad))
        return {name: each.to_external_repr(chosen[name]) for name, each in search_space.items()}

    def _get_internal_repr(
        self, trials: list[FrozenTrial], search_space: dict[str, BaseDistribution], study: Study
    ) -> dict[str, np.ndarray]:
        known = self._history.rows.setdefault(tuple(search_space), {})
        rows = []
        for trial in trials:
            row = known.get(trial.number)
            if row is None:
                params = self._get_params(trial, study)
                if not search_space.keys() <= params.keys():
                    continue
                row = tuple(each.to_internal_repr(params[name]) for name, each in search_space.items())
                if trial.state.is_finished():
                    known[trial.number] = row
            rows.append(row)
        columns = zip(*rows, strict=True) if rows else ((),) * len(search_space)
        return {name: np.asarray(column) for name, column in zip(search_space, columns, strict=True)}
