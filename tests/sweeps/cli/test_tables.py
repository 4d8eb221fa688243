"""Numbers as people read them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sweeps.cli.tables import with_prefix

FACTORS = {"f": 1e-15, "p": 1e-12, "n": 1e-9, "u": 1e-6, "m": 1e-3, "": 1.0, "k": 1e3, "M": 1e6}


@pytest.mark.parametrize(
    ("value", "text"), [(1.76e-9, "1.76 nJ"), (9.19e-10, "919 pJ"), (0.0, "0 J"), (1.5, "1.5 J"), (2e-17, "2.00e-17 J")]
)
def test_known_numbers(value: float, text: str) -> None:
    assert with_prefix(value, "J") == text


@given(st.floats(1e-14, 1e8))
def test_a_prefix_changes_the_look_and_not_the_value(value: float) -> None:
    number, unit = with_prefix(value, "s").split()
    assert float(number) * FACTORS[unit.removesuffix("s")] == pytest.approx(value, rel=6e-3)
