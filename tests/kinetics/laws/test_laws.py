"""Conformance suite: what every law of motion owes its callers."""

from typing import NamedTuple

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kinetics import LAWS, Device, InvalidParameterError, Law, Pulse, device_coefficients, get_law, simulate
from kinetics.arrays import Coefficients
from kinetics.laws.base import ThermalLaw
from kinetics.parameter_sets import default_parameter_set

DEVICES = 40
SPREAD = (0.5, 1.5)
LAWS_BY_NAME = sorted(LAWS)


class Claim(NamedTuple):
    """What a law says of itself beyond what all owe."""

    zero_input: str = "relaxes"
    """``relaxes`` to the state at rest, or ``grows`` without end."""
    conductance: str = "rises"
    """How conductance changes with the state."""


CLAIMS = {"drift_diffusion": Claim(zero_input="grows")}
"""By law; those left out claim the defaults."""


@pytest.fixture(params=LAWS_BY_NAME)
def law(request: pytest.FixtureRequest) -> Law:
    return LAWS[request.param]


@pytest.fixture
def coefficients(law: Law) -> Coefficients:
    return spread(law, SPREAD, seed=3)


def pulse_of(law: Law, **changes: object) -> Pulse:
    """The pulse train of the law's default parameter set."""
    chosen = default_parameter_set(law.name)
    assert chosen is not None
    return Pulse(**{**chosen.pulse, **changes})


def spread(law: Law, factors: tuple[float, float], seed: int) -> Coefficients:
    """A population whose coefficients are the nominal ones times factors, uniform in their logarithm."""
    rng = np.random.default_rng(seed)
    nominal = device_coefficients(Device(law=law.name), pulse_of(law))
    low, high = np.log(factors)
    return {
        name: (value * np.exp(rng.uniform(low, high, DEVICES))).astype(np.float32) for name, value in nominal.items()
    }


def states_of(law: Law, rng: np.random.Generator, size: int, reach: float = 3.0) -> np.ndarray:
    """States inside the range, and within ``reach`` of its lower end."""
    low, high = law.state_range
    return rng.uniform(max(low, 0.5 * law.initial_state), min(high, low + reach), size)


def drives(steps: int, seed: int = 5) -> np.ndarray:
    return np.random.default_rng(seed).random((steps, DEVICES), dtype=np.float32)


def stepped(law: Law, state: np.ndarray, drive: np.ndarray, coefficients: Coefficients) -> np.ndarray:
    out, scratch = np.empty_like(state), np.empty_like(state)
    law.step(state, drive, coefficients, out, scratch)
    return out


def run(law: Law, coefficients: Coefficients, drive: np.ndarray, **options: object) -> np.ndarray:
    floor = max(0.01 * law.initial_state, law.state_range[0])
    return simulate(law, coefficients, drive, floor=floor, **options).states


def test_a_law_is_found_by_its_name(law: Law) -> None:
    assert get_law(law.name) is law


def test_an_unknown_law_is_refused_with_a_suggestion() -> None:
    with pytest.raises(InvalidParameterError, match="did you mean 'drift_diffusion'"):
        get_law("drift_difusion")


def test_its_default_set_says_where_each_number_comes_from(law: Law) -> None:
    chosen = default_parameter_set(law.name)
    assert chosen is not None
    assert law.source
    assert chosen.source
    for name, parameter in chosen.parameters.items():
        assert parameter.source, name
        assert parameter.unit, name


def test_its_parameters_are_those_that_its_default_set_names(law: Law, monkeypatch: pytest.MonkeyPatch) -> None:
    """None is missing, and none is there that nothing depends on."""
    device, pulse, used = Device(law=law.name), pulse_of(law, encoding="amplitude"), set()
    parameter = Device.parameter
    monkeypatch.setattr(Device, "parameter", lambda self, name: used.add(name) or parameter(self, name))
    law.coefficients(device, pulse)
    law.drive(np.ones(1, np.float32), device, pulse)
    law.current_A(np.ones(1, np.float32), 1.0, device)
    assert used == set(device.parameters)


