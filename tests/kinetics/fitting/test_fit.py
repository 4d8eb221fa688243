"""Known truths are found within their errors, and the figures of merit are those written out."""

import math
import time
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import chi2

from kinetics import LAWS, Device, InvalidParameterError, device_coefficients, get_law, lowest_state, simulate
from kinetics.fitting import Fit, Trace, fit_trace, parameter_set
from kinetics.fitting.forms import stepped, usual_pulse


def relaxation(rng: np.random.Generator, noise: float, *, rows: int = 400, seconds: float = 2.0) -> Trace:
    """80 uS / sqrt(1 + t / 0.2 s) + 6 uS at uneven times from 0 on."""
    t = np.concatenate(([0.0], np.sort(rng.uniform(0, seconds, rows - 1))))
    y = 80e-6 / np.sqrt(1 + t / 0.2) + 6e-6
    return Trace(x=t, response=y + rng.normal(0, noise, rows), response_unit="S")


def t0_s(fit: Fit) -> float:
    assert fit.period_s is not None
    return fit.period_s / (2 * fit.parameter("alpha").value)


def test_a_tiny_case_by_hand() -> None:
    """Levels of 2 +- 1 at t = 0 and 6 +- 1 at 1 s: residuals of 1 eight times, deviations from the mean of 3 and 1.

    Two levels tell two numbers, so there is no leakage, and w = 6 / 2 after one step: 9 = 1 + 2 alpha.
    """
    y = np.array([1.0, 3.0, 1.0, 3.0, 5.0, 7.0, 5.0, 7.0])
    fit = fit_trace(Trace(x=np.array([0.0] * 4 + [1.0] * 4), response=y))
    assert fit.ssr == pytest.approx(8.0, rel=1e-9)
    assert fit.r2 == pytest.approx(1 - 8 / 40, rel=1e-9)
    np.testing.assert_allclose(fit.curve, [2] * 4 + [6] * 4, rtol=1e-6)
    assert fit.conducts_as == "w"
    assert [fit.parameter(name).value for name in ("alpha", "scale", "offset")] == pytest.approx([4, 2, 0], rel=1e-4)
    # The mean of four numbers with s^2 = 8 / (8 - 2).
    assert fit.parameter("scale").std_error == pytest.approx(math.sqrt(8 / 6 / 4), rel=1e-4)
    assert fit.rivals[0].r2 == pytest.approx(0.8, rel=1e-9)


@given(st.floats(0.02, 2.0), st.floats(0.0, 0.5), st.sampled_from(["w", "1/w"]))
@settings(max_examples=20, deadline=None)
def test_without_noise_the_truth_is_found(t0: float, leak: float, conducts_as: Any) -> None:
    t = np.linspace(0, 2, 60)
    power = 0.5 if conducts_as == "w" else -0.5
    fit = fit_trace(Trace(x=t, response=1e-4 * ((1 + t / t0) ** power + leak), response_unit="S"))
    assert fit.conducts_as == conducts_as
    assert fit.r2 > 1 - 1e-9
    assert t0_s(fit) == pytest.approx(t0, rel=1e-3)
    assert fit.parameter("scale").value == pytest.approx(1e-4, rel=1e-3)
    assert fit.parameter("offset").value == pytest.approx(1e-4 * leak, abs=1e-7)


def test_errors_of_a_relaxation_are_as_large_as_they_say() -> None:
    """Squares of 60 x 3 deviations over their standard errors, two-sided at 0.2 %; the three of a fit hang together,
    so they are counted one by one."""
    fits = [fit_trace(relaxation(np.random.default_rng(seed), 0.5e-6), conducts_as="1/w") for seed in range(60)]
    for name, truth in (("t0", 0.2), ("scale", 80e-6), ("offset", 6e-6)):
        deviations = []
        for fit in fits:
            estimate = fit.parameter("alpha" if name == "t0" else name)
            assert estimate.std_error is not None
            scale = estimate.std_error / estimate.value * t0_s(fit) if name == "t0" else estimate.std_error
            value = t0_s(fit) if name == "t0" else estimate.value
            deviations.append((value - truth) / scale)
        low, high = chi2.ppf([0.001, 0.999], len(fits))
        assert low < np.sum(np.square(deviations)) < high, name
        assert abs(np.mean(deviations)) < 3.1 / math.sqrt(len(fits)), name


def pulses(law_name: str, rng: np.random.Generator, noise: float, **fields: Any) -> tuple[Trace, dict[str, float]]:
    """A waveform of 60 steps with pulses and pauses, then 60 of relaxation, of the law's default device."""
    law, device, pulse = get_law(law_name), Device.of(law=law_name, **fields), usual_pulse(law_name)
    drive = np.ones(120, np.float32)
    drive[rng.integers(0, 60, 20)] = 0
    drive[60:] = 0
    drive[0] = 1
    coefficients = device_coefficients(device, pulse)
    arrays = {name: np.full(1, value, np.float32) for name, value in coefficients.items()}
    states = simulate(law, arrays, drive[:, None], floor=lowest_state(device)).states[:, 0]
    g_S = law.current_A(states, pulse.read_V, device) / pulse.read_V
    rows = []
    for k, value in enumerate(g_S):
        now = k * pulse.period_s
        rows.append((now, pulse.read_V, value * pulse.read_V * (1 + noise * rng.normal())))
        if k < len(drive) and drive[k]:
            rows += [(now + share * pulse.period_s, 10 * pulse.read_V, 1.0) for share in (0.2, 0.3)]
    t, v, i = np.array(rows).T
    return Trace(x=t, voltage_V=v, response=i, response_unit="A"), coefficients


