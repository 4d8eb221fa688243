"""Every constant has a pedigree; converters of unlisted bits follow the stated rules and say so."""

from functools import partial

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kinetics import InvalidParameterError
from kinetics.components import (
    CELL_AREA,
    COMPONENTS,
    CROSSBAR_MAC,
    FP32_ADD,
    FP32_DIVIDE,
    FP32_MULTIPLY,
    MOST_BITS,
    Component,
    adc,
)
from kinetics.scaling import SUPPLY_V

approx = partial(pytest.approx, abs=0)  # pytest's own 1e-12 would be a picojoule here


@pytest.mark.parametrize("component", COMPONENTS.values(), ids=list(COMPONENTS))
def test_every_constant_has_a_pedigree(component: Component) -> None:
    assert component.value > 0
    assert component.unit in ("J", "s", "m2", "F", "ohm", "W")
    assert min(SUPPLY_V) <= component.node_nm <= max(SUPPLY_V)
    assert len(component.source) > 4


def test_figures_that_the_table_derives() -> None:
    assert CROSSBAR_MAC.value == approx(108.9e-15, rel=1e-12)
    assert CELL_AREA.value == approx(125.7 * 180e-9**2, rel=0.01)  # 4.07, given as 4.1 um2
    step_J = FP32_DIVIDE.value + FP32_MULTIPLY.value + 2 * FP32_ADD.value
    assert step_J == approx(32e-12, rel=0.01)  # alpha / w - beta x, added to w


def test_converters_that_are_listed() -> None:
    for bits, energy_pJ in ((4, 23.8), (6, 27.4), (8, 44.1), (10, 85.1)):
        assert adc(bits).energy.value == approx(energy_pJ * 1e-12, rel=1e-12)
    assert adc(8).area.value == approx(0.025e-6, rel=1e-12)
    isaac = adc(8, "isaac_32nm")
    assert (isaac.energy.value, isaac.area.value, isaac.energy.confirmed) == (1.67e-12, 1200e-12, True)


def test_converters_that_are_not_listed_say_so() -> None:
    """sqrt(27.4 x 44.1) pJ lies half-way in the logarithm; 10 bit have the area of 8 bit x 3002 / 1200."""
    seven = adc(7).energy
    assert seven.value == approx(34.7612e-12, rel=1e-5)
    assert "interpolated between 6 and 8 bit" in seven.source
    assert adc(2).energy.value == adc(4).energy.value
    assert "upper bound" in adc(2).energy.source
    assert adc(12).energy.value == approx(85.1e-12 * 85.1 / 44.1, rel=1e-9)
    assert "extrapolated" in adc(12).energy.source
    assert adc(10).area.value == approx(0.025e-6 * 3002 / 1200, rel=1e-12)
    assert not any(adc(bits).energy.confirmed for bits in (2, 7, 12))


def test_one_bit_is_a_sense_amplifier() -> None:
    """1.63 uW for 1 us."""
    assert adc(1).energy.value == approx(1.63e-12, rel=1e-12)
    assert adc(1).area.value == 1e-12


@given(bits=st.integers(1, MOST_BITS - 1), family=st.sampled_from(["survey_180nm", "isaac_32nm"]))
def test_more_bits_never_cost_less(bits: int, family: str) -> None:
    fewer, more = (adc(b, family) for b in (bits, bits + 1))  # type: ignore[arg-type]  # sampled as text
    if bits > 1:  # a sense amplifier is published for another node
        assert more.energy.value >= fewer.energy.value
    assert more.area.value >= fewer.area.value


@pytest.mark.parametrize("bits", [0, -1, 17, 7.5])
def test_impossible_resolutions_are_refused(bits: int) -> None:
    with pytest.raises(InvalidParameterError, match="`adc_bits` is a whole number from 1 to 16 must hold"):
        adc(bits)
