"""Readings and pulses that are found in traces of known making."""

import re
from typing import Any

import numpy as np
import pytest

from kinetics import InvalidParameterError
from kinetics.fitting import Trace, observe


def waveform(*, gap_at: int = 3, scale_t: float = 1.0, volts: tuple[float, ...] = (2.0,) * 6) -> Trace:
    """A read before, six pulses of 2 us every 10 us with one left out, two reads behind each and a tail."""
    rows = [(0.0, 0.1, 1e-6)]
    for k in range(7):
        start = 5.0 + 10 * k
        if k != gap_at:
            volt = volts[len([r for r in rows if r[0] % 10 == 5.0])]
            rows += [(start, volt, 9e-4), (start + 1, volt, 9e-4), (start + 2, 0.0, 1e-12)]
        rows += [(start + 4, 0.1, 1e-6 * (k + 2)), (start + 8, 0.1, 1e-6 * (k + 2))]
    rows += [(79.0, 0.1, 1e-6)]
    t, v, i = np.array(rows).T
    return Trace(x=t * 1e-6 * scale_t, voltage_V=v, response=i, response_unit="A")


def test_a_waveform_by_hand() -> None:
    seen = observe(waveform())
    assert (seen.kind, seen.unit, seen.read_V) == ("pulses", "S", 0.1)
    assert seen.drive is not None
    assert seen.drive.tolist() == [1, 1, 1, 0, 1, 1, 1, 0]
    assert seen.at.tolist() == [0, *np.repeat(np.arange(1, 8), 2), 8]
    np.testing.assert_allclose(seen.response, [1e-5, *np.repeat(np.arange(2, 9), 2) * 1e-5, 1e-5], rtol=1e-12)
    assert (seen.period_s, seen.width_s) == pytest.approx((1e-5, 2e-6), rel=1e-9)
    assert seen.amplitudes_V == (2.0, 2.0)
    assert seen.warnings == ()


def test_amplitudes_are_shares_of_the_highest_and_both_signs_will_do() -> None:
    volts = (1.0, 1.5, 2.0, 2.0, 1.5, 1.0)
    up = observe(waveform(volts=volts))
    assert up.drive is not None
    assert up.drive.tolist() == [0.5, 0.75, 1, 0, 1, 0.75, 0.5, 0]
    assert up.amplitudes_V == (1.0, 2.0)
    assert any("amplitudes of the pulses vary" in warning for warning in up.warnings)
    trace = waveform(volts=volts)
    assert trace.voltage_V is not None
    down = observe(Trace(x=trace.x, voltage_V=-trace.voltage_V, response=-trace.response, response_unit="A"))
    np.testing.assert_array_equal(down.drive, up.drive)
    np.testing.assert_array_equal(down.response, up.response)


def test_one_pulse_leaves_a_relaxation() -> None:
    v = np.array([0.1, 0.1, 5, 5, 0.1, 0.1, 0.1, 0.0, 0.1])
    seen = observe(Trace(x=np.arange(9.0), voltage_V=v, response=v * [1, 1, 1, 1, 9, 8, 7, 0, 6], response_unit="A"))
    assert (seen.kind, seen.at.tolist()) == ("relaxation", [0, 1, 2, 4])
    np.testing.assert_allclose(seen.response, [9, 8, 7, 6])
    assert "What follows the last pulse was fitted as a relaxation." in seen.warnings


def test_tables_of_pulses() -> None:
    def steps(x: list[float], **more: Any) -> list[float]:
        return observe(Trace(x=np.array(x), response=np.arange(1.0, len(x) + 1), **more), "pulses").at.tolist()

    assert steps([0, 1, 2], counts_pulses=True) == [0, 1, 2]
    assert steps([1, 2, 5], counts_pulses=True) == [1, 2, 5]
    assert steps([7, 8], counts_pulses=True) == [1, 2]
    assert steps([0.0, 0.01, 0.0201, 0.04]) == [1, 2, 3, 5]
    table = Trace(x=np.arange(4.0), voltage_V=np.array([0, 1.0, 2, 1]), response=np.arange(4.0), response_unit="S")
    seen = observe(Trace(**{**table.__dict__, "counts_pulses": True}))
    assert seen.drive is not None
    assert seen.drive.tolist() == [0.5, 1, 0.5]


@pytest.mark.parametrize(
    ("x", "y", "unit", "said"),
    [
        (1e6, 1e-5, "S", "time span is 1e.06 s, outside"),
        (1e-10, 1e-5, "S", "time span is 1e-10 s"),
        (1.0, 1e3, "S", "median conductance is 1e.03 S"),
        (1.0, 1e-12, "S", "median conductance is 1e-12 S"),
        (1.0, 1e3, "A", "median current"),
    ],
)
def test_units_that_look_wrong_are_told(x: float, y: float, unit: str, said: str) -> None:
    seen = observe(Trace(x=np.array([0, x / 2, x]), response=y * np.array([1.1, 1.0, 0.9]), response_unit=unit))
    assert re.search(said, seen.warnings[0])
    assert len(seen.warnings) == 1


def test_what_cannot_be_fitted_is_told() -> None:
    def refused(said: str, kind: str | None = None, **fields: Any) -> None:
        with pytest.raises(InvalidParameterError, match=said):
            observe(Trace(**fields), kind)

    three = np.arange(3.0)
    refused("response of a trace varies .*2 in every row", x=three, response=np.full(3, 2.0))
    refused("differ in time", x=np.zeros(3), response=three)
    refused("whole and increase", x=np.array([0, 0.5, 1]), response=three, counts_pulses=True)
    refused("uniform interval", "pulses", x=np.array([0, 1, 2, 3.4, 4.4]), response=np.arange(5.0))
    refused("one polarity", x=three, response=three, voltage_V=np.array([1.0, -1, 1]), counts_pulses=True)
    refused("has a voltage", x=three, response=three, voltage_V=np.zeros(3), response_unit="A")
    refused("has every pulse", x=three * 2, response=three, voltage_V=three, counts_pulses=True)
    refused("`kind` in", "both", x=three, response=three)
