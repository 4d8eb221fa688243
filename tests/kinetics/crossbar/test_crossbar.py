"""The crossbar as a part of the configuration."""

import pytest

from kinetics.crossbar import Crossbar
from kinetics.errors import InvalidParameterError


@pytest.mark.parametrize(
    ("fields", "match"),
    [
        ({"mapping": "triple"}, r"`crossbar\.mapping` in .*'triple'"),
        ({"programming": "hfo2"}, r"`crossbar\.programming` in .*milo2021"),
        ({"retention": "flash"}, r"`crossbar\.retention` in .*pcm"),
        ({"g_min_S": 3e-4}, r"`crossbar\.g_min_S` < `crossbar\.g_max_S`"),
        ({"g_min_S": -1e-6}, r"0 <= `crossbar\.g_min_S`"),
        ({"programming": "relative", "programming_sigma": 1.1}, r"`crossbar\.programming_sigma` <= 1"),
        ({"programming": "shi2025", "programming_sigma": 0.1}, r"`crossbar\.programming_sigma` = 0 unless.*relative"),
        ({"bits": 13}, r"`crossbar\.bits`"),
        ({"bits": 2.5}, r"`crossbar\.bits`"),
        ({"array_rows": -1}, r"`crossbar\.array_rows`"),
        ({"stuck_high": -0.1}, r"`crossbar\.stuck_high`"),
        ({"stuck_high": 0.6, "stuck_low": 0.6}, r"`crossbar\.stuck_high` \+ `crossbar\.stuck_low` <= 1"),
        ({"retention_s": 10.0}, r"`crossbar\.retention_s` = 0 without `crossbar\.retention`"),
        ({"retention": "pcm", "retention_s": float("inf")}, r"`crossbar\.retention_s` >= 0"),
        ({"line_resistance_ohm": float("nan")}, r"`crossbar\.line_resistance_ohm`"),
        ({"read_noise": 2.0}, r"`crossbar\.read_noise`"),
    ],
)
def test_impossible_crossbars_are_refused(fields: dict[str, object], match: str) -> None:
    with pytest.raises(InvalidParameterError, match=match):
        Crossbar(**({"mapping": "single"} | fields))  # type: ignore[arg-type]  # parametrised, in part wrong on purpose


@pytest.mark.parametrize(
    "fields",
    [{"bits": 4}, {"programming": "shi2025"}, {"stuck_low": 0.1}, {"g_max_S": 1e-4}, {"read_noise": 0.01}],
)
def test_ideal_weights_have_no_devices_to_act_on(fields: dict[str, object]) -> None:
    (name,) = fields
    with pytest.raises(InvalidParameterError, match=rf"`crossbar\.{name}` = .*'ideal'.*mapping 'single' or 'pair'"):
        Crossbar(**fields)  # type: ignore[arg-type]  # parametrised


def test_what_makes_chips_differ() -> None:
    alike: list[dict[str, object]] = [
        {"bits": 4},
        {"line_resistance_ohm": 1.0},
        {"programming": "relative"},
        {"retention": "pcm", "retention_s": 10.0},
    ]
    different: list[dict[str, object]] = [
        {"programming": "shi2025"},
        {"programming": "relative", "programming_sigma": 0.1},
        {"stuck_low": 0.1},
        {"retention": "pcm", "retention_s": 20.0},
        {"read_noise": 0.01},
    ]
    assert Crossbar().is_ideal
    assert not Crossbar().differs_by_chip
    for fields in alike:
        assert not Crossbar(mapping="pair", **fields).differs_by_chip  # type: ignore[arg-type]  # parametrised
    for fields in different:
        assert Crossbar(mapping="pair", **fields).differs_by_chip  # type: ignore[arg-type]  # parametrised
