"""Rate balance against its differential equation: exact for widths, and how far amplitudes are off."""

import math

import numpy as np
import pytest

from kinetics import Device, InvalidParameterError, Pulse, device_coefficients, get_law, simulate
from kinetics.parameter_sets import get_parameter_set

LAW = get_law("rate_balance")
DEVICE = Device(law="rate_balance")
SAMPLES = np.array([0.4, 0.9, 0.0, 1.0, 0.7, 0.6])


def pulse_of(**changes: object) -> Pulse:
    return Pulse(**{**get_parameter_set("milano2021").pulse, **changes})


def simulated(pulse: Pulse) -> np.ndarray:
    """States of one device from rest, in float64."""
    coefficients = {name: np.array(value) for name, value in device_coefficients(DEVICE, pulse).items()}
    drive = LAW.drive(SAMPLES, DEVICE, pulse)
    return simulate(LAW, coefficients, drive, floor=0.0, out=np.empty(len(drive) + 1)).states


def rate(g: float, voltage_V: float) -> float:
    """The published constants written out anew."""
    return 2.555e-6 * math.exp(34.92 * voltage_V) * (1 - g) - 64.89 * math.exp(-5.591 * voltage_V) * g


@pytest.mark.parametrize("width_s", [1e-2, 1e-3])
@pytest.mark.parametrize("amplitude_V", [0.45, 0.5])
def test_width_coding_solves_the_equation_of_the_paper(width_s: float, amplitude_V: float, solve) -> None:
    pulse = pulse_of(width_s=width_s, amplitude_V=amplitude_V)
    expected = solve(rate, 0.0, SAMPLES, pulse)
    assert expected.max() > 0.02
    np.testing.assert_allclose(simulated(pulse), expected, rtol=1e-6, atol=1e-7)  # 4e-8 is potentiation at 0 V


@pytest.mark.parametrize(("width_s", "error"), [(1e-4, 0.03), (1e-3, 0.25), (1e-2, 0.8)])
def test_amplitude_coding_is_off_by_what_weak_pulses_protect(width_s: float, error: float, solve) -> None:
    """Too little is left of a state: never too much, and at most by the error that the law's text gives."""
    pulse = pulse_of(width_s=width_s, encoding="amplitude")
    expected = solve(rate, 0.0, SAMPLES, pulse)
    relative = simulated(pulse)[4:] / expected[4:] - 1  # from the first full-scale pulse on
    assert (relative <= 1e-4).all()
    assert -error < relative.min() < -error / 20


def test_conductance_spans_the_published_window() -> None:
    current_A = LAW.current_A(np.array([0, 1], np.float32), 0.1, DEVICE)
    np.testing.assert_allclose(current_A, [1.0147e-4, 2.7235e-4], rtol=1e-6)


@pytest.mark.parametrize(
    ("device", "pulse", "match"),
    [
        ({}, {"amplitude_V": 5.0}, "potentiation_per_V.*one device"),
        ({"depression_per_V": -1.0}, {}, "`device.depression_per_V` >= 0"),
        ({"potentiation_Hz": 1e-60}, {}, "`potentiation`.*units"),
    ],
)
def test_what_cannot_be_is_refused(device: dict[str, float], pulse: dict[str, float], match: str) -> None:
    with pytest.raises(InvalidParameterError, match=match):
        device_coefficients(Device.of(law="rate_balance", **device), pulse_of(**pulse))
