"""Pulses and device to coefficients, and the two encodings."""

import math

import numpy as np
import pytest
from scipy import constants

from kinetics import Device, InvalidParameterError, Pulse, device_coefficients, get_law, simulate

LAW = get_law("drift_diffusion")


def test_coefficients_follow_from_hopping_in_joules() -> None:
    """The same physics written out anew, with energies in joules and scipy.constants."""
    device, pulse = Device(), Pulse()
    thermal_J = constants.Boltzmann * 300.0
    rate = 1e13 * math.exp(-0.36 * constants.electron_volt / thermal_J)
    period = 1e-7 + 1e-7 + 1e-6
    diffusion = (0.25e-9) ** 2 * rate
    velocity = 2 * 0.25e-9 * rate * math.sinh(constants.e * 0.25e-9 * 1.0 / (2 * 5e-9 * thermal_J))
    coefficients = LAW.coefficients(device, pulse)
    assert coefficients["alpha"] == pytest.approx(diffusion * period / (5e-9) ** 2, rel=1e-9)
    assert coefficients["beta"] == pytest.approx(velocity * 1e-7 / 5e-9, rel=1e-9)
    # By hand: kT = 25.85 meV, rate 8.96 MHz.
    assert coefficients == pytest.approx({"alpha": 0.0269, "beta": 0.1010}, rel=5e-3)


def test_low_field_obeys_einstein() -> None:
    """v = mu V / d and mu = q D / kT, so beta / alpha = q V / kT * w0 / d * width / period."""
    device = Device.of(temperature_K=350.0, size_m=8e-9, thickness_m=3e-9)
    pulse = Pulse(amplitude_V=1e-4, width_s=2e-7)
    ratio = LAW.coefficients(device, pulse)["beta"] / LAW.coefficients(device, pulse)["alpha"]
    expected = constants.e * 1e-4 / (constants.Boltzmann * 350.0) * (8 / 3) * (2e-7 / pulse.period_s)
    assert ratio == pytest.approx(expected, rel=1e-6)  # the next term of sinh is 1e-9 here


def test_what_grows_with_what() -> None:
    def beta(**pulse: float) -> float:
        return LAW.coefficients(Device(), Pulse(**pulse))["beta"]

    assert beta(width_s=3e-7) == pytest.approx(3 * beta(width_s=1e-7), rel=1e-12)
    assert beta(amplitude_V=3.0) > 3 * beta(amplitude_V=1.0)
    hot, cold = (LAW.coefficients(Device(temperature_K=t), Pulse()) for t in (350.0, 300.0))
    assert hot["alpha"] > cold["alpha"]
    assert hot["beta"] > cold["beta"]


def test_given_coefficients_stand() -> None:
    assert device_coefficients(Device.of(alpha=0.3, beta=1), Pulse()) == {"alpha": 0.3, "beta": 1.0}


def test_width_coding_is_exactly_linear() -> None:
    x = np.linspace(0, 1, 9, dtype=np.float32)  # exact in binary
    device, pulse = Device.of(alpha=0.5, beta=0.25), Pulse(encoding="width")
    coefficients = {name: np.array([value], np.float32) for name, value in device_coefficients(device, pulse).items()}
    after = simulate(LAW, coefficients, LAW.drive(x, device, pulse)[None], floor=0.01).states[1]
    np.testing.assert_array_equal(after, np.float32(1.5) - np.float32(0.25) * x)


@pytest.mark.parametrize("amplitude_V", [0.5, 3.0, 80.0])
def test_amplitude_coding_is_convex_between_0_and_1(amplitude_V: float) -> None:
    x = np.linspace(0, 1, 1001, dtype=np.float32)
    device, pulse = Device(), Pulse(encoding="amplitude", amplitude_V=amplitude_V)
    drive = LAW.drive(x, device, pulse)
    assert drive.dtype == np.float32
    assert drive[0] == 0
    assert drive[-1] == 1
    assert (np.diff(drive) >= 0).all()
    assert drive[500] < 0.497
    s = constants.e * 0.25e-9 * amplitude_V / (2 * 5e-9 * constants.Boltzmann * 300)
    np.testing.assert_allclose(drive, np.sinh(s * x.astype(float)) / math.sinh(s), rtol=2e-5, atol=1e-30)


def test_amplitude_coding_is_linear_at_low_field() -> None:
    x = np.linspace(0, 1, 11, dtype=np.float32)
    for amplitude_V in (1e-2, 1e-5, 1e-60):
        drive = LAW.drive(x, Device(), Pulse(encoding="amplitude", amplitude_V=amplitude_V))
        np.testing.assert_allclose(drive, x, rtol=1e-4)


@pytest.mark.parametrize(
    ("device", "pulse", "match"),
    [
        ({}, {"amplitude_V": 1e3}, "device.hop_distance_m.*lower the amplitude"),
        ({"thickness_m": 1e-320}, {}, "device.hop_distance_m"),
        ({"temperature_K": 1.0}, {"amplitude_V": 1e-3}, "`device.temperature_K`.*hopping"),
        ({"activation_energy_eV": 9.0}, {}, "`alpha`.*activation energy"),
        ({"size_m": 1e-300}, {}, "`alpha`.*units"),
        ({"alpha": 0.1, "attempt_frequency_Hz": 1e300}, {}, "`beta`.*units"),
        ({"alpha": 1e-40}, {}, "`alpha`"),
    ],
)
def test_a_device_beyond_the_picture_is_refused(device: dict[str, float], pulse: dict[str, float], match: str) -> None:
    with pytest.raises(InvalidParameterError, match=match):
        device_coefficients(Device.of(**device), Pulse(**pulse))
