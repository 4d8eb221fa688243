"""TiOx against the authors' map and against the differential equation that is derived from it."""

import math

import numpy as np
import pytest

from kinetics import Device, InvalidParameterError, Pulse, device_coefficients, get_law, simulate
from kinetics.parameter_sets import get_parameter_set

LAW = get_law("tiox")
DEVICE = Device(law="tiox")
SAMPLES = np.array([0.4, 0.9, 0.0, 1.0, 0.7, 0.6])
STEP_S = -400e-6 * math.log(0.99)


def pulse_of(**changes: object) -> Pulse:
    return Pulse(**{**get_parameter_set("zhong2021").pulse, **changes})


def simulated(pulse: Pulse) -> np.ndarray:
    """States of one device from rest, in float64."""
    coefficients = {name: np.array(value) for name, value in device_coefficients(DEVICE, pulse).items()}
    drive = LAW.drive(SAMPLES, DEVICE, pulse)
    return simulate(LAW, coefficients, drive, floor=0.0, out=np.empty(len(drive) + 1)).states


@pytest.mark.parametrize("amplitude_V", [1.0, 3.0])
def test_pulses_of_one_step_follow_the_map_of_the_authors(amplitude_V: float) -> None:
    """A step of theirs is a pulse without pause; ours puts decay into the pulse, which the map has beside it."""
    pulse = pulse_of(amplitude_V=amplitude_V, encoding="amplitude", width_s=STEP_S, interval_s=0, read_width_s=1e-15)
    conductance = [0.5]
    for x in SAMPLES:
        u = share_closed(amplitude_V * x)
        g = conductance[-1]
        conductance.append(0.99 * g + 0.01 * 0.5 + u * (1 - g))
    np.testing.assert_allclose(0.5 + 0.5 * simulated(pulse), conductance, atol=0.01 * share_closed(amplitude_V))


def share_closed(voltage_V: float) -> float:
    """u(V) of the authors: 0.408 at 3 V."""
    return 0.23 * voltage_V / (0.23 * voltage_V + 1)


@pytest.mark.parametrize(
    ("encoding", "width_s", "error"),
    [("width", STEP_S, 1e-7), ("width", 1e-4, 1e-7), ("amplitude", STEP_S, 4e-3), ("amplitude", 1e-4, 0.12)],
)
def test_it_solves_its_equation(encoding: str, width_s: float, error: float, solve) -> None:
    pulse = pulse_of(encoding=encoding, width_s=width_s)

    def rate(s: float, voltage_V: float) -> float:
        return math.log(1 + 0.23 * voltage_V) / STEP_S * (1 - s) - s / 400e-6

    expected = solve(rate, 0.0, SAMPLES, pulse)
    np.testing.assert_allclose(simulated(pulse), expected, rtol=error)


def test_currents_by_hand() -> None:
    """Half of 9.13 uA/V^3 at 1.9 V, all of 0.32 uA/V^3 at -2 V."""
    assert LAW.current_A(np.zeros(1, np.float32), 1.9, DEVICE)[0] == pytest.approx(31.311e-6, rel=1e-4)
    assert LAW.current_A(np.ones(1, np.float32), -2.0, DEVICE)[0] == pytest.approx(-2.56e-6, rel=1e-5)


@pytest.mark.parametrize(
    ("device", "pulse", "match"),
    [
        ({"strength_per_V": 0.0}, {}, "`device.strength_per_V` > 0"),
        ({"step_s": 1e-300}, {}, "`potentiation`.*units"),
    ],
)
def test_what_cannot_be_is_refused(device: dict[str, float], pulse: dict[str, float], match: str) -> None:
    with pytest.raises(InvalidParameterError, match=match):
        device_coefficients(Device.of(law="tiox", **device), pulse_of(**pulse))
