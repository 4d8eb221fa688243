"""Labels and quantities by hand."""

import math
from typing import Any

import pytest

from tracking.labels import in_sentence, label, quantity, unit_of, words, written


@pytest.mark.parametrize(
    ("name", "told", "unit"),
    [
        ("energy_J", "energy per inference / J", "J"),
        ("pulse.width_s", "pulse: width / s", "s"),
        ("crossbar.line_resistance_ohm", "crossbar: line resistance / Ω", "Ω"),
        ("pulse.read_every", "pulse: read every", ""),
        ("device.stuck_high + device.stuck_low", "device: stuck high\n+ device: stuck low", ""),
        ("peak_V", "peak / V", "V"),
        ("device.d2d", "device: d2d", ""),
        ("seconds", "time per configuration / s", "s"),
        ("device.thickness_m", "device: thickness / m", "m"),
        ("device.attempt_frequency_Hz", "device: attempt frequency / Hz", "Hz"),
        ("device.activation_energy_eV", "device: activation energy / eV", "eV"),
    ],
)
def test_label_and_unit(name: str, told: str, unit: str) -> None:
    assert (label(name), unit_of(name)) == (told, unit)
    assert "/" not in words(name)


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [
        (2.5431e-8, "s", "25.4 ns"),
        (9.999e-7, "s", "1 µs"),
        (1e-6, "s", "1 µs"),
        (1e-3, "V", "1 mV"),
        (4.2e-10, "J", "420 pJ"),
        (3e-22, "J", "0.0003 aJ"),
        (86_400.0, "s", "86,400 s"),
        (3.2e8, "s", "3.2e8 s"),
        (1e8, "", "100,000,000"),
        (1.21e-9, "m²", "1,210 µm²"),
        (1.867e-7, "m²", "0.187 mm²"),
        (2.5, "m²", "2.5 m²"),
        (12345.6, "", "1.235e4"),
        (66700.0, "", "66,700"),
        (0.0, "J", "0 J"),
        (300.0, "K", "300 K"),
        (0.58, "eV", "0.58 eV"),
        (5e-8, "m", "50 nm"),
        (1.2e13, "Hz", "12 THz"),
        (2410, "", "2,410"),
        (0.123456, "", "0.1235"),
        (None, "s", "-"),
        (math.nan, "s", "-"),
        (math.inf, "s", "inf s"),
        (True, "", "True"),
        ([16, 8], "", "16-8"),
        ("mlp", "", "mlp"),
    ],
)
def test_quantity(value: Any, unit: str, text: str) -> None:
    assert quantity(value, unit) == text


def test_every_accuracy_that_may_be_searched_for_has_words_of_its_own() -> None:
    told = {
        name: in_sentence(f"accuracy{name}") for name in ("", "_std", "_q05", "_quantile", "_low", "_yield", "_corner")
    }
    assert len(set(told.values())) == 7
    assert told["_q05"] == "accuracy that 95 % of the chips reach"  # not the mean of the worst ones
    assert told["_yield"] == "yield"
    assert not any("part)" in words or "_" in words for words in told.values())


def test_shares_have_four_places() -> None:
    assert written("test_accuracy", 0.97) == "0.9700"
    assert written("accuracy_yield", 1.0) == "1.0000"
    assert written("energy_J", 1e-9) == "1 nJ"