@pytest.mark.parametrize("name", sorted(LAWS))
def test_every_law_is_found_from_its_pulse_response(name: str) -> None:
    trace, truth = pulses(name, np.random.default_rng(3), 1e-3)
    fit = fit_trace(trace, name)
    assert (fit.kind, fit.points) == ("pulses", 121)
    assert fit.r2 > 0.999
    told = [estimate for estimate in fit.parameters if estimate.std_error is not None and estimate.name in truth]
    for estimate in told:
        assert abs(estimate.value - truth[estimate.name]) < 4 * (estimate.std_error or 0.0), estimate
    if name == "drift_diffusion":
        assert {estimate.name for estimate in told} == {"alpha", "beta"}
        assert fit.conducts_as == "w"


@pytest.mark.parametrize("name", sorted(set(LAWS) - {"drift_diffusion"}))
def test_every_law_is_found_from_its_relaxation(name: str) -> None:
    """Half way down from saturation, so that every law has something to forget."""
    law, device, pulse = get_law(name), Device(law=name), usual_pulse(name)
    t = np.linspace(0, 40, 41)
    start = law.initial_state + 0.2 * (law.state_range[1] - law.initial_state)
    truth = device_coefficients(device, pulse)
    arrays = {key: np.array([value]) for key, value in truth.items()}
    states, scratch = np.full((41, 1), start), np.empty(1)
    for k in range(40):
        law.step(states[k], np.zeros(1, np.float32), arrays, states[k + 1], scratch)
    g_S = (law.current_A(states[:, 0], pulse.read_V, device) / pulse.read_V).astype(np.float64)
    fit = fit_trace(Trace(x=t * pulse.period_s, response=g_S, response_unit="S", read_V=pulse.read_V), name)
    assert fit.kind == "relaxation"
    assert fit.r2 > 0.999
    assert any("Nothing in this trace depends on" in warning for warning in fit.warnings)


def test_stepping_is_that_of_simulate() -> None:
    law, rng = get_law("drift_diffusion"), np.random.default_rng(0)
    drive = rng.uniform(0, 1, 30)
    form = stepped(law, np.arange(31.0), drive, conducts_as="1/w")
    shapes = form.shapes(np.array([[0.1, 0.3], [0.05, 2.0]]))  # the second one reaches the floor
    for k, (alpha, beta) in enumerate([(0.1, 0.3), (0.05, 2.0)]):
        coefficients = {"alpha": np.array([alpha]), "beta": np.array([beta])}
        exact = simulate(law, coefficients, drive[:, None], floor=0.01, out=np.empty((31, 1)))  # type: ignore[arg-type]  # exact
        assert (exact.floor_hits > 0) == (k == 1)
        np.testing.assert_allclose(shapes[:, k], 1 / exact.states[:, 0], rtol=1e-6)


@pytest.mark.parametrize("tau_s", [0.342, 1.089])
def test_parabolic_growth_with_leakage_follows_stretched_exponentials(tau_s: float) -> None:
    """The shortest and longest tau of 1000 repeats of a Pd/HfO2/Ta2O5/Ta device; the exponents are customary."""
    for b in (0.4, 0.6, 0.8):
        rng = np.random.default_rng(1)
        t = np.sort(rng.uniform(0, 3.0, 2000))
        y = 80e-6 * np.exp(-((t / tau_s) ** b)) + 5e-6
        fit = fit_trace(Trace(x=t, response=y + rng.normal(0, 0.5e-6, len(t)), response_unit="S"))
        exponential, stretched, parabolic = fit.rivals
        assert fit.r2 >= 0.98
        assert stretched.r2 >= max(fit.r2, exponential.r2)
        assert parabolic.r2 == pytest.approx(fit.r2, abs=1e-4)
        assert {p.name: p.value for p in stretched.parameters}["b"] == pytest.approx(b, abs=0.05)


def test_a_device_has_no_negative_leakage() -> None:
    t = np.linspace(0, 2, 200)
    trace = Trace(x=t, response=1e-4 * np.exp(-t / 0.7), response_unit="S")
    free, held = fit_trace(trace), fit_trace(trace, leakage_only=True)
    assert free.parameter("offset").value < 0
    assert any("offset is negative" in warning for warning in free.warnings)
    assert held.parameter("offset").value == 0
    assert held.r2 < free.r2 < free.rivals[0].r2
    with pytest.raises(InvalidParameterError, match=r"offset .* >= 0 S .*leakage_only"):
        parameter_set(free, "x")


def test_the_same_seed_gives_the_same_bits_and_another_the_same_answer() -> None:
    trace = relaxation(np.random.default_rng(0), 0.5e-6)
    first, again, other = (fit_trace(trace, seed=seed) for seed in (0, 0, 7))
    assert first == again
    assert other.parameter("alpha").value == pytest.approx(first.parameter("alpha").value, rel=1e-4)


def test_ten_thousand_rows_take_less_than_five_seconds() -> None:
    trace = relaxation(np.random.default_rng(0), 0.5e-6, rows=10_000)
    start = time.process_time()
    fit_trace(trace)
    assert time.process_time() - start < 5


def test_what_cannot_be_fitted_is_told() -> None:
    few = Trace(x=np.arange(5.0), response=np.array([5.0, 3, 2, 1.5, 1.2]))
    with pytest.raises(InvalidParameterError, match="'drift_diffusion' has at least 6 readings must hold, but got 5"):
        fit_trace(few)
    with pytest.raises(InvalidParameterError, match="at least 7 readings"):
        fit_trace(few, kind="pulses")
    with pytest.raises(InvalidParameterError, match="did you mean 'vteam'"):
        fit_trace(few, "vtem")
    with pytest.raises(InvalidParameterError, match="names a law of motion"):
        fit_trace(few, "none")
    with pytest.raises(InvalidParameterError, match="for the law 'drift_diffusion' only"):
        fit_trace(few, "vteam", conducts_as="w")
