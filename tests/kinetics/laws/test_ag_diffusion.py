"""The silver filament against its stiff equation: order of convergence, error of the default, lifetime by hand."""

import math

import numpy as np
import pytest
from scipy import constants
from scipy.integrate import solve_ivp

from kinetics import Device, InvalidParameterError, Pulse, device_coefficients, get_law, simulate
from kinetics.arrays import Coefficients
from kinetics.laws import AgDiffusion
from kinetics.parameter_sets import get_parameter_set

LAW = get_law("ag_diffusion")
DEVICE = Device(law="ag_diffusion")
SAMPLES = np.array([0.8, 0.9, 0.4, 1.0, 0.7])
THERMAL_J = constants.Boltzmann * 300.0
ELECTRON_VOLT_J = constants.electron_volt


def pulse_of(**changes: object) -> Pulse:
    return Pulse(**{**get_parameter_set("wei").pulse, **changes})


def coefficients_of(pulse: Pulse) -> Coefficients:
    return {name: np.array(value) for name, value in device_coefficients(DEVICE, pulse).items()}


def step_with(substeps: int, start: float, drive: float, coefficients: Coefficients) -> float:
    law = type("Finer", (AgDiffusion,), {"substeps": substeps})()
    out = np.empty(1)
    law.step(np.array([start]), np.array([drive]), coefficients, out, np.empty(1))
    return float(out[0])


def step_by_solver(start: float, drive: float, coefficients: Coefficients) -> float:
    """The pulse by SciPy's stiff solver, the pause by its closed form."""
    drift, slot, pause = (float(value) for value in coefficients.values())
    solution = solve_ivp(
        lambda _, u: [drift - slot / u[0] ** 3], (0, drive), [start], method="Radau", rtol=1e-11, atol=1e-12
    )
    return max(solution.y[0, -1] ** 4 - 4 * ((1 - drive) * slot + pause), 1) ** 0.25


@pytest.mark.parametrize("start", [1.5, 3.0, 8.0])
def test_the_splitting_is_of_second_order(start: float) -> None:
    coefficients = coefficients_of(pulse_of())
    exact = step_by_solver(start, 1.0, coefficients)
    errors = [abs(step_with(n, start, 1.0, coefficients) - exact) for n in (8, 16, 32)]
    orders = np.log2(np.array(errors[:-1]) / errors[1:])
    np.testing.assert_allclose(orders, 2, atol=0.1)


@pytest.mark.parametrize("amplitude_V", [1.85, 1.9, 2.0])
def test_the_default_number_of_turns_is_true_to_a_half_a_percent(amplitude_V: float) -> None:
    """The error is largest from rest, where diffusion is fastest."""
    coefficients = coefficients_of(pulse_of(amplitude_V=amplitude_V))
    for start in (1.0, 1.2, 2.0, 5.0):
        for drive in (0.5, 1.0):
            exact = step_by_solver(start, drive, coefficients)
            assert step_with(LAW.substeps, start, drive, coefficients) == pytest.approx(exact, rel=4e-3)


@pytest.mark.parametrize("encoding", ["width", "amplitude"])
def test_it_solves_the_equation_of_the_source(encoding: str, solve) -> None:
    """In metres, with energies in joules; amplitude coding is true to 1e-3 here."""
    pulse = pulse_of(encoding=encoding)

    def rate(u: float, voltage_V: float) -> float:
        drift = 100 * math.exp(-(0.99 - 0.28 * voltage_V) * ELECTRON_VOLT_J / THERMAL_J) if voltage_V > 0 else 0
        diffusion = 3e-26 / (u * 1e-10) ** 3 * math.exp(-0.65 * ELECTRON_VOLT_J / THERMAL_J)
        return (drift - diffusion) / 1e-10

    drive = LAW.drive(SAMPLES, DEVICE, pulse)
    out = np.empty(1)
    states = [3.0]
    for x in drive:
        LAW.step(np.array(states[-1:]), np.array([x]), coefficients_of(pulse), out, np.empty(1))
        states.append(float(out[0]))
    expected = solve(rate, 3.0, SAMPLES, pulse)
    assert expected.min() > 2  # away from rest, where the equation needs no floor
    np.testing.assert_allclose(states, expected, rtol=1e-5 if encoding == "width" else 1e-3)


def test_a_filament_lives_as_long_as_its_fourth_power() -> None:
    """By hand: kT = 25.852 meV, diffusion 3e14 exp(-25.143) = 3.61 kHz; from 2, (2^4 - 1) / 4 / 3.61 kHz = 1.04 ms."""
    pulse = pulse_of(width_s=1e-9, interval_s=1e-6, read_width_s=1e-9)
    states = [2.0]
    out = np.empty(1)
    while states[-1] > 1:
        LAW.step(np.array(states[-1:]), np.zeros(1), coefficients_of(pulse), out, np.empty(1))
        states.append(float(out[0]))
    assert (len(states) - 1) * pulse.period_s == pytest.approx(1.04e-3, rel=5e-3)


def test_a_weak_pulse_leaves_no_trace() -> None:
    """Drift of 0.21 kHz at 1.5 V cannot beat diffusion: a threshold without a threshold in the equation."""
    pulse = pulse_of(amplitude_V=1.5)
    states = simulate(LAW, coefficients_of(pulse), np.ones((50, 1)), floor=1.0, out=np.empty((51, 1))).states
    assert (states == 1).all()


def test_current_by_hand() -> None:
    """Thickest: 9.33e-6 Ohm m * 5 nm / (pi nm^2) = 14.85 kOhm; thinnest: 4.75 MOhm + 14.26 kOhm; compliance 3.5 uA."""
    thin_A, thick_A = LAW.current_A(np.array([1, 20], np.float32), 0.05, DEVICE)
    assert 0.05 / thick_A == pytest.approx(14.854e3, rel=1e-3)
    assert 0.05 / thin_A == pytest.approx(4.754e6 + 14.26e3, rel=1e-3)
    limited_A = LAW.current_A(np.array([20], np.float32), -1.0, DEVICE)
    assert limited_A[0] == pytest.approx(-3.5e-6, rel=1e-6)


@pytest.mark.parametrize(
    ("device", "pulse", "match"),
    [
        ({}, {"amplitude_V": 9.0}, "barrier_lowering_eV_per_V.*lower the amplitude"),
        ({"diameter_m": 1e-300}, {}, "`drift`.*units"),
        ({"diffusion_barrier_eV": 9.0}, {}, "`slot_diffusion`.*activation energy"),
    ],
)
def test_what_cannot_be_is_refused(device: dict[str, float], pulse: dict[str, float], match: str) -> None:
    with pytest.raises(InvalidParameterError, match=match):
        device_coefficients(Device.of(law="ag_diffusion", **device), pulse_of(**pulse))
