"""VTEAM with relaxation against its differential equation."""

import numpy as np
import pytest

from kinetics import Device, InvalidParameterError, Pulse, device_coefficients, get_law, simulate
from kinetics.parameter_sets import get_parameter_set

LAW = get_law("vteam")
DEVICE = Device(law="vteam")


def pulse_of(**changes: object) -> Pulse:
    return Pulse(**{**get_parameter_set("memtorch").pulse, **changes})


@pytest.mark.parametrize("encoding", ["width", "amplitude"])
def test_it_solves_its_equation(encoding: str, solve) -> None:
    pulse = pulse_of(encoding=encoding)
    samples = np.array([0.4, 0.97, 0.0, 1.0, 0.93])  # by amplitude, 0.4 is below the threshold
    coefficients = {name: np.array(value) for name, value in device_coefficients(DEVICE, pulse).items()}
    drive = LAW.drive(samples, DEVICE, pulse)
    assert (drive[0] == 0) == (encoding == "amplitude")
    states = simulate(LAW, coefficients, drive, floor=0.0, out=np.empty(6)).states
    expected = solve(lambda s, v: 10 / 3e-9 * max(v / 0.2 - 1, 0) ** 3 - s / 1e-5, 0.0, samples, pulse)
    np.testing.assert_allclose(states, expected, rtol=1e-5, atol=1e-12)  # float32 in V / V_set - 1, a tenth


def test_resistance_is_linear_in_the_state() -> None:
    current_A = LAW.current_A(np.array([0, 0.5, 1], np.float32), 0.1, DEVICE)
    np.testing.assert_allclose(0.1 / current_A, [1000, 525, 50], rtol=1e-6)


@pytest.mark.parametrize(
    ("device", "pulse", "match"),
    [
        ({}, {"amplitude_V": 0.2}, "`pulse.amplitude_V` is high enough"),
        ({"v_set_V": 0.0}, {}, "`device.v_set_V` > 0"),
        ({"set_exponent": -1.0}, {}, "`device.set_exponent` > 0"),
        ({"v_set_V": 1e-300}, {}, "`gain`.*units"),
    ],
)
def test_what_cannot_be_is_refused(device: dict[str, float], pulse: dict[str, float], match: str) -> None:
    with pytest.raises(InvalidParameterError, match=match):
        device_coefficients(Device.of(law="vteam", **device), pulse_of(**pulse))


def test_resistances_in_the_wrong_order_are_refused() -> None:
    with pytest.raises(InvalidParameterError, match=r"`device\.r_on_Ohm` < `device\.r_off_Ohm`"):
        LAW.current_A(np.zeros(1, np.float32), 0.1, Device.of(law="vteam", r_on_Ohm=2e3))
