"""Every rule of Device and Pulse, each refused with the name of its field."""

import math

import pytest

from kinetics import Device, InvalidParameterError, Pulse

NAN, INF = math.nan, math.inf
POSITIVE_DEVICE = (
    "alpha",
    "beta",
    "hop_distance_m",
    "attempt_frequency_Hz",
    "activation_energy_eV",
    "temperature_K",
    "thickness_m",
    "size_m",
    "g_rest_S",
    "floor",
)
POSITIVE_PULSE = ("width_s", "amplitude_V", "read_V", "read_width_s")


@pytest.mark.parametrize("value", [0.0, -1.0, NAN, INF, -INF])
@pytest.mark.parametrize("field", POSITIVE_DEVICE)
def test_device_fields_are_positive_and_finite(field: str, value: float) -> None:
    with pytest.raises(InvalidParameterError, match=rf"`device\.{field}`"):
        Device.of(**{field: value})


@pytest.mark.parametrize("value", [-0.01, 1.01, NAN, INF])
@pytest.mark.parametrize("field", ["d2d", "c2c", "read_noise", "stuck_high", "stuck_low"])
def test_spreads_are_shares(field: str, value: float) -> None:
    with pytest.raises(InvalidParameterError, match=rf"`device\.{field}` <= 1"):
        Device(**{field: value})


@pytest.mark.parametrize(
    ("fields", "match"),
    [
        ({"floor": 1.0}, r"`device\.floor` < 1"),
        ({"g_max_S": INF}, r"`device\.g_max_S` > 0"),
        ({"g_max_S": -1.0}, r"`device\.g_max_S` > 0"),
        ({"g_min_S": -1e-6}, r"`device\.g_min_S`"),
        ({"g_min_S": 3e-4, "g_max_S": 3e-4}, r"`device\.g_min_S` < `device\.g_max_S`"),
        ({"g_rest_S": 39e-6}, r"`device\.g_min_S` <= `device\.g_rest_S`"),
        ({"g_rest_S": 301e-6}, r"`device\.g_rest_S` <= `device\.g_max_S`"),
        ({"conducts_as": "w^2"}, r"`device\.conducts_as`.*'w\^2'"),
        ({"floor_policy": "ignore"}, r"`device\.floor_policy`.*'ignore'"),
        ({"d2d": 1.2}, r"0 <= `device\.d2d` <= 1 "),
        ({"d2d": 5.5, "d2d_distribution": "lognormal"}, r"`device\.d2d` <= 5"),
        ({"d2d_distribution": "cauchy"}, r"`device\.d2d_distribution`.*'cauchy'"),
        ({"d2d_correlation": -1.5}, r"`device\.d2d_correlation` <= 1"),
        ({"stuck_high": 0.6, "stuck_low": 0.5}, r"`device\.stuck_high` \+ `device\.stuck_low` <= 1"),
        ({"g_leak_S": -1e-6}, r"`device\.g_leak_S` >= 0"),
        ({"temperature_K": 500.0}, r"233 <= `device\.temperature_K` <= 398.*'hopping'"),
        ({"temperature_shift_K": 200.0}, r"`device\.temperature_shift_K` <= 398"),
        ({"parameter_set": "hoping"}, r"did you mean 'hopping'"),
        ({"parameter_set": "hopping", "law": "wox"}, r"goes with `device\.law`: drift_diffusion"),
        ({"parameters": {"tau_s": 1.0}}, r"A parameter of the law 'drift_diffusion' is one of hop_distance_m"),
    ],
)
def test_device_rules(fields: dict[str, object], match: str) -> None:
    with pytest.raises(InvalidParameterError, match=match):
        Device.of(**fields)


@pytest.mark.parametrize("value", [0.0, -1.0, NAN, INF])
@pytest.mark.parametrize("field", POSITIVE_PULSE)
def test_pulse_fields_are_positive_and_finite(field: str, value: float) -> None:
    with pytest.raises(InvalidParameterError, match=rf"`pulse\.{field}`"):
        Pulse(**{field: value})


@pytest.mark.parametrize(
    ("fields", "match"),
    [
        ({"interval_s": -1e-9}, r"`pulse\.interval_s` >= 0"),
        ({"interval_s": NAN}, r"`pulse\.interval_s` >= 0"),
        ({"interval_s": INF}, r"`pulse\.interval_s` >= 0"),
        ({"encoding": "phase"}, r"`pulse\.encoding`.*'phase'"),
        ({"count": 0}, r"`pulse\.count` is a whole number >= 1"),
        ({"dac_bits": -1}, r"`pulse\.dac_bits` is a whole number from 0 to 16"),
        ({"adc_bits": 17}, r"`pulse\.adc_bits` is a whole number from 0 to 16"),
        ({"read_phase": "during"}, r"`pulse\.read_phase`.*'during'"),
    ],
)
def test_pulse_rules(fields: dict[str, object], match: str) -> None:
    with pytest.raises(InvalidParameterError, match=match):
        Pulse(**fields)  # type: ignore[arg-type]  # parametrised, in part wrong on purpose


def test_the_edges_of_the_rules_are_allowed() -> None:
    Device.of(d2d=1, c2c=0, g_min_S=0.0, g_rest_S=300e-6, alpha=1, beta=2)
    assert Pulse(interval_s=0, amplitude_V=2).period_s == pytest.approx(2e-7)


def test_a_pulse_read_first_is_never_fired_last() -> None:
    assert Pulse(read_phase="before").pulses_fired(28) == 27
    assert Pulse(read_phase="after").pulses_fired(28) == 28
