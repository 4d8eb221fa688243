"""Read noise: single readings, and the sums of them that a layer sees (fixed seeds, two-sided)."""

import numpy as np
from scipy import stats

from kinetics.crossbar import Crossbar, hold, output_noise, vary


def test_a_reading_is_off_by_a_share_of_the_conductance() -> None:
    held_S = np.repeat(np.array([[40e-6], [300e-6]], np.float32), 50_000, axis=1)
    off = vary(held_S, 0.03, np.random.default_rng(1)) / held_S - 1
    assert np.abs(off.mean(axis=1)).max() < 4 * 0.03 / np.sqrt(50_000)
    np.testing.assert_allclose(off.std(axis=1), 0.03, rtol=4 / np.sqrt(100_000))
    # The cheap numbers lie within 0.003 of a normal law (see kinetics.noise).
    assert stats.kstest(off[0], stats.norm(0, 0.03).cdf).statistic < 0.003 + 1.63 / np.sqrt(50_000)


def test_outputs_are_as_noisy_as_if_each_device_were_read() -> None:
    """Both devices of each weight are read one by one, 20,000 times, and the weights multiplied with the inputs."""
    rng = np.random.default_rng(7)
    weight, inputs = rng.standard_normal((3, 6)).astype(np.float32), rng.random(6).astype(np.float32)
    sigma, readings = 0.05, 20_000
    layer = hold(weight, Crossbar(mapping="pair", read_noise=sigma), 1, rng)
    unit_S = 260e-6 / np.abs(weight).max()
    pairs_S = 40e-6 + unit_S * np.maximum(np.stack([weight, -weight]), 0)
    read_S = vary(np.broadcast_to(pairs_S.astype(np.float32), (readings, 2, 3, 6)), sigma, rng)
    one_by_one = (read_S[:, 0] - read_S[:, 1]) / unit_S @ inputs - inputs @ weight.T
    at_once = output_noise(np.broadcast_to(inputs, (readings, 6)), layer.magnitudes[0], sigma, rng)
    assert at_once.shape == (readings, 3)
    for one, other in zip(one_by_one.T, at_once.T, strict=True):
        assert abs(other.std() / one.std() - 1) < 4 / np.sqrt(readings)
        assert abs(other.mean() - one.mean()) < 4 * one.std() * np.sqrt(2 / readings)
        assert stats.ks_2samp(one, other).pvalue > 0.01
    assert np.abs(np.corrcoef(at_once.T)[np.triu_indices(3, 1)]).max() < 4 / np.sqrt(readings)


def test_every_chip_and_case_is_read_anew() -> None:
    noise = output_noise(np.ones((1, 4, 5), np.float32), np.ones((3, 2, 5), np.float32), 0.1, np.random.default_rng(1))
    assert noise.shape == (3, 4, 2)
    assert np.unique(noise).size > 20
