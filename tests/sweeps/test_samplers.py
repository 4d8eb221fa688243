"""Samplers: params are a function of the file, the trial number and the trials told, and they get better."""

import dataclasses
import itertools
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import optuna
import pytest
from optuna.storages import BaseStorage, JournalStorage
from optuna.storages.journal import JournalFileBackend
from optuna.trial import TrialState

from sweeps.errors import SpecError
from sweeps.history import History
from sweeps.samplers import choose_sampler, make_sampler
from sweeps.space import Choices, FloatRange, IntRange, Space
from sweeps.spec import SAMPLERS, Spec, TaskChoice

LAG = 8
CONTINUOUS = Space(
    {
        "pulse.amplitude_V": FloatRange(low=0.0, high=1.0),
        "pulse.width_s": FloatRange(low=1e-3, high=1.0, log=True),
        "readout.epochs": IntRange(low=1, high=20),
        "readout.hidden": Choices(choices=(8, (32, 16))),
    }
)
FINITE = Space(
    {
        "device.d2d": FloatRange(low=0.0, high=0.3, step=0.1),
        "readout.epochs": IntRange(low=1, high=3),
        "readout.hidden": Choices(choices=(8, (32, 16))),
    }
)
Problem = Callable[[dict[str, Any]], list[float]]


def spec_of(sampler: str, space: Space = CONTINUOUS, **changes: Any) -> Spec:
    spec = Spec(
        name="study",
        task=TaskChoice(kind="digits"),
        configurations=60,
        objectives={"accuracy": "maximize", "energy_J": "minimize"},
        sampler=sampler,
        lag=LAG,
        fixed={},
        space=space,
    )
    return dataclasses.replace(spec, **changes)


def two_goals(params: dict[str, Any]) -> list[float]:
    """A trade-off along the amplitude; everything else has a best value."""
    x = params.get("pulse.amplitude_V", params.get("device.d2d", 0.5))
    loss = abs(np.log10(params.get("pulse.width_s", 0.1)) + 1) + abs(params["readout.epochs"] - 15) / 20
    loss += 0.5 * (params["readout.hidden"] == 8)
    return [float(x - loss), float(x**2 + loss)]


class Storage:
    """Opens the same study again and again."""

    def __init__(self, spec: Spec, folder: Path | None = None) -> None:
        self._spec = spec
        self._folder = folder
        self._memory = optuna.storages.InMemoryStorage()

    def study(self) -> optuna.Study:
        storage: BaseStorage = self._memory
        if self._folder is not None:
            storage = JournalStorage(JournalFileBackend(str(self._folder / "journal")))
        return optuna.create_study(
            storage=storage,
            study_name=self._spec.name,
            directions=list(self._spec.objectives.values()),
            load_if_exists=True,
        )


def sweep(spec: Spec, storage: Storage, problem: Problem = two_goals, restart_at: int = -1) -> list[dict[str, Any]]:
    """Ask and tell under the rule of the lag; at ``restart_at`` the study is read back from its storage."""
    study = storage.study()
    asked: dict[int, dict[str, Any]] = {}
    for number in range(spec.trials):
        if number >= spec.lag:
            done = number - spec.lag
            study.tell(done, problem(asked[done])[: len(spec.objectives)])
        if number == restart_at:
            study = storage.study()
        study.sampler = make_sampler(spec, number)
        asked[number] = study.ask(spec.space.distributions()).params
    for done in range(max(0, spec.trials - spec.lag), spec.trials):
        study.tell(done, problem(asked[done])[: len(spec.objectives)])
    return list(asked.values())


@pytest.mark.parametrize(
    ("name", "space", "configurations"),
    [
        ("random", CONTINUOUS, 12),
        ("qmc", CONTINUOUS, 12),
        ("tpe", CONTINUOUS, 32),
        ("nsga2", CONTINUOUS, 66),  # from trial 58 on with parents
        ("tpe", FINITE, 24),
        ("auto", FINITE, 24),
    ],
)
def test_the_same_seed_gives_the_same_params_also_across_a_restart(
    name: str, space: Space, configurations: int, tmp_path: Path
) -> None:
    spec = spec_of(name, space, configurations=configurations)
    once = sweep(spec, Storage(spec))
    assert sweep(spec, Storage(spec, tmp_path), restart_at=configurations - 4) == once
    other = dataclasses.replace(spec, seed=1)
    if choose_sampler(spec).name != "grid":
        assert sweep(other, Storage(other))[-1] != once[-1]


@pytest.mark.parametrize(("name", "objectives"), [("tpe", 1), ("tpe", 2), ("nsga2", 1), ("nsga2", 2)])
def test_one_objective_or_several(name: str, objectives: int) -> None:
    goals = dict(list(spec_of(name).objectives.items())[:objectives])
    spec = spec_of(name, objectives=goals)
    assert len(sweep(spec, Storage(spec))) == 60


