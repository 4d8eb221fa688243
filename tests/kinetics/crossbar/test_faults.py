"""Stuck devices of a crossbar."""

import numpy as np
from scipy import stats

from kinetics.crossbar.faults import stick


def test_stuck_devices_hold_an_end_of_the_window_and_the_others_stay() -> None:
    written_S = np.random.default_rng(1).uniform(60e-6, 200e-6, (20, 2, 30, 40)).astype(np.float32)
    held_S = stick(written_S, np.random.default_rng(2), share_high=0.02, share_low=0.05, g_min_S=40e-6, g_max_S=300e-6)
    high, low = held_S == np.float32(300e-6), held_S == np.float32(40e-6)
    assert stats.binomtest(int(high.sum()), held_S.size, 0.02).pvalue > 0.01
    assert stats.binomtest(int(low.sum()), held_S.size, 0.05).pvalue > 0.01
    np.testing.assert_array_equal(held_S[~high & ~low], written_S[~high & ~low])
    assert written_S.max() < 201e-6  # what was written is left alone
