"""Virtual chips: the same ones for everybody, and each variability alone seen in the accuracy."""

import dataclasses
import math
from functools import partial
from typing import Any

import numpy as np
import pytest

from kinetics import Device, InvalidParameterError, device_coefficients, get_law
from tasks import Configuration, Part, Task
from tasks.chips import Devices, corner_devices, hold_network, make_devices, score_chips, varies
from tasks.evaluator import Evaluator, Variant
from tasks.features import feature_matrix
from tasks.readout import Readout, fit_readout
from tasks.robust import Robust
from tasks.trained_readout import TrainedReadout

LAW = get_law("drift_diffusion")
WIDE = {"g_min_S": 1e-9, "g_max_S": 1.0}
BASE = {"device.alpha": 0.05, "device.beta": 0.2, "device.g_min_S": 2e-5, "readout.kind": "ridge"}
ON_CHIP = {**BASE, "crossbar.mapping": "single"}
EIGHT = 8


def stream(purpose: int, seed: int = 7) -> np.random.SeedSequence:
    return np.random.SeedSequence(seed, spawn_key=(purpose,))


def made(values: dict[str, Any], chips: int = EIGHT, seed: int = 7) -> Devices:
    configuration = Configuration.from_dotted({**BASE, **values})
    return make_devices(configuration, series=5, chips=chips, stream=partial(stream, seed=seed))


@pytest.fixture(scope="module")
def task() -> Task:
    """Four classes of noisy series in eight memristors."""
    rng = np.random.default_rng(0)

    def part(cases: int) -> Part:
        y = np.arange(cases) % 4
        x = rng.random((8, 8, cases)) * 0.7
        for label in range(4):
            x[:, 2 * label : 2 * label + 2, y == label] += 0.12
        return Part(np.minimum(x, 1).astype(np.float32), y)

    return Task(name="four", description="", classes=4, train=part(400), validation=part(200), test=part(200))


def accuracies(task: Task, values: dict[str, Any], chips: int = EIGHT, designed: dict[str, Any] | None = None) -> Any:
    used = Configuration.from_dotted(values)
    trained = used if designed is None else Configuration.from_dotted(designed)
    variant = Variant(designed=trained, trial=0, used=used, chips=chips)
    return Evaluator(task, seed=1, chips=chips).score(variant).accuracy


# Common random numbers


def test_configurations_are_compared_on_the_same_chips() -> None:
    one = made({"device.d2d": 0.1}).coefficients
    other = made({"device.d2d": 0.05, "device.alpha": 0.3, "pulse.width_s": 1e-6, "readout.hidden": 3}).coefficients
    for name, nominal, other_nominal in (("alpha", 0.05, 0.3), ("beta", 0.2, 0.2)):
        deviation, other_deviation = one[name] / nominal - 1, other[name] / other_nominal - 1
        assert deviation.shape == (EIGHT, 5)
        np.testing.assert_allclose(deviation, 2 * other_deviation, atol=1e-6)
    again = made({"device.d2d": 0.1}, seed=8).coefficients
    assert not np.isclose(again["alpha"], one["alpha"]).any()


@pytest.mark.parametrize("distribution", ["normal", "lognormal"])
def test_fewer_chips_are_the_first_of_many(distribution: str) -> None:
    fields = {"device.d2d": 0.1, "device.d2d_distribution": distribution, "device.stuck_high": 0.2}
    few, many = made(fields, chips=3), made(fields, chips=20)
    assert few.stuck is not None and many.stuck is not None
    np.testing.assert_array_equal(many.stuck[:3], few.stuck)
    for name, value in few.coefficients.items():
        np.testing.assert_array_equal(many.coefficients[name][:3], value)
    some = many.chips(slice(5, 9))
    np.testing.assert_array_equal(some.coefficients["beta"], many.coefficients["beta"][5:9])
    assert (some.count, some.stuck is not None and some.stuck.shape) == (4, (4, 5))


@pytest.mark.parametrize("fields", [{"device.d2d": 0.2}, {"device.stuck_low": 0.1}])
def test_accuracies_of_fewer_chips_are_the_first_of_many(fields: dict[str, Any], task: Task) -> None:
    few, many = (accuracies(task, {**BASE, **fields}, chips=chips) for chips in (3, 9))
    np.testing.assert_array_equal(many[:3], few)


