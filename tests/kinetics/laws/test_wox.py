"""WOx against its differential equation, and its currents by hand."""

import math

import numpy as np
import pytest

from kinetics import Device, InvalidParameterError, Pulse, device_coefficients, get_law, simulate
from kinetics.parameter_sets import get_parameter_set

LAW = get_law("wox")
DEVICE = Device(law="wox")
SAMPLES = np.array([0.4, 0.9, 0.0, 1.0, 0.7])


def pulse_of(**changes: object) -> Pulse:
    return Pulse(**{**get_parameter_set("du2017").pulse, **changes})


def simulated(samples: np.ndarray, pulse: Pulse) -> np.ndarray:
    """w of one device, in float64."""
    coefficients = {name: np.array(value) for name, value in device_coefficients(DEVICE, pulse).items()}
    drive = LAW.drive(samples, DEVICE, pulse)
    s = simulate(LAW, coefficients, drive, floor=0.0, out=np.empty(len(drive) + 1)).states
    return 0.1 + 0.9 * s


def rate(w: float, voltage_V: float) -> float:
    """The paper's constants written out anew, per second."""
    return 1e-3 / 1e-3 * math.sinh(8 * voltage_V) - (w - 0.1) / 50e-3


@pytest.mark.parametrize("encoding", ["width", "amplitude"])
def test_it_solves_the_equation_of_the_paper(encoding: str, solve) -> None:
    pulse = pulse_of(encoding=encoding)
    expected = solve(rate, 0.1, SAMPLES, pulse)
    assert 0.2 < expected.max() < 1
    np.testing.assert_allclose(simulated(SAMPLES, pulse), expected, rtol=1e-6)  # float32 in the full-scale rate


def test_it_forgets_with_the_published_time_constant() -> None:
    """After 50 ms without a pulse, 1/e of what a pulse gave is left."""
    pulse = pulse_of(interval_s=10e-3 - 5e-4, read_width_s=1e-12)
    w = simulated(np.array([1.0, 0, 0, 0, 0, 0]), pulse)
    assert (w[6] - 0.1) / (w[1] - 0.1) == pytest.approx(math.exp(-1), rel=1e-9)


def test_saturation_is_true_to_the_length_of_a_pulse(solve) -> None:
    """Held at w = 1 by the equation, the device forgets from the end of the pulse on, not from its start."""
    pulse = pulse_of(amplitude_V=1.5, width_s=1e-3)
    expected = solve(lambda w, v: rate(w, v) if w < 1 or v == 0 else 0.0, 0.1, np.array([1.0]), pulse)
    mine = simulated(np.array([1.0]), pulse)
    assert expected[1] <= 1.01
    assert mine[1] - 0.1 == pytest.approx(expected[1] - 0.1, rel=1e-3 / 50e-3)


def test_currents_by_hand() -> None:
    """At rest, 0.2 V: 0.9 * 1e-8 * (1 - exp(-0.1)) + 0.1 * 1e-5 * sinh(0.8) = 0.856 nA + 888.1 nA."""
    at_rest, full = LAW.current_A(np.array([0, 1], np.float32), 0.2, DEVICE)
    assert at_rest == pytest.approx(8.8896e-7, rel=1e-4)
    assert full == pytest.approx(8.8811e-6, rel=1e-4)
    (negative,) = LAW.current_A(np.array([0.5], np.float32), -0.2, DEVICE)
    # w = 0.55: 0.45 * 1e-8 * (1 - exp(0.1)) - 0.55 * 1e-5 * sinh(0.8)
    assert negative == pytest.approx(-4.7327e-10 - 4.88459e-6, rel=1e-4)


@pytest.mark.parametrize(
    ("device", "pulse", "match"),
    [
        ({}, {"amplitude_V": 9.0}, "growth_per_V.*lower the amplitude"),
        ({}, {"width_s": 10.0}, "`pulse.width_s / device.tau_s`.*units"),
        ({"w_min": 1.0}, {}, "`device.w_min` < 1"),
        ({"growth_per_V": -1.0}, {}, "`pulse.amplitude_V`"),
        ({"growth_rate_Hz": 1e300}, {}, "`gain`.*units"),
    ],
)
def test_what_cannot_be_is_refused(device: dict[str, float], pulse: dict[str, float], match: str) -> None:
    with pytest.raises(InvalidParameterError, match=match):
        device_coefficients(Device.of(law="wox", **device), pulse_of(**pulse))