@pytest.mark.parametrize("name", ["random", "tpe", "nsga2", "qmc"])
@pytest.mark.parametrize("told", [0, 52])
def test_a_trial_whose_asking_was_cut_short_is_completed_as_it_would_have_been(name: str, told: int) -> None:
    """``told`` is 0 for the first, random trials and large enough for the learnt ones."""
    spec = spec_of(name)

    def prepared() -> optuna.Study:
        study = Storage(spec).study()
        for number in range(told):
            study.sampler = make_sampler(spec, number)
            trial = study.ask(spec.space.distributions())
            study.tell(trial, two_goals(trial.params))
        study.sampler = make_sampler(spec, told)
        return study

    whole = prepared().ask(spec.space.distributions()).params
    study = prepared()
    names = list(spec.space.dimensions)
    study.ask({each: spec.space.distributions()[each] for each in names[:2]})
    study.sampler = make_sampler(spec, told)
    frozen = study.trials[told]
    trial = optuna.Trial(study, frozen._trial_id)
    for each, distribution in spec.space.distributions().items():
        trial._suggest(each, distribution)
    assert study.trials[told].params == whole
    assert study.trials[told].state == TrialState.RUNNING


@pytest.mark.parametrize("name", ["random", "qmc", "tpe", "nsga2"])
def test_each_sampler_covers_a_continuous_space(name: str) -> None:
    spec = spec_of(name, configurations=120, lag=120)  # nothing told: what they do without knowledge
    params = sweep(spec, Storage(spec))
    for column, dimension in spec.space.dimensions.items():
        values = [each[column] for each in params]
        if isinstance(dimension, Choices):
            assert set(values) == {8, "32-16"}
        else:
            quarters = {sum(value >= dimension.at(share / 4) for share in range(4)) for value in values}
            assert quarters == {1, 2, 3, 4}, column


def test_qmc_is_more_even_than_random() -> None:
    """Sobol: each of 64 equal cells of the first two dimensions holds exactly one of the first 64 points."""
    space = Space({name: FloatRange(low=0.0, high=1.0) for name in ("device.d2d", "device.c2c")})

    def cells(name: str) -> int:
        spec = spec_of(name, space, configurations=64, lag=64)
        points = sweep(spec, Storage(spec), lambda params: [0.0, 0.0])
        return len({tuple(int(8 * value) for value in point.values()) for point in points})

    assert cells("qmc") == 64
    assert cells("random") < 50


def test_a_late_point_of_qmc_is_that_of_the_sequence() -> None:
    spec = spec_of("qmc", configurations=20_000)
    study = Storage(spec).study()
    sampler = make_sampler(spec, 0)
    trial = optuna.trial.create_trial(values=[0, 0])
    trial.number = 10_000
    late = sampler.sample_relative(study, trial, spec.space.distributions())
    trial.number = 0
    assert late != sampler.sample_relative(study, trial, spec.space.distributions())
    trial.number = 10_000
    assert late == make_sampler(spec, 3).sample_relative(study, trial, spec.space.distributions())


@pytest.mark.parametrize("name", ["grid", "auto"])
def test_a_grid_visits_each_point_once(name: str) -> None:
    spec = spec_of(name, FINITE, configurations=24)
    points = {tuple(params.values()) for params in sweep(spec, Storage(spec))}
    assert points == set(itertools.product((0.0, 0.1, 0.2, 0.3), (1, 2, 3), (8, "32-16")))


def test_a_part_of_a_grid_is_spread_over_the_space() -> None:
    spec = spec_of("grid", FINITE, configurations=8)
    columns = zip(*(params.values() for params in sweep(spec, Storage(spec))), strict=True)
    assert [len(set(column)) for column in columns] == [4, 3, 2]


@pytest.mark.parametrize(
    ("space", "configurations", "match"),
    [
        (CONTINUOUS, 10, "`pulse.amplitude_V` without a step; give it a `step`"),
        (FINITE, 25, "`configurations` <= 24, .* got 25; set `configurations: 24`"),
    ],
)
def test_a_grid_that_cannot_be_is_refused(space: Space, configurations: int, match: str) -> None:
    with pytest.raises(SpecError, match=match):
        make_sampler(spec_of("grid", space, configurations=configurations), 0)


@pytest.mark.parametrize("name", SAMPLERS)
def test_a_space_without_dimensions_is_one_trial(name: str) -> None:
    spec = spec_of(name, Space({}), configurations=1)
    assert sweep(spec, Storage(spec), lambda params: [0.0, 0.0]) == [{}]