@pytest.mark.parametrize("fields", [{"device.d2d": 0.2}, {"device.c2c": 0.2, "device.read_noise": 0.05}])
def test_trials_meet_the_same_chips_and_fresh_ones_are_others(fields: dict[str, Any], task: Task) -> None:
    # A ridge draws nothing, so the trial's own stream has no say.
    evaluator = Evaluator(task, seed=1, chips=12, robust=Robust(fresh_chips=12))
    configuration = Configuration.from_dotted({**BASE, **fields})
    one, other = (evaluator.evaluate(configuration, trial=trial, chosen=True) for trial in (2, 9))
    assert dataclasses.replace(one, seconds=0) == dataclasses.replace(other, seconds=0)
    assert one.fresh_chips == one.chips == 12
    assert one.fresh_accuracy != one.accuracy


# Each variability alone


@pytest.mark.parametrize(
    ("off", "on"),
    [
        ({"device.d2d": 0.0}, {"device.d2d": 0.3}),
        (
            {"device.d2d_distribution": "lognormal", "device.d2d_correlation": 0.5},
            {"device.d2d_distribution": "lognormal", "device.d2d_correlation": 0.5, "device.d2d": 0.3},
        ),
        ({"device.c2c": 0.0}, {"device.c2c": 0.3}),
        ({"device.read_noise": 0.0}, {"device.read_noise": 0.2}),
        ({"device.stuck_high": 0.0}, {"device.stuck_high": 0.2}),
        ({"device.stuck_low": 0.0}, {"device.stuck_low": 0.2}),
    ],
    ids=lambda fields: "+".join(fields),
)
def test_a_variability_of_the_devices_spreads_the_accuracy(off: dict[str, Any], on: dict[str, Any], task: Task) -> None:
    base = accuracies(task, BASE)
    assert not varies(Configuration.from_dotted({**BASE, **off}))
    np.testing.assert_array_equal(accuracies(task, {**BASE, **off}), base)
    varied = accuracies(task, {**BASE, **on})
    assert varied.shape == (EIGHT,)
    assert varied.std() > 0
    assert varied.mean() < base.mean()


@pytest.mark.parametrize(
    ("off", "on"),
    [
        ({"crossbar.programming": "none"}, {"crossbar.programming": "shi2025"}),
        ({"crossbar.programming": "none"}, {"crossbar.programming": "milo2021"}),
        ({"crossbar.programming": "none"}, {"crossbar.programming": "neurram"}),
        ({"crossbar.programming": "none"}, {"crossbar.programming": "cmo_hfox"}),
        (
            {"crossbar.programming": "relative"},
            {"crossbar.programming": "relative", "crossbar.programming_sigma": 0.05},
        ),
        ({"crossbar.stuck_high": 0.0}, {"crossbar.stuck_high": 0.1}),
        ({"crossbar.stuck_low": 0.0}, {"crossbar.stuck_low": 0.1}),
        ({"crossbar.retention": "pcm"}, {"crossbar.retention": "pcm", "crossbar.retention_s": 1e4}),
        ({"crossbar.retention": "cmo_hfox"}, {"crossbar.retention": "cmo_hfox", "crossbar.retention_s": 1e8}),
        ({"crossbar.read_noise": 0.0}, {"crossbar.read_noise": 0.1}),
    ],
    ids=lambda fields: "+".join(f"{name}={value}" for name, value in fields.items()),
)
def test_a_variability_of_the_crossbar_spreads_the_accuracy(
    off: dict[str, Any], on: dict[str, Any], task: Task
) -> None:
    base = accuracies(task, ON_CHIP)
    assert not varies(Configuration.from_dotted({**ON_CHIP, **off}))
    np.testing.assert_array_equal(accuracies(task, {**ON_CHIP, **off}), base)
    assert accuracies(task, {**ON_CHIP, **on}).std() > 0


