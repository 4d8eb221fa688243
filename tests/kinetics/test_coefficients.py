"""From a device to the coefficients of its law, what temperature makes of them, and what samples become."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kinetics import LAWS, Device, InvalidParameterError, Pulse, device_coefficients, get_law, simulate, thermal_factors
from kinetics.coefficients import lowest_state

BOLTZMANN_eV_per_K = 8.617333e-5
LAW = get_law("drift_diffusion")
SIXTEENTHS = np.arange(17, dtype=np.float32) / 16


def hopping_by_hand(temperature_K: float, amplitude_V: float) -> tuple[float, float]:
    """Diffusion and drift at a temperature, up to factors without one: barrier 0.36 eV, hop 0.25 nm of 5 nm."""
    hopping = math.exp(-0.36 / (BOLTZMANN_eV_per_K * temperature_K))
    return hopping, hopping * math.sinh(0.25 / 5 * amplitude_V / 2 / (BOLTZMANN_eV_per_K * temperature_K))


@pytest.mark.parametrize("shift_K", [-40.0, 40.0])
@pytest.mark.parametrize("given_ones", [{}, {"alpha": 0.3, "beta": 0.8}, {"alpha": 0.3}])
def test_temperature_changes_both_coefficients_as_the_barrier_says(
    given_ones: dict[str, float], shift_K: float
) -> None:
    device, pulse = Device.of(**given_ones), Pulse(amplitude_V=2.0)
    before, after = hopping_by_hand(300, 2), hopping_by_hand(300 + shift_K, 2)
    factors = thermal_factors(device, pulse, 300 + shift_K)
    assert factors == pytest.approx({"alpha": after[0] / before[0], "beta": after[1] / before[1]}, rel=1e-5)
    # exp(0.36 eV / k (1/300 - 1/340)) = 5.15: warmer is faster, and colder slower.
    assert (factors["alpha"] > 5) == (shift_K > 0)
    assert (factors["alpha"] < 0.15) == (shift_K < 0)


def test_no_shift_is_a_factor_of_exactly_one_for_any_law() -> None:
    for name, law in LAWS.items():
        assert thermal_factors(Device(law=name), Pulse(), 300.0) == dict.fromkeys(law.coefficient_names, 1.0)


def test_a_law_without_a_barrier_cannot_be_warmer() -> None:
    with pytest.raises(InvalidParameterError, match=r"`device\.temperature_shift_K` = 0 .*'wox'.*got 5; leave it out"):
        thermal_factors(Device(law="wox"), Pulse(), 305.0)


def test_given_coefficients_come_first_and_the_rest_is_derived() -> None:
    pulse = Pulse()
    derived = device_coefficients(Device(), pulse)
    assert device_coefficients(Device.of(beta=0.5), pulse) == {"alpha": derived["alpha"], "beta": 0.5}
    assert list(device_coefficients(Device.of(beta=0.5, alpha=0.1), pulse)) == ["alpha", "beta"]
    # What is given needs no physics: 1000 V would be refused where it had to be derived.
    assert device_coefficients(Device.of(alpha=0.1, beta=0.2), Pulse(amplitude_V=1000)) == {"alpha": 0.1, "beta": 0.2}
    with pytest.raises(InvalidParameterError, match="lower the amplitude"):
        device_coefficients(Device.of(alpha=0.1), Pulse(amplitude_V=1000))


@pytest.mark.parametrize("law", sorted(set(LAWS) - {"drift_diffusion"}))
def test_a_coefficient_that_the_law_has_not_is_refused(law: str) -> None:
    with pytest.raises(
        InvalidParameterError, match=rf"`device\.alpha` must be .* of the law '{law}' \(.*\), but got 0\.3"
    ):
        device_coefficients(Device.of(law=law, alpha=0.3), Pulse())


def test_physics_that_leads_to_no_coefficient_is_refused() -> None:
    with pytest.raises(InvalidParameterError, match=r"1e-30 <= `alpha` <= 1e\+30 .* check the units"):
        device_coefficients(Device.of(activation_energy_eV=3.0), Pulse())


def test_the_floor_is_a_share_of_the_state_at_rest_within_the_range() -> None:
    assert lowest_state(Device(floor=0.02)) == 0.02
    assert lowest_state(Device(law="wox", floor=0.02)) == 0.0
    assert lowest_state(Device(law="ag_diffusion", floor=0.02)) == 1.0


# What a sample becomes


@pytest.mark.parametrize("law", sorted(LAWS))
@pytest.mark.parametrize("encoding", ["width", "count"])
def test_width_and_count_coding_are_linear_in_the_sample(encoding: str, law: str) -> None:
    pulse = Pulse(encoding=encoding, count=16, amplitude_V=0.5)  # type: ignore[arg-type]  # parametrised
    drive = LAWS[law].drive(pulse.coded(SIXTEENTHS), Device(law=law), pulse)
    if law in ("wox", "vteam"):  # these forget during the pulse, by its width over 50 ms and 10 us
        np.testing.assert_allclose(drive, SIXTEENTHS, rtol=1e-6 if law == "wox" else 1e-2)
    else:
        np.testing.assert_array_equal(drive, SIXTEENTHS)


@pytest.mark.parametrize("law", sorted(LAWS))
def test_amplitude_coding_is_not_linear(law: str) -> None:
    pulse = Pulse(encoding="amplitude", amplitude_V=0.5)
    drive = LAWS[law].drive(SIXTEENTHS, Device(law=law), pulse)
    assert (drive[0], drive[-1]) == (0, pytest.approx(1, rel=1e-6))
    assert np.abs(drive - SIXTEENTHS).max() > 1e-3


def test_amplitude_coding_by_hand() -> None:
    pulse = Pulse(encoding="amplitude", amplitude_V=4.0)
    s = 0.25 / 5 * 4 / 2 / (BOLTZMANN_eV_per_K * 300)  # 3.87
    found = LAW.drive(np.array([0.25, 0.5], np.float32), Device(), pulse)
    np.testing.assert_allclose(found, [math.sinh(s / 4) / math.sinh(s), math.sinh(s / 2) / math.sinh(s)], rtol=1e-5)


def test_the_state_falls_in_proportion_to_the_width_of_a_pulse() -> None:
    pulse, device = Pulse(), Device.of(alpha=0.25, beta=0.5)
    drive = LAW.drive(pulse.coded(SIXTEENTHS[None]), device, pulse)
    coefficients = {name: np.array(value, np.float32) for name, value in device_coefficients(device, pulse).items()}
    fall = 1.25 - simulate(LAW, coefficients, drive, floor=0.01).states[1]
    np.testing.assert_array_equal(fall, 0.5 * SIXTEENTHS)  # dyadic numbers, so exactly


@given(st.integers(1, 8), st.lists(st.floats(0, 1, width=32), min_size=1, max_size=20))
def test_a_dac_makes_levels_that_it_leaves_alone(bits: int, samples: list[float]) -> None:
    pulse, x = Pulse(dac_bits=bits), np.array(samples, np.float32)
    coded = pulse.coded(x)
    steps = 2**bits - 1
    np.testing.assert_allclose(coded * steps, np.rint(coded * steps), atol=1e-4)
    assert np.abs(coded - x).max() <= 0.5 / steps + 1e-6
    np.testing.assert_array_equal(pulse.coded(coded), coded)
    np.testing.assert_array_equal(Pulse(dac_bits=0).coded(x), x)


@given(st.integers(1, 40))
def test_count_coding_makes_whole_pulses_whatever_the_dac(count: int) -> None:
    x = np.linspace(0, 1, 257, dtype=np.float32)
    coded = Pulse(encoding="count", count=count, dac_bits=2).coded(x)
    np.testing.assert_allclose(np.unique(coded), np.arange(count + 1) / count, atol=1e-6)
