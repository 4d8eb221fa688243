"""JSON inside a page: it cannot end its element, and comes back as it was."""

import json
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from plotly.graph_objects import Figure, Scatter

from tests.tracking.report.contents import NASTY
from tracking.report.packing import Pool, script_json


@given(st.dictionaries(st.text(), st.text() | st.just(NASTY) | st.just("<!--<script>") | st.integers()))
def test_script_json_holds_no_tag_and_loses_nothing(value: dict[str, object]) -> None:
    text = script_json(value)
    assert not set(text) & set("<>&")
    assert text.isascii()
    assert json.loads(text) == value


def test_numbers_that_json_has_not_are_none() -> None:
    assert Pool().pack({"a": [1.5, math.nan, -math.inf], 2: (True,)}) == {"a": [1.5, None, None], "2": [True]}
    with pytest.raises(ValueError, match="JSON compliant"):
        script_json([math.nan])


def test_equal_arrays_take_one_place() -> None:
    pool = Pool()
    values = np.linspace(0, 1, 7)
    traces = [Scatter(x=values, y=values * 2), Scatter(x=values.copy(), y=values)]
    first, second = pool.pack(Figure(traces).to_dict()["data"])
    assert len(pool.arrays) == 2
    assert first["x"] == second["x"] == second["y"] != first["y"]
    assert pool.pack_column(values.tolist()) == {"numbers": first["x"], "whole": False}
    assert pool.pack_column([3, None])["whole"] is True
