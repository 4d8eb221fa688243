"""Read-outs trained through the kinetics: folded right, counted right, and stoppers of overfitting that work."""

import dataclasses

import numpy as np
import pytest

from kinetics import Device, InvalidParameterError, Pulse, get_law
from tasks import Configuration, Task, load_task
from tasks.evaluator import Evaluator
from tasks.features import feature_matrix
from tasks.kinetics_network import BatchNorm, Dense, KineticsNetwork
from tasks.readout import Network, Readout
from tasks.trained_readout import _folded

WIDE = {"g_min_S": 1e-9, "g_max_S": 1.0}
SETTINGS = Readout(kind="network", hidden=(12, 8), epochs=20, batch_norm=True, dropout=0.1, mixup=0.2)


@pytest.fixture(scope="module")
def digits() -> Task:
    return load_task("digits")


def test_batch_norms_are_folded_into_their_layers(digits: Task) -> None:
    rng = np.random.default_rng(0)

    def draw(*shape: int) -> np.ndarray:
        return rng.normal(size=shape).astype(np.float32)

    network = KineticsNetwork(
        coefficients={"alpha": np.float32(0.05), "beta": np.float32(0.2)},
        layers=(Dense(draw(6, 64), draw(6)), Dense(draw(5, 6), None), Dense(draw(10, 5), draw(10))),
        batch_norms=(
            BatchNorm(draw(6), draw(6), draw(6), draw(6) ** 2),
            BatchNorm(draw(5), draw(5), draw(5), draw(5) ** 2),
            None,
        ),
        activation="tanh",
    )
    configuration = Configuration(device=Device.of(alpha=0.05, beta=0.2, **WIDE))
    nominal = {name: np.full((1, 1), value, np.float32) for name, value in (("alpha", 0.05), ("beta", 0.2))}
    features = feature_matrix(get_law("drift_diffusion"), configuration, nominal, digits.test.x)
    plain = Network(layers=_folded(network), activation="tanh")
    np.testing.assert_allclose(plain.scores(features), network.scores(digits.test.x), rtol=2e-3, atol=2e-4)


def test_evaluations_are_reproducible_and_count_batch_norms(digits: Task) -> None:
    configuration = Configuration(device=Device.of(alpha=0.05, beta=0.2, d2d=0.05, **WIDE), readout=SETTINGS)
    one, other = (Evaluator(digits, seed=4, chips=3).evaluate(configuration, trial=1) for _ in range(2))
    assert dataclasses.replace(one, seconds=0) == dataclasses.replace(other, seconds=0)
    layers = 64 * 12 + 12 + 12 * 8 + 8 + 8 * 10 + 10
    assert one.parameters == layers + 2 * (12 + 8) + 2
    assert one.control_parameters == one.parameters - 2
    assert one.accuracy > 0.6
    assert one.control_accuracy > 0.8


def test_reading_fewer_states_shrinks_the_network(digits: Task) -> None:
    readout = dataclasses.replace(SETTINGS, hidden=4, batch_norm=False)
    configuration = Configuration(
        device=Device.of(alpha=0.05, beta=0.2, **WIDE), pulse=Pulse(read_every=4, read_phase="after"), readout=readout
    )
    evaluation = Evaluator(digits, seed=4, chips=1).evaluate(configuration, trial=1)
    assert evaluation.parameters == 16 * 4 + 4 + 4 * 10 + 10 + 2
    assert evaluation.control_parameters == evaluation.parameters - 2


def test_what_cannot_be_trained_through_is_refused() -> None:
    with pytest.raises(InvalidParameterError, match=r"`device\.conducts_as`: w and `pulse\.encoding`: width"):
        Configuration(pulse=Pulse(encoding="amplitude"), readout=SETTINGS)
    with pytest.raises(InvalidParameterError, match=r"`readout\.mixup` goes with `readout\.kind`: network"):
        Readout(kind="mlp", mixup=0.2)


@pytest.mark.usefixtures("real_data")
def test_noise_on_the_samples_helps_where_cases_are_few() -> None:
    task = load_task("sitw")
    device = Device.of(alpha=0.5, beta=0.8, **WIDE)
    plain = Readout(kind="network", epochs=150, patience=150, batch=800)
    noisy = dataclasses.replace(plain, input_noise=0.13, mixup=0.5, label_smoothing=0.1)
    evaluator = Evaluator(task, seed=0, chips=1)
    with_noise, without = (
        evaluator.evaluate(Configuration(device=device, readout=readout), trial=0).accuracy
        for readout in (noisy, plain)
    )
    assert with_noise > without
    assert with_noise > 0.9
