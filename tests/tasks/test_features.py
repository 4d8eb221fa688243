"""Feature maps: the layout, and that blocks change nothing."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import tasks.features
from kinetics import Device, Pulse, draw_chips, get_law
from tasks import Configuration
from tasks.features import feature_blocks, feature_matrix, raw_matrix

LAW = get_law("drift_diffusion")
WIDE = {"g_min_S": 1e-9, "g_max_S": 1.0}


def by_hand(x: np.ndarray, alpha: float, beta: float) -> list[float]:
    """Features of one case [time, series], series by series, as the equation is written."""
    features = []
    for series in x.T:
        w = 1.0
        for sample in series:
            features.append(w)
            w = w + alpha / w - beta * float(sample)
    return features


def test_features_are_the_papers_feature_map() -> None:
    x = np.random.default_rng(1).random((6, 3, 4), np.float32)
    configuration = Configuration(device=Device.of(alpha=0.1, beta=0.2, **WIDE))
    nominal = {name: np.full((1, 1), value, np.float32) for name, value in (("alpha", 0.1), ("beta", 0.2))}
    features = feature_matrix(LAW, configuration, nominal, x)
    expected = [by_hand(x[:, :, case], 0.1, 0.2) for case in range(4)]
    np.testing.assert_allclose(features, expected, rtol=1e-5)


def test_reading_after_the_pulse_shifts_the_map_by_one_step() -> None:
    x = np.random.default_rng(1).random((6, 1, 4), np.float32)
    nominal = {name: np.full((1, 1), 0.1, np.float32) for name in ("alpha", "beta")}
    before = feature_matrix(LAW, Configuration(device=Device(**WIDE)), nominal, x)
    after = feature_matrix(LAW, Configuration(device=Device(**WIDE), pulse=Pulse(read_phase="after")), nominal, x)
    np.testing.assert_array_equal(after[:, :-1], before[:, 1:])


@pytest.mark.parametrize(("read_every", "rows"), [(1, [0, 1, 2, 3, 4, 5]), (2, [1, 3, 5]), (4, [1, 5]), (6, [5])])
def test_reading_at_every_nth_step_keeps_the_last(read_every: int, rows: list[int]) -> None:
    x = np.random.default_rng(1).random((6, 2, 4), np.float32)
    nominal = {name: np.full((1, 1), 0.1, np.float32) for name in ("alpha", "beta")}
    every = feature_matrix(LAW, Configuration(device=Device(**WIDE)), nominal, x).reshape(4, 2, 6)
    some = feature_matrix(LAW, Configuration(device=Device(**WIDE), pulse=Pulse(read_every=read_every)), nominal, x)
    np.testing.assert_array_equal(some.reshape(4, 2, -1), every[:, :, rows])
    # The control sees as many values; each is the mean of the samples since the reading before.
    edges = [0, *(row + 1 for row in rows)]
    means = [x[a:b].mean(axis=0) for a, b in itertools.pairwise(edges)]
    control = raw_matrix(x, read_every).reshape(4, 2, -1)
    np.testing.assert_allclose(control, np.stack(means).transpose(2, 1, 0), rtol=1e-6)


def test_raw_matrix_has_the_layout_of_features() -> None:
    x = np.arange(24, dtype=np.float32).reshape(4, 3, 2)
    assert raw_matrix(x)[1].tolist() == [float(x[t, s, 1]) for s in range(3) for t in range(4)]


@settings(max_examples=20, deadline=None)
@given(chips=st.integers(1, 5), series=st.integers(1, 4), cases=st.integers(1, 9), block=st.integers(1, 64))
def test_blocks_change_nothing(chips: int, series: int, cases: int, block: int) -> None:
    rng = np.random.default_rng(chips + 7 * cases)
    x = rng.random((5, series, cases), np.float32)
    configuration = Configuration(device=Device(**WIDE))
    coefficients = draw_chips({"alpha": 0.1, "beta": 0.2}, chips=chips, devices=series, d2d=0.1, rng=rng)
    whole = np.concatenate([b.features for b in feature_blocks(LAW, configuration, coefficients, x)], axis=1)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(tasks.features, "CACHE_DEVICES", block)
        patch.setattr(tasks.features, "_CASES_PER_VECTOR", 4)
        pieces = np.full((chips, cases, series * 5), np.nan, np.float32)
        for piece in feature_blocks(LAW, configuration, coefficients, x):
            pieces[piece.chips, piece.cases] = piece.features
    np.testing.assert_array_equal(pieces, whole)


@settings(max_examples=20, deadline=None)
@given(chips=st.integers(1, 5), objects=st.integers(1, 5), votes=st.integers(1, 6), block=st.integers(1, 64))
def test_no_block_parts_an_object(chips: int, objects: int, votes: int, block: int) -> None:
    x = np.random.default_rng(0).integers(0, 2, (3, 2, objects * votes)).astype(np.uint8)
    configuration = Configuration(device=Device(**WIDE))
    coefficients = draw_chips(
        {"alpha": 0.1, "beta": 0.2}, chips=chips, devices=2, d2d=0.1, rng=np.random.default_rng(1)
    )
    seen = np.zeros((chips, objects * votes), int)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(tasks.features, "CACHE_DEVICES", block)
        patch.setattr(tasks.features, "_CASES_PER_VECTOR", 4)
        for piece in feature_blocks(LAW, configuration, coefficients, x, votes=votes):
            assert piece.cases.start % votes == piece.cases.stop % votes == 0
            seen[piece.chips, piece.cases] += 1
    assert (seen == 1).all()


def test_small_types_are_the_same_samples() -> None:
    x = np.random.default_rng(0).integers(0, 2, (3, 2, 8)).astype(np.uint8)
    nominal = {name: np.full((1, 1), 0.1, np.float32) for name in ("alpha", "beta")}
    configuration = Configuration(device=Device(**WIDE))
    for small in (x, x.astype(np.float16)):
        np.testing.assert_array_equal(
            feature_matrix(LAW, configuration, nominal, small),
            feature_matrix(LAW, configuration, nominal, x.astype(np.float32)),
        )
        assert raw_matrix(small).dtype == np.float32