@pytest.mark.parametrize(
    ("off", "on"),
    [
        ({"device.temperature_shift_K": 0.0}, {"device.temperature_shift_K": 40.0}),
        ({"device.temperature_shift_K": 0.0}, {"device.temperature_shift_K": -40.0}),
        ({"pulse.dac_bits": 0}, {"pulse.dac_bits": 1}),
        ({"pulse.adc_bits": 0}, {"pulse.adc_bits": 2}),
        ({"crossbar.bits": 0}, {"crossbar.bits": 1}),
        ({"crossbar.line_resistance_ohm": 0.0}, {"crossbar.line_resistance_ohm": 200.0}),
    ],
    ids=lambda fields: "+".join(f"{name}={value}" for name, value in fields.items()),
)
def test_what_is_alike_on_all_chips_moves_the_accuracy_and_spreads_nothing(
    off: dict[str, Any], on: dict[str, Any], task: Task
) -> None:
    base = accuracies(task, ON_CHIP)
    np.testing.assert_array_equal(accuracies(task, {**ON_CHIP, **off}), base)
    moved = accuracies(task, {**ON_CHIP, **on}, designed=ON_CHIP)
    assert moved.shape == (1,)
    assert moved[0] < base[0]


def test_equal_chips_are_the_nominal_device_bit_for_bit(task: Task) -> None:
    configuration = Configuration.from_dotted(BASE)
    nominal = device_coefficients(configuration.device, configuration.pulse)
    one = {name: np.full((1, 1), value, np.float32) for name, value in nominal.items()}
    fit = fit_readout(
        configuration.readout,
        feature_matrix(LAW, configuration, one, task.train.x),
        task.train.y,
        features := feature_matrix(LAW, configuration, one, task.validation.x),
        task.validation.y,
        task.classes,
        0,
    )
    readout = TrainedReadout(network=fit.network, parameters=1, macs=1)
    network = hold_network(configuration, [readout], chips=1, stream=stream)
    expected = float(np.mean(fit.network.scores(features).argmax(axis=1) == task.validation.y))
    as_many = {name: np.full((6, 8), value, np.float32) for name, value in nominal.items()}
    for devices in (
        make_devices(configuration, series=8, chips=6, stream=stream),
        Devices(coefficients=as_many, stuck=None, count=6),
        Devices(coefficients=as_many, stuck=np.zeros((6, 8), np.int8), count=6),
    ):
        found = score_chips(configuration, devices, network, task.validation, task, stream(0))
        np.testing.assert_array_equal(found.accuracy, np.full(devices.count, expected))


# Temperature, stuck devices, converters


@pytest.mark.parametrize("shift_K", [-40.0, 40.0])
@pytest.mark.parametrize("given", [True, False])
def test_a_warmer_chip_has_the_coefficients_of_its_temperature(given: bool, shift_K: float) -> None:
    fields = {} if given else {"device.alpha": None, "device.beta": None}
    cold, warm = made(fields), made({**fields, "device.temperature_shift_K": shift_K})
    arrhenius = math.exp(0.36 / 8.617333e-5 * (1 / 300 - 1 / (300 + shift_K)))
    # 1 V over 5 nm gives an ion q a V / 2 d = 0.025 eV over half a hop of 0.25 nm.
    field = math.sinh(0.025 / 8.617333e-5 / (300 + shift_K)) / math.sinh(0.025 / 8.617333e-5 / 300)
    for name, factor in (("alpha", arrhenius), ("beta", arrhenius * field)):
        np.testing.assert_allclose(warm.coefficients[name], factor * cold.coefficients[name], rtol=1e-5)


@pytest.mark.parametrize("conducts_as", ["w", "1/w"])
def test_stuck_devices_read_the_ends_of_the_window_whatever_their_state(conducts_as: str) -> None:
    device = Device.of(alpha=0.1, beta=0.3, g_rest_S=1e-4, g_min_S=4e-5, g_max_S=3e-4, conducts_as=conducts_as)
    x = np.random.default_rng(0).random((6, 3, 10), np.float32)
    nominal = {name: np.full((1, 3), value, np.float32) for name, value in (("alpha", 0.1), ("beta", 0.3))}
    stuck = np.array([[1, 0, -1]], np.int8)
    features = feature_matrix(LAW, Configuration(device=device), nominal, x, stuck=stuck).reshape(10, 3, 6)
    np.testing.assert_allclose(features[:, 0], 3.0, rtol=1e-6)
    np.testing.assert_allclose(features[:, 2], 0.4, rtol=1e-6)
    assert np.ptp(features[:, 1]) > 0.1