def test_outside_its_range_a_set_is_refused(law: Law) -> None:
    chosen = default_parameter_set(law.name)
    assert chosen is not None
    for temperature_K in (chosen.temperature_K[0] - 1, chosen.temperature_K[1] + 1):
        with pytest.raises(InvalidParameterError, match=rf"`device.temperature_K`.*{chosen.name}"):
            Device(law=law.name, temperature_K=temperature_K)


def test_coefficients_are_those_that_the_law_names_and_positive(law: Law) -> None:
    coefficients = law.coefficients(Device(law=law.name), pulse_of(law))
    assert tuple(coefficients) == law.coefficient_names
    assert all(0 < value < np.inf for value in coefficients.values())


@pytest.mark.parametrize("encoding", ["width", "amplitude", "count"])
def test_a_drive_rises_from_0_to_1(law: Law, encoding: str) -> None:
    x = np.linspace(0, 1, 1001, dtype=np.float32)
    drive = law.drive(x, Device(law=law.name), pulse_of(law, encoding=encoding))
    assert (drive.dtype, drive[0], drive[-1]) == (np.float32, 0, 1)
    assert (np.diff(drive) >= 0).all()


@pytest.mark.parametrize("end", [False, True], ids=["inside", "driven hard"])
def test_partials_are_the_slopes_of_the_step(law: Law, end: bool) -> None:
    """Central differences in float64: truncation and rounding are both below 1e-8 at h = 1e-5.

    Driven hard, many devices are held at an end of the range, where slopes are 0.
    """
    rng = np.random.default_rng(7)
    wide = {name: value.astype(np.float64) for name, value in spread(law, (3, 9) if end else SPREAD, seed=3).items()}
    state, drive = states_of(law, rng, DEVICES, reach=19 if end else 3), rng.random(DEVICES)
    exact = law.partials(state, drive, wide)

    h = 1e-5
    slopes = {
        "state": (stepped(law, state + h, drive, wide) - stepped(law, state - h, drive, wide)) / (2 * h),
        "drive": (stepped(law, state, drive + h, wide) - stepped(law, state, drive - h, wide)) / (2 * h),
    }
    np.testing.assert_allclose(exact.state, slopes["state"], rtol=1e-6, atol=1e-7)
    np.testing.assert_allclose(exact.drive, slopes["drive"], rtol=1e-6, atol=1e-7)
    for name in law.coefficient_names:
        up = stepped(law, state, drive, wide | {name: wide[name] + h})
        down = stepped(law, state, drive, wide | {name: wide[name] - h})
        np.testing.assert_allclose(exact.coefficients[name], (up - down) / (2 * h), rtol=1e-6, atol=1e-7)


def test_without_input_it_does_what_it_claims(law: Law, coefficients: Coefficients) -> None:
    rng = np.random.default_rng(11)
    state = states_of(law, rng, DEVICES).astype(np.float32)
    nothing = np.zeros(DEVICES, np.float32)
    away = np.abs(state - law.initial_state)
    for _ in range(3000):
        state = stepped(law, state, nothing, coefficients)
        still = np.abs(state - law.initial_state)
        if CLAIMS.get(law.name, Claim()).zero_input == "relaxes":
            assert (still <= away).all()
        away = still
    if CLAIMS.get(law.name, Claim()).zero_input == "relaxes":
        np.testing.assert_allclose(state, law.initial_state, atol=1e-6)
        at_rest = np.full(DEVICES, law.initial_state, np.float32)
        np.testing.assert_array_equal(stepped(law, at_rest, nothing, coefficients), at_rest)
    else:
        assert (state > 3).all()


