"""Portraits: the chips, streams and answers of the evaluation, for every law, read-out and way of training."""

from dataclasses import replace

import numpy as np
import pytest

from kinetics import Crossbar, Device, Pulse, get_law
from tasks import Configuration, Part, Task, load_task
from tasks.evaluator import Evaluator, Request
from tasks.features import raw_matrix
from tasks.portrait import LARGEST_MAP, LONGEST_CURVE, make_portrait
from tasks.readout import Readout
from tasks.robust import Robust

QUICK = Readout(hidden=8, epochs=3)
GIVEN = Device.of(alpha=0.02, beta=0.1, d2d=0.2)
NOISY = replace(GIVEN, c2c=0.1, read_noise=0.02, stuck_high=0.1)


@pytest.fixture(scope="module")
def digits() -> Task:
    return load_task("digits")


def voting(task: Task) -> Task:
    """The task, of whose objects each is two cases of one class."""

    def twice(part: Part) -> Part:
        order = np.argsort(part.y, kind="stable")
        kept = [np.array(pair) for pair in zip(order[::2], order[1::2], strict=False)]
        whole = np.concatenate([pair for pair in kept if part.y[pair[0]] == part.y[pair[1]]])
        return Part(np.ascontiguousarray(part.x[:, :, whole]), part.y[whole])

    return replace(task, votes=2, train=twice(task.train), validation=twice(task.validation), test=twice(task.test))


@pytest.mark.parametrize(
    "configuration",
    [
        Configuration(device=GIVEN, readout=QUICK),
        Configuration(device=NOISY, readout=Readout(kind="ridge"), crossbar=Crossbar(mapping="pair", read_noise=0.01)),
        Configuration(device=GIVEN, readout=Readout(kind="network", hidden=8, epochs=2)),
        Configuration(device=NOISY, readout=replace(QUICK, trained_for="noise_aware")),
        Configuration(device=NOISY, readout=Readout(kind="ridge", trained_for="insitu"), pulse=Pulse(read_every=4)),
        Configuration(device=Device(law="wox", d2d=0.1), readout=Readout(kind="ridge")),
        Configuration(device=Device.of(alpha=0.02, beta=0.1), readout=Readout(kind="ridge")),
    ],
    ids=["mlp", "ridge on a crossbar", "network", "noise_aware", "insitu", "wox", "nothing varies"],
)
@pytest.mark.parametrize("racing", [0, 2])
def test_accuracies_are_the_recorded_ones(digits: Task, configuration: Configuration, racing: int) -> None:
    task = voting(digits) if configuration.readout.kind == "ridge" else digits
    evaluator = Evaluator(task, seed=3, chips=4, robust=Robust(racing_chips=racing, fresh_chips=6))
    recorded = evaluator.evaluate(configuration, trial=5, chosen=True)
    for part, accuracy in (("test", recorded.test_accuracy), ("validation", recorded.accuracy)):
        portrait = make_portrait(evaluator, task, configuration, trial=5, part=part)
        assert portrait.accuracy.mean() == accuracy
        assert np.trace(portrait.confusion) / portrait.confusion.sum() == pytest.approx(accuracy, rel=1e-12)
        # Rows are the true classes: each case stands once a chip in that of its own.
        true = getattr(task, part).y[:: task.votes]
        counted = len(portrait.accuracy) * np.bincount(true, minlength=task.classes)
        assert portrait.confusion.sum(axis=1).tolist() == counted.tolist()
        assert len(portrait.cases) == task.classes


def test_one_that_was_raced_out_shows_the_chips_that_it_was_left_after(digits: Task) -> None:
    configuration = Configuration(device=NOISY, readout=Readout(kind="ridge"))
    unbeatable = ({"accuracy": 1.0, "energy_J": 0.0},)
    objectives = {"accuracy": "maximize", "energy_J": "minimize"}
    evaluator = Evaluator(digits, seed=3, chips=4, robust=Robust(racing_chips=2), objectives=objectives)
    [recorded] = evaluator.evaluate_many([Request(configuration, 5, rivals=unbeatable)])
    assert not isinstance(recorded, Exception)
    assert recorded.raced_out
    portrait = make_portrait(evaluator, digits, configuration, trial=5, part="validation", raced_out=True)
    assert len(portrait.accuracy) == 2
    assert portrait.accuracy.mean() == recorded.accuracy