def test_stuck_shares_are_those_asked_for() -> None:
    stuck = made({"device.stuck_high": 0.3, "device.stuck_low": 0.1}, chips=4000).stuck
    assert stuck is not None
    for end, share in ((1, 0.3), (-1, 0.1)):
        assert abs(np.mean(stuck == end) - share) < 4 * math.sqrt(share * (1 - share) / stuck.size)


def test_an_adc_of_one_bit_gives_exactly_two_values(task: Task) -> None:
    values = {**BASE, "device.g_min_S": 9e-5, "device.g_max_S": 1.2e-4, "pulse.adc_bits": 1}
    nominal = {name: np.full((1, 1), value, np.float32) for name, value in (("alpha", 0.05), ("beta", 0.2))}
    features = feature_matrix(LAW, Configuration.from_dotted(values), nominal, task.train.x)
    np.testing.assert_allclose(np.unique(features), [0.9, 1.2], rtol=1e-6)


# Corners


def test_corners_are_all_combinations_of_two_coefficients() -> None:
    configuration = Configuration.from_dotted({**BASE, "device.d2d": 0.1})
    [devices] = corner_devices(configuration, Robust(corner_sigmas=2), series=3)
    found = {
        (round(float(a), 4), round(float(b), 4))
        for a, b in zip(*(v[:, 0] for v in devices.coefficients.values()), strict=True)
    }
    assert found == {(0.04, 0.16), (0.04, 0.24), (0.06, 0.16), (0.06, 0.24)}
    assert devices.count == 4
    assert all(np.ptp(value, axis=1).max() == 0 for value in devices.coefficients.values())


def test_corners_of_more_coefficients_and_of_temperatures() -> None:
    four = Configuration.from_dotted({"device.law": "rate_balance", "device.d2d": 0.1})
    [devices] = corner_devices(four, Robust(), series=1)
    assert devices.count == 2 + 2 * 4
    cold, warm = corner_devices(Configuration.from_dotted(BASE), Robust(corner_temperature_K=40), series=1)
    assert (cold.coefficients["alpha"] < 0.05).all()
    assert (warm.coefficients["alpha"] > 0.05).all()
    with pytest.raises(InvalidParameterError, match=r"<= 398, the range of the parameter set 'hopping'"):
        corner_devices(Configuration.from_dotted(BASE), Robust(corner_temperature_K=150), series=1)


def test_a_coefficient_stays_positive_in_any_corner() -> None:
    [devices] = corner_devices(
        Configuration.from_dotted({**BASE, "device.d2d": 0.9}), Robust(corner_sigmas=3), series=1
    )
    assert min(float(value.min()) for value in devices.coefficients.values()) == pytest.approx(0.05 * 0.05)


def test_the_worst_corner_is_the_objective(task: Task) -> None:
    configuration = Configuration.from_dotted({**BASE, "device.d2d": 0.2})
    robust = Robust(corner_sigmas=2)
    evaluator = Evaluator(task, seed=0, chips=4, robust=robust, objectives={"accuracy_corner": "maximize"})
    evaluation = evaluator.evaluate(configuration, trial=0)
    without = Evaluator(task, seed=0, chips=4).evaluate(configuration, trial=0)
    assert without.accuracy_corner is None
    assert evaluation.accuracy_corner is not None
    assert dataclasses.replace(evaluation, accuracy_corner=None, seconds=0) == dataclasses.replace(without, seconds=0)
    nominal = Evaluator(task, seed=0, chips=4).evaluate(Configuration.from_dotted(BASE), trial=0).accuracy
    assert evaluation.accuracy_corner < nominal
    # All devices being off in the same way is another question than each in its own.
    assert evaluation.accuracy_corner != evaluation.accuracy
    calm = Evaluator(task, seed=0, chips=4, robust=Robust(corner_sigmas=0), objectives={"accuracy_corner": "maximize"})
    assert calm.evaluate(configuration, trial=0).accuracy_corner == nominal


def test_readout_kinds_share_the_chips(task: Task) -> None:
    """A configuration's read-out has no say in which devices it meets."""
    mlp = Readout(hidden=4, epochs=1)
    both = [
        make_devices(
            Configuration(device=Device.of(alpha=0.1, beta=0.2, d2d=0.1), readout=readout),
            series=8,
            chips=3,
            stream=stream,
        ).coefficients["alpha"]
        for readout in (mlp, Readout(kind="ridge"))
    ]
    np.testing.assert_array_equal(*both)
