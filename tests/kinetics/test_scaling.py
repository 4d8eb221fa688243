"""First-order scaling between nodes: by hand, round trips, and against figures published for several nodes."""

from dataclasses import replace
from functools import partial

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kinetics import InvalidParameterError
from kinetics.components import (
    ADC_CONVERSION,
    ADC_CONVERSION_TIME,
    CROSSBAR_MAC,
    LINE_CAPACITANCE_PER_CELL,
    WIRE_RESISTANCE_PER_CELL,
    adc,
)
from kinetics.scaling import supply_V, value_at

approx = partial(pytest.approx, abs=0)  # pytest's own 1e-12 would be a picojoule here


def test_by_hand() -> None:
    """180 to 45 nm: a quarter of the length, half of the supply (1.8 to 0.9 V), so 1/16 of energy and of area."""
    assert value_at(ADC_CONVERSION, 45) == approx(44.1e-12 / 16, rel=1e-12)
    assert value_at(adc(8).area, 45) == approx(0.025e-6 / 16, rel=1e-12)
    assert value_at(LINE_CAPACITANCE_PER_CELL, 65) == approx(0.5e-15, rel=1e-12)
    # NeuRRAM runs 130 nm at 1.8 V, not at the usual 1.3 V.
    assert value_at(CROSSBAR_MAC, 45) == approx(108.9e-15 * 45 / 130 / 4, rel=1e-12)


def test_times_resistances_and_figures_as_published_stay() -> None:
    for component in (ADC_CONVERSION_TIME, WIRE_RESISTANCE_PER_CELL):
        assert value_at(component, 45) == component.value
    assert value_at(ADC_CONVERSION, None) == ADC_CONVERSION.value


@pytest.mark.parametrize(
    ("node_nm", "energy_pJ", "area_mm2"), [(130, 23.9, 0.015), (65, 6.5, 0.0052), (32, 1.71, None)]
)
def test_the_law_is_as_good_as_it_says(node_nm: int, energy_pJ: float, area_mm2: float | None) -> None:
    """The ADC survey model is published for four nodes."""
    assert 1 / 1.5 < value_at(ADC_CONVERSION, node_nm) / (energy_pJ * 1e-12) < 1.5
    if area_mm2 is not None:
        assert 1 / 1.6 < value_at(adc(8).area, node_nm) / (area_mm2 * 1e-6) < 1.6


@given(node=st.floats(22, 180), other=st.floats(22, 180))
def test_there_and_back(node: float, other: float) -> None:
    there = value_at(ADC_CONVERSION, other)
    at_node = value_at(ADC_CONVERSION, node)
    assert (there <= at_node) == (other <= node) or there == approx(at_node, rel=1e-9)
    from_32 = replace(ADC_CONVERSION, value=value_at(ADC_CONVERSION, 32), node_nm=32)
    assert value_at(from_32, other) == approx(there, rel=1e-9)


@pytest.mark.parametrize("node_nm", [0, -45, 7, 350, float("nan")])
def test_nodes_beyond_the_table_are_refused(node_nm: float) -> None:
    with pytest.raises(InvalidParameterError, match="`node_nm` from 22 to 180 must hold"):
        supply_V(node_nm)