def test_the_curves_are_the_physics_step_by_step(digits: Task) -> None:
    pulse = Pulse(width_s=2e-7, interval_s=3e-7, read_width_s=1e-7, amplitude_V=1.5)
    configuration = Configuration(device=GIVEN, pulse=pulse, readout=Readout(kind="ridge"))
    bright = Part(np.maximum(digits.validation.x, np.float32(0.25)), digits.validation.y)  # all pulses are fired
    task = replace(digits, validation=bright)
    evaluator = Evaluator(task, seed=0, chips=2)
    portrait = make_portrait(evaluator, task, configuration, trial=0, part="validation")
    case = portrait.cases[4]
    x = bright.x[:, :, int(np.flatnonzero(bright.y == 4)[0])]
    assert case.label == "4"
    np.testing.assert_array_equal(case.samples, x.T)
    np.testing.assert_allclose(case.time_s, 6e-7 * np.arange(9))
    fired = x[:, case.series] * (np.arange(8) < 7)  # the last pulse comes after the last reading
    np.testing.assert_allclose(case.pulse_width_s, fired * 2e-7, rtol=1e-6)
    np.testing.assert_allclose(case.pulse_V, np.where(fired > 0, 1.5, 0))
    state = [1.0]
    for drive in fired:
        state.append(state[-1] + 0.02 / state[-1] - 0.1 * drive)
    np.testing.assert_allclose(case.state, state, rtol=1e-5)
    np.testing.assert_allclose(case.features[case.series], np.array(state)[case.read_steps], rtol=1e-5)
    assert case.states.shape == (2, 9)
    assert np.ptp(case.states[:, -1]) > 0
    amplitude = replace(configuration, pulse=replace(pulse, encoding="amplitude"))
    other = make_portrait(evaluator, task, amplitude, trial=0, part="validation").cases[4]
    np.testing.assert_allclose(other.pulse_V, fired * 1.5, rtol=1e-6)
    assert set(other.pulse_width_s) == {0, 2e-7}


def test_maps_are_reduced_and_curves_end_so_that_a_report_stays_small() -> None:
    rng = np.random.default_rng(0)

    def part(cases: int) -> Part:
        y = np.arange(cases) % 2
        return Part(rng.random((300, 100, cases), np.float32) * (0.4 + 0.2 * y).astype(np.float32), y)

    task = Task(name="long", description="made up", classes=2, train=part(20), validation=part(8), test=part(8))
    configuration = Configuration(device=Device.of(alpha=0.02, beta=0.1), readout=Readout(hidden=2, epochs=1))
    evaluator = Evaluator(task, seed=0, chips=1)
    [case, _] = make_portrait(evaluator, task, configuration, trial=0, part="validation").cases
    assert case.features.shape == case.samples.shape == (LARGEST_MAP, LARGEST_MAP)
    assert case.state.shape == (LONGEST_CURVE + 1,)
    assert case.read_steps.max() == LONGEST_CURVE
    whole = raw_matrix(task.validation.x[:, :, :1]).reshape(100, 300)
    assert case.samples.shape == (64, 64)
    np.testing.assert_allclose(case.samples[0, 0], whole[:1, :4].mean(), rtol=1e-6)
    assert get_law(configuration.device.law).initial_state == case.state[0]


def test_part_checksums_tell_any_change(digits: Task) -> None:
    part = digits.validation
    x = part.x.copy()
    x[3, 4, 5] += 1e-3
    y = part.y.copy()
    y[0] += 1
    sums = {part.sha256, Part(x, part.y).sha256, Part(part.x, y).sha256, Part(part.x[:, :4], part.y).sha256}
    assert len(sums) == 4
    assert Part(part.x.copy(), part.y.copy()).sha256 == part.sha256
