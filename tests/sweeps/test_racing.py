"""Racing: what is hopeless stops early, what is not keeps its bits, and winners are scored without their luck."""

import dataclasses
import math
from pathlib import Path

import numpy as np
import pytest
from rich.console import Console

from kinetics import Crossbar, Device
from sweeps.cli.tables import print_front
from sweeps.driver import drive
from sweeps.inline_executor import InlineExecutor
from sweeps.spec import Spec, parse_spec
from sweeps.study import Record, State, SweepStudy
from tasks import Configuration, Evaluation, Part, Task
from tasks.evaluator import Evaluator, Request, Variant
from tasks.readout import Readout
from tasks.robust import Robust, dominated

CHIPS, FIRST = 16, 6
RACING = Robust(racing_chips=FIRST)
HOPELESS = Configuration(
    device=Device.of(alpha=0.05, beta=0.2, d2d=2.0, d2d_distribution="lognormal"), readout=Readout(kind="ridge")
)
GOOD = dataclasses.replace(HOPELESS, device=dataclasses.replace(HOPELESS.device, d2d=0.02))


@pytest.fixture(scope="module")
def easy_task() -> Task:
    """Three classes that three of four levels tell apart, if the devices are true."""

    def part(seed: int, cases: int) -> Part:
        rng, y = np.random.default_rng(seed), np.arange(cases) % 3
        x = 0.3 * rng.random((6, 4, cases))
        x[:, 1:] += 0.25 * (np.arange(3)[:, None] == y)
        return Part(x.astype(np.float32), y)

    return Task(name="easy", description="", classes=3, train=part(0, 90), validation=part(1, 60), test=part(2, 60))


def evaluate(
    task: Task,
    configuration: Configuration,
    rivals: tuple[dict[str, float], ...] = (),
    *,
    robust: Robust = RACING,
    chips: int = CHIPS,
    objectives: dict[str, str] | None = None,
) -> Evaluation:
    evaluator = Evaluator(task, seed=1, chips=chips, robust=robust, objectives=objectives or {"accuracy": "maximize"})
    [result] = evaluator.evaluate_many([Request(configuration, 0, rivals=rivals)])
    assert isinstance(result, Evaluation)
    return dataclasses.replace(result, seconds=0)


def test_a_hopeless_configuration_stops_after_the_first_chips_and_says_so(easy_task: Task) -> None:
    found = evaluate(easy_task, HOPELESS, ({"accuracy": 1.0},))
    assert (found.raced_out, found.chips) == (True, FIRST)
    alone = evaluate(easy_task, HOPELESS, robust=Robust(), chips=FIRST)
    assert dataclasses.replace(found, raced_out=False, violations=0) == dataclasses.replace(alone, violations=0)


def test_what_may_still_reach_the_front_keeps_the_bits_it_has_without_racing(easy_task: Task) -> None:
    plain = evaluate(easy_task, GOOD, robust=Robust())
    for rivals in ((), ({"accuracy": plain.accuracy - 0.02},), ({"accuracy": 0.0},)):
        assert evaluate(easy_task, GOOD, rivals) == plain


def test_bad_luck_with_the_first_chips_is_no_reason_to_stop(easy_task: Task) -> None:
    rough = dataclasses.replace(GOOD, device=dataclasses.replace(GOOD.device, d2d=0.4))
    first = evaluate(easy_task, rough, robust=Robust(), chips=FIRST)
    assert first.accuracy_std > 0.02
    a_little_better = ({"accuracy": first.accuracy + 0.2 * first.accuracy_std},)
    assert evaluate(easy_task, rough, a_little_better) == evaluate(easy_task, rough, robust=Robust())


def test_rivals_decide_whether_and_never_what_is_found(easy_task: Task) -> None:
    """With noise that is redrawn at every step too."""
    device = dataclasses.replace(GOOD.device, c2c=0.1, read_noise=0.02, stuck_low=0.02)
    noisy = dataclasses.replace(GOOD, device=device)
    assert evaluate(easy_task, noisy, ({"accuracy": 0.1},)) == evaluate(easy_task, noisy)


def test_no_rival_that_is_dearer_ends_a_race(easy_task: Task) -> None:
    ways = {"accuracy": "maximize", "energy_J": "minimize"}
    energy_J = evaluate(easy_task, HOPELESS).energy_J
    cheaper, dearer = ({"accuracy": 1.0, "energy_J": factor * energy_J} for factor in (0.9, 1.1))
    assert evaluate(easy_task, HOPELESS, (dearer, cheaper), objectives=ways).raced_out
    assert not evaluate(easy_task, HOPELESS, (dearer,), objectives=ways).raced_out


def test_racing_needs_more_chips_than_it_looks_at(easy_task: Task) -> None:
    assert not evaluate(easy_task, HOPELESS, ({"accuracy": 1.0},), chips=FIRST).raced_out
    calm = dataclasses.replace(HOPELESS, device=HOPELESS.device.nominal())
    assert evaluate(easy_task, calm, ({"accuracy": 1.1},)).chips == 1


