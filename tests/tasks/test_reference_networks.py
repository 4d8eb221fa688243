"""The rivals' counts: the paper's chart where they land, their own stated numbers where they do not."""

import pytest

from tasks.layer_counts import LSTM, BatchNorm, Convolution, Linear, MaxPool, TransformerEncoder, count_network
from tasks.reference_networks import MFCC, REFERENCE_NETWORKS, ReferenceNetwork

LANDS = {
    # name: (parameters within, multiply-accumulates within), half of the chart's last digit; None: does not land
    "SL-CNN": (0.05e3, 0.05e6),
    "MFCC": (None, None),
    "Transformer": (0.05e6, None),
    "LSTM": (None, 0.05e6),
    "LeNet": (0.05e3, 0.05e3),
    "C3D": (0.05e6, 0.05e9),
    "VoxNet": (0.05e3, 0.05e6),
}
EXACT = {
    "SL-CNN": (662_656, 15_589_120),
    "MFCC": (3_786, 3_680),
    "Transformer": (5_945_548, 388_992_000),
    "LSTM": (4_014_596, 257_296_384),
    "LeNet": (60_074, 199_968),
    "C3D": (78_036_746, 38_547_005_440),
    "VoxNet": (917_866, 59_637_760),
}


@pytest.mark.parametrize("network", REFERENCE_NETWORKS, ids=lambda network: network.name)
def test_counts(network: ReferenceNetwork) -> None:
    counted = network.counted
    assert (counted.parameters, counted.macs) == EXACT[network.name]
    assert counted.shape == (4,) if network.task == "agnews" else (10,)
    parameters_within, macs_within = LANDS[network.name]
    assert bool(network.note) == (None in LANDS[network.name])
    for value, chart, within in (
        (counted.parameters, network.paper_parameters, parameters_within),
        (counted.macs, network.paper_macs, macs_within),
    ):
        if within is None:
            assert abs(value - chart) > 0.02 * chart  # or the note would be out of date
        else:
            assert abs(value - chart) <= within


def test_notes_tell_the_numbers() -> None:
    assert "3,786" in MFCC.note
    assert all(network.note == "" or "chart" in network.note for network in REFERENCE_NETWORKS)


def test_embeddings_are_counted_apart() -> None:
    embeddings = {network.name: network.counted.embedding_parameters for network in REFERENCE_NETWORKS}
    assert {name for name, count in embeddings.items() if count} == {"Transformer", "LSTM"}
    assert embeddings["LSTM"] == 2_400_000


def test_layers_by_hand() -> None:
    conv = Convolution(inputs=2, outputs=3, kernel=(3,), stride=2, padding=1)
    assert conv.count((2, 8)) == (2 * 3 * 3 + 3, 18 * 4, (3, 4))
    assert MaxPool(kernel=(2, 2)).count((5, 7, 6)) == (0, 0, (5, 3, 3))
    assert BatchNorm().count((3, 4)) == (6, 48, (3, 4))
    assert Linear(inputs=4, outputs=5, bias=False).count((7, 4)) == (20, 140, (7, 5))
    assert LSTM(inputs=2, hidden=3).count((5, 2)) == (4 * (15 + 6), 5 * (4 * (15 + 9) + 12), (5, 3))
    encoder = TransformerEncoder(features=4, hidden=6).count((5, 4))
    assert encoder == (4 * 16 + 2 * 24 + 26 + 16, 5 * 112 + 2 * 25 * 4, (5, 4))


def test_layers_that_do_not_fit() -> None:
    with pytest.raises(ValueError, match=r"takes 3 features, but gets the shape \(5, 4\)"):
        count_network((Linear(inputs=3, outputs=2),), (5, 4))
    with pytest.raises(ValueError, match="2 channels in 1 dimensions"):
        Convolution(inputs=2, outputs=3, kernel=(3,)).count((1, 8))
    with pytest.raises(ValueError, match="pad the input"):
        Convolution(inputs=2, outputs=3, kernel=(9,)).count((2, 8))