@pytest.mark.parametrize("name", LAWS_BY_NAME)
@given(factors=st.tuples(st.floats(1e-3, 1e3), st.floats(1e-3, 1e3)), seed=st.integers(0, 2**32 - 1))
def test_a_step_keeps_the_ends_of_the_range(name: str, factors: tuple[float, float], seed: int) -> None:
    """For coefficients a thousand times too small or too large, and drives of which half lie at 0 or 1."""
    law = LAWS[name]
    low, high = law.state_range
    if not np.isfinite(high):
        return
    rng = np.random.default_rng(seed)
    coefficients = spread(law, (min(factors), max(factors)), seed)
    drive = rng.random((30, DEVICES), dtype=np.float32)
    drive = np.where(rng.random(drive.shape) < 0.5, np.round(drive), drive)
    state = rng.choice(np.array([low, high], np.float32), DEVICES)
    for row in drive:
        state = stepped(law, state, row, coefficients)
        assert (state >= low).all()
        assert (state <= high).all()


def test_a_population_moves_as_its_devices_one_by_one(law: Law, coefficients: Coefficients) -> None:
    drive = drives(12)
    together = run(law, coefficients, drive)
    for device in range(DEVICES):
        own = {name: value[device] for name, value in coefficients.items()}
        np.testing.assert_array_equal(together[:, device], run(law, own, drive[:, device]))


def test_the_order_of_devices_does_not_matter(law: Law, coefficients: Coefficients) -> None:
    order = np.random.default_rng(0).permutation(DEVICES)
    drive = drives(12)
    moved = {name: value[order] for name, value in coefficients.items()}
    np.testing.assert_array_equal(run(law, coefficients, drive)[:, order], run(law, moved, drive[:, order]))


def test_without_noise_it_repeats_itself(law: Law, coefficients: Coefficients) -> None:
    drive = drives(12)
    still = run(law, coefficients, drive)
    np.testing.assert_array_equal(still, run(law, coefficients, drive, c2c=0.0, rng=np.random.default_rng(0)))
    assert (still != run(law, coefficients, drive, c2c=0.1, rng=np.random.default_rng(0))).any()


def test_no_state_falls_below_the_bound(law: Law, coefficients: Coefficients) -> None:
    states = simulate(law, coefficients, drives(200), floor=min(1e-6, law.initial_state)).states
    # The bound is met exactly in real numbers; float32 rounds states of order 1.
    assert (states[1:] >= law.lower_bound(coefficients) - 4 * np.finfo(np.float32).eps).all()


@pytest.mark.parametrize("voltage_V", [-2.0, -0.05, 0.0, 0.05, 2.0])
def test_current_has_the_sign_of_the_voltage(law: Law, voltage_V: float) -> None:
    """So it dissipates power, and none at 0 V; whatever it is computed from."""
    states = np.linspace(*np.clip(law.state_range, 0.1 * law.initial_state, 30), 7, dtype=np.float32)
    device = Device(law=law.name)
    current_A = law.current_A(states, voltage_V, device)
    assert current_A.dtype == np.float32
    assert (np.sign(current_A) == np.sign(voltage_V)).all()
    each = law.current_A(states, np.full_like(states, voltage_V), device)
    np.testing.assert_array_equal(current_A, each)
    if law.ohmic:
        np.testing.assert_allclose(current_A, voltage_V * law.current_A(states, 1.0, device), rtol=1e-6)


def test_conductance_changes_with_the_state_as_claimed(law: Law) -> None:
    states = np.linspace(*np.clip(law.state_range, 0.1 * law.initial_state, 30), 50, dtype=np.float32)
    change = np.diff(law.current_A(states, pulse_of(law).read_V, Device(law=law.name)))
    assert (change > 0).all() if CLAIMS.get(law.name, Claim()).conductance == "rises" else (change < 0).all()


def test_temperature_acts_through_its_coefficients(law: Law) -> None:
    """What a shift of temperature says is what a device designed for that temperature has."""
    if not isinstance(law, ThermalLaw):
        return
    pulse = pulse_of(law)
    cold, hot = (law.coefficients(Device(law=law.name, temperature_K=t), pulse) for t in (300.0, 340.0))
    factors = law.thermal_factors(Device(law=law.name), pulse, 340.0)
    assert factors == pytest.approx({name: hot[name] / cold[name] for name in hot}, rel=1e-12)
    assert all(factor > 1 for factor in factors.values())
