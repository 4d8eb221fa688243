"""Read-outs as crossbars hold them: nothing changes without errors, and read noise is as large as it should be."""

import numpy as np
import pytest

from kinetics import Crossbar
from tasks.held_network import HeldNetwork, weight_error
from tasks.readout import Dense, Network
from tasks.trained_readout import TrainedReadout

IDEAL = Crossbar()
SOURCE = np.random.SeedSequence(3)


def readout(seed: int, centre: float = 0.9) -> TrainedReadout:
    rng = np.random.default_rng(seed)

    def dense(out: int, into: int) -> Dense:
        return Dense(rng.normal(size=(out, into)).astype(np.float32), rng.normal(size=out).astype(np.float32))

    network = Network(layers=(dense(6, 20), dense(3, 6)), activation="tanh")
    return TrainedReadout(network=network, parameters=1, macs=1, centre=centre)


@pytest.fixture
def features() -> np.ndarray:
    return (0.9 + 0.1 * np.random.default_rng(9).normal(size=(50, 20))).astype(np.float32)


def scores(held: HeldNetwork, features: np.ndarray) -> np.ndarray:
    return held.scores(features[None], np.random.default_rng(0))


@pytest.mark.parametrize("crossbar", [IDEAL, Crossbar(mapping="single"), Crossbar(mapping="pair")])
def test_without_errors_it_is_the_plain_network_whatever_the_centre(crossbar: Crossbar, features: np.ndarray) -> None:
    plain = readout(0).network.scores(features)
    for centre in (0.0, 0.9, -3.0):
        held = HeldNetwork.on(crossbar, [readout(0, centre)], 4, SOURCE)
        assert scores(held, features).shape == (1, 50, 3)
        np.testing.assert_allclose(scores(held, features)[0], plain, atol=2e-5)


def test_the_reference_keeps_errors_of_weights_from_the_common_mean(features: np.ndarray) -> None:
    crossbar = Crossbar(mapping="single", programming="shi2025")
    plain = readout(0).network.scores(features)
    errors = [
        np.std(scores(HeldNetwork.on(crossbar, [readout(0, centre)], 20, SOURCE), features) - plain)
        for centre in (0.0, 0.9)
    ]
    assert errors[1] < 0.7 * errors[0]


def test_read_noise_has_the_stated_deviation_at_the_outputs() -> None:
    weight, x = np.array([[0.5, -1.0, 0.25]], np.float32), np.array([1.2, 0.7, 0.2])
    own = TrainedReadout(network=Network(layers=(Dense(weight, np.zeros(1, np.float32)),)), parameters=1, macs=1)
    crossbar = Crossbar(mapping="single", read_noise=0.03)
    held = HeldNetwork.on(crossbar, [own], 1, SOURCE)
    cases = 40_000
    found = scores(held, np.tile(x.astype(np.float32), (cases, 1)))[0, :, 0]
    # 170 uS stand for 0 and 130 uS for the largest weight, 1; every conductance is read with 3 %.
    held_uS = 170 + 130 * weight[0].astype(float)
    deviation = 0.03 * np.sqrt(np.sum((x * held_uS / 130) ** 2))
    assert np.std(found) == pytest.approx(deviation, rel=4 / np.sqrt(2 * cases))
    assert np.mean(found) == pytest.approx(float(weight[0] @ x), abs=4 * deviation / np.sqrt(cases))


def test_each_chip_has_its_own_read_out_where_it_was_trained_there(features: np.ndarray) -> None:
    own = [readout(seed, centre=0.1 * seed) for seed in range(3)]
    held = HeldNetwork.on(IDEAL, own, 3, SOURCE)
    for chip, each in enumerate(own):
        np.testing.assert_allclose(scores(held, features)[chip], each.network.scores(features), atol=2e-5)
    np.testing.assert_array_equal(scores(held.chips(slice(1, 3)), features), scores(held, features)[1:])


def test_fewer_chips_are_the_first_of_many(features: np.ndarray) -> None:
    crossbar = Crossbar(mapping="pair", programming="milo2021", stuck_low=0.05)
    few, many = (HeldNetwork.on(crossbar, [readout(0)], chips, np.random.SeedSequence(3)) for chips in (2, 7))
    np.testing.assert_array_equal(scores(many, features)[:2], scores(few, features))
    assert len(np.unique(scores(many, features)[:, 0, 0])) == 7


def test_weight_error_is_that_of_the_crossbar() -> None:
    assert weight_error(IDEAL) == 0
    # A share s of the window is 2 s of the largest weight, but for what the ends of the window cut off.
    assert 0.95 * 0.02 < weight_error(Crossbar(mapping="single", programming="relative", programming_sigma=0.01)) < 0.02
    # Read noise of 1 % on 170 uS + 130 uS w, w even over [-1, 1], in units of 130 uS.
    expected = 0.01 * np.sqrt(170**2 + 130**2 / 3) / 130
    assert weight_error(Crossbar(mapping="single", read_noise=0.01)) == pytest.approx(expected, rel=0.01)
    both = weight_error(Crossbar(mapping="single", read_noise=0.01, programming="relative", programming_sigma=0.01))
    assert both == pytest.approx(np.hypot(expected, 0.02), rel=0.03)  # independent, so their variances add