@pytest.fixture
def spec() -> Spec:
    """Some good and some hopeless configurations for two objectives; the sampler learns nothing."""
    return parse_spec(
        {
            "name": "race",
            "task": "digits",
            "seed": 5,
            "configurations": 30,
            "chips": CHIPS,
            "lag": 4,
            "robust": {"racing_chips": FIRST},
            "objectives": {"accuracy": "maximize", "energy_J": "minimize"},
            "sampler": "random",
            "configuration": {
                "device.alpha": 0.05,
                "device.beta": 0.2,
                "device.d2d_distribution": "lognormal",
                "device.d2d": {"choices": [0.02, 2.0]},
                "pulse.width_s": {"low": 1e-8, "high": 1e-5, "log": True},
                "readout.kind": "ridge",
            },
        }
    )


def swept(spec: Spec, task: Task, journal: Path) -> SweepStudy:
    study = SweepStudy(spec, journal)
    assert drive(
        study,
        InlineExecutor(task, spec.evaluator),
        configurations=spec.trials,
        lag=spec.lag,
        racing=spec.robust.racing_chips > 0,
        on_told=lambda _: None,
    )
    return study


def by_number(records: list[Record]) -> list[int]:
    return sorted(record.number for record in records)


def test_the_front_is_the_one_without_racing(spec: Spec, easy_task: Task, tmp_path: Path) -> None:
    raced = swept(spec, easy_task, tmp_path / "raced.log")
    plain = swept(dataclasses.replace(spec, robust=Robust()), easy_task, tmp_path / "plain.log")
    assert by_number(raced.front()) == by_number(plain.front())
    left = {r.number for r in raced.records() if r.evaluation and r.evaluation.raced_out}
    assert len(left) >= 5
    assert not left & set(by_number(raced.front()))
    for one, other in zip(raced.records(), plain.records(), strict=True):
        assert one.state is other.state is State.FINISHED
        if one.number not in left:
            assert one.evaluation and other.evaluation
            assert dataclasses.replace(one.evaluation, seconds=0) == dataclasses.replace(other.evaluation, seconds=0)


def test_rivals_are_the_front_of_what_had_been_told(spec: Spec, easy_task: Task, tmp_path: Path) -> None:
    study = swept(spec, easy_task, tmp_path / "raced.log")
    values = [
        {"accuracy": r.evaluation.accuracy, "energy_J": r.evaluation.energy_J} for r in study.records() if r.evaluation
    ]
    ways: dict[str, str] = dict(spec.objectives)
    for opened in (study, SweepStudy(spec, tmp_path / "raced.log")):
        for count in (0, 1, 7, 30, 12, 13):  # back as well, as after an interruption
            expected = [v for v in values[:count] if not dominated(v, values[:count], ways)]
            found = opened.rivals(count)
            assert sorted(map(str, found)) == sorted(map(str, expected))


def test_the_best_of_many_is_lucky_and_fresh_chips_are_not(tiny_task: Task) -> None:
    """Read-outs from different starts, each held by few and rough crossbars: the winner's mean is biased upwards."""
    configuration = Configuration(
        device=Device.of(alpha=0.05, beta=0.2),
        crossbar=Crossbar(mapping="single", programming="relative", programming_sigma=0.1),
        readout=Readout(hidden=8, epochs=12, batch=16),
    )
    lucky, fresh = [], []
    for seed in range(10):
        evaluator = Evaluator(tiny_task, seed=seed, chips=2, robust=Robust(fresh_chips=60))
        found = evaluator.evaluate_many([Request(configuration, trial) for trial in range(12)])
        searched = [each.accuracy for each in found if isinstance(each, Evaluation)]
        winner = int(np.argmax(searched))
        chosen = evaluator.evaluate(configuration, trial=winner, chosen=True)
        assert chosen.accuracy == searched[winner]  # both numbers are kept
        assert (chosen.chips, chosen.fresh_chips) == (2, 60)
        assert chosen.fresh_accuracy is not None
        assert chosen.fresh_accuracy_low is not None
        assert chosen.fresh_accuracy_high is not None
        assert chosen.fresh_accuracy_low <= chosen.fresh_accuracy <= chosen.fresh_accuracy_high
        truth = evaluator.score(Variant(configuration, winner, configuration, 400)).accuracy.mean()
        lucky.append(chosen.accuracy - truth)
        fresh.append(chosen.fresh_accuracy - truth)

    def deviation(differences: list[float]) -> float:
        return float(np.mean(differences) / (np.std(differences, ddof=1) / math.sqrt(len(differences))))

    assert deviation(lucky) > 4
    assert abs(deviation(fresh)) < 3
    assert np.mean(lucky) > 0.05 > 5 * abs(np.mean(fresh))


@pytest.mark.parametrize("varied", [True, False])
def test_the_front_shows_fresh_chips_where_chips_differ(varied: bool, spec: Spec, easy_task: Task) -> None:
    configuration = GOOD if varied else dataclasses.replace(GOOD, device=GOOD.device.nominal())
    evaluator = Evaluator(easy_task, seed=1, chips=4, robust=Robust(fresh_chips=9))
    evaluation = evaluator.evaluate(configuration, trial=0, chosen=True).to_dict()
    entry = {"trial": 0, "configuration": configuration.to_dotted(), "evaluation": evaluation}
    console = Console(record=True, width=200)
    print_front(console, spec, {"pareto": [entry], "control": {}})
    text = console.export_text()
    interval = f"{evaluation['fresh_accuracy']:.3f} [{evaluation['fresh_accuracy_low']:.3f}, "
    assert ("fresh chips" in text) is varied
    assert (interval in text) is varied