@pytest.mark.parametrize("name", ["tpe", "nsga2"])
def test_a_dimension_of_one_point_is_no_obstacle(name: str) -> None:
    space = Space({"readout.hidden": Choices(choices=(8,)), "readout.epochs": IntRange(low=1, high=20)})
    for each in (space, Space({"readout.hidden": Choices(choices=(8,))})):
        spec = spec_of(name, each)
        params = sweep(spec, Storage(spec), lambda params: [float(params["readout.hidden"]), 1.0])
        assert {point["readout.hidden"] for point in params} == {8}


@pytest.mark.parametrize(
    ("space", "changes", "name", "why"),
    [
        (FINITE, {"configurations": 24}, "grid", "24 points"),
        (FINITE, {"configurations": 23}, "tpe", "Several objectives and at most 5,000"),
        (CONTINUOUS, {"configurations": 5_000}, "tpe", "0.1 s"),
        (CONTINUOUS, {"configurations": 5_001}, "nsga2", "more than 5,000"),
        (
            CONTINUOUS,
            {"configurations": 9_999, "objectives": {"accuracy": "maximize"}},
            "tpe",
            "One objective",
        ),
    ],
)
def test_auto_says_what_it_chose_and_why(space: Space, changes: dict[str, Any], name: str, why: str) -> None:
    choice = choose_sampler(spec_of("auto", space, **changes))
    assert choice.name == name
    assert why in choice.why
    assert choice.why.endswith(".")


def test_a_sampler_that_the_file_names_is_used() -> None:
    assert choose_sampler(spec_of("qmc")) == ("qmc", "The sweep file asks for it.")


def test_generations_advance_as_with_one_lasting_sampler() -> None:
    """Fresh NSGA-II samplers find the population in the study."""
    spec = spec_of("nsga2", configurations=160, lag=1)

    def generations(study: optuna.Study) -> list[int]:
        return [trial.system_attrs["NSGAIISampler:generation"] for trial in study.trials]

    storage = Storage(spec)
    sweep(spec, storage)
    plain = optuna.create_study(
        directions=list(spec.objectives.values()), sampler=optuna.samplers.NSGAIISampler(seed=0)
    )
    for _ in range(160):
        trial = plain.ask(spec.space.distributions())
        plain.tell(trial, two_goals(trial.params))
    assert generations(storage.study()) == generations(plain)
    assert max(generations(plain)) == 3


@pytest.mark.parametrize("lag", [1, 11])
@pytest.mark.parametrize(
    ("name", "objectives", "space"),
    [("nsga2", 2, CONTINUOUS), ("tpe", 2, CONTINUOUS), ("tpe", 1, CONTINUOUS), ("tpe", 2, FINITE)],
)
def test_the_same_is_drawn_with_the_history_at_hand(name: str, objectives: int, space: Space, lag: int) -> None:
    goals = dict(list({"accuracy": "maximize", "energy_J": "minimize"}.items())[:objectives])
    trials = 240 if name == "nsga2" else 90
    spec = spec_of(name, space, configurations=trials, lag=lag, objectives=goals)
    expected = sweep(spec, Storage(spec))
    study = Storage(spec).study()
    history = History(study.trials)
    asked: list[dict[str, Any]] = []
    for number in range(trials):
        if number >= lag:
            done = number - lag
            history.add(study.tell(done, two_goals(asked[done])[:objectives]))
        study.sampler = make_sampler(spec, number, history)
        asked.append(study.ask(spec.space.distributions()).params)
    assert asked == expected
    if name == "nsga2":
        assert max(trial.system_attrs["NSGAIISampler:generation"] for trial in history.complete) >= 3


def hypervolume(points: list[list[float]]) -> float:
    """Area between (maximised, minimised) points and the reference (-1, 2)."""
    area, best = 0.0, -1.0
    for first, second in sorted(points, key=lambda point: point[1]):
        if second < 2 and first > best:
            area += (first - best) * (2 - second)
            best = first
    return area


def test_the_searchers_beat_chance() -> None:
    """Hypervolume, mean over the seeds."""

    def mean(name: str) -> float:
        areas = []
        for seed in range(2):
            spec = spec_of(name, seed=seed, configurations=120)
            areas.append(hypervolume([two_goals(params) for params in sweep(spec, Storage(spec))]))
        return float(np.mean(areas))

    chance = mean("random")
    assert mean("tpe") > 1.05 * chance
    assert mean("nsga2") > 1.02 * chance


def test_the_hypervolume_of_the_tests_is_right() -> None:
    assert hypervolume([[0.0, 1.0]]) == 1.0
    assert hypervolume([[0.0, 1.0], [1.0, 1.5], [-0.5, 1.2]]) == 1.5
