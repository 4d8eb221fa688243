"""Networks on crossbars: counts that must agree with the chart's, work done by hand, ratios of the right size."""

from functools import partial

import pytest

from kinetics import Pulse
from kinetics.components import MFCC_FRAME
from kinetics.periphery import Periphery
from kinetics.readout_load import CrossbarLayer
from tasks import TaskError
from tasks.comparison import compare
from tasks.crossbar_cost import CrossbarWork, put_on_crossbars
from tasks.layer_counts import (
    LSTM,
    BatchNorm,
    Convolution,
    Embedding,
    Flatten,
    Linear,
    MaxOverTime,
    MaxPool,
    TransformerEncoder,
)
from tasks.paper_topologies import KINETICS_TOPOLOGIES
from tasks.reference_networks import REFERENCE_NETWORKS, ReferenceNetwork

approx = partial(pytest.approx, abs=0)  # pytest's own 1e-12 would be a picojoule here

COUNTS = {
    "sitw": (2_236, 2_464),
    "agnews": (39_046, 2_496_512),
    "mnist": (38_172, 39_680),
    "ucf101": (649_720, 659_584),
    "modelnet10": (165_952, 168_704),
}


@pytest.mark.parametrize("task", COUNTS)
def test_topologies_have_the_counts_of_the_chart(task: str) -> None:
    topology = KINETICS_TOPOLOGIES[task]
    assert (topology.parameters, topology.macs) == COUNTS[task]


@pytest.mark.parametrize("network", REFERENCE_NETWORKS, ids=lambda network: network.name)
def test_crossbars_and_digital_circuits_share_the_multiply_accumulates(network: ReferenceNetwork) -> None:
    """What is neither on crossbars nor digital is what the rule counts for biases and norms: folded or too small."""
    work = put_on_crossbars(network.layers, network.input_shape)
    on_crossbars = sum(layer.macs for layer in work.layers)
    assert on_crossbars + work.digital_macs == approx(network.counted.macs, rel=0.03)
    weights = sum(layer.outputs * layer.inputs * layer.parallel for layer in work.layers)
    assert weights == approx(network.counted.parameters, rel=0.03)


def test_layers_by_hand() -> None:
    layers = (
        Convolution(inputs=1, outputs=6, kernel=(3, 3)),
        BatchNorm(),
        MaxPool(kernel=(2, 2)),
        Flatten(),
        Linear(inputs=1014, outputs=10),
    )
    assert put_on_crossbars(layers, (1, 28, 28)) == CrossbarWork(
        layers=(CrossbarLayer(6, 9, 26 * 26, fresh_inputs=784), CrossbarLayer(10, 1014)), comparisons=6 * 26 * 26
    )
    recurrent = (Embedding(words=9, features=3), LSTM(inputs=3, hidden=5, bidirectional=True), MaxOverTime())
    assert put_on_crossbars(recurrent, (7,)) == CrossbarWork(
        layers=(CrossbarLayer(20, 8, 7, 2),), digital_macs=4 * 5 * 7 * 2, comparisons=7 * 10
    )
    assert put_on_crossbars((TransformerEncoder(features=4, hidden=6),), (5, 4)) == CrossbarWork(
        layers=(CrossbarLayer(12, 4, 5), CrossbarLayer(4, 4, 5), CrossbarLayer(6, 4, 5), CrossbarLayer(4, 6, 5)),
        digital_macs=2 * 25 * 4 + 2 * 4 * 5 * 4,
        digital_numbers=3 * 5 * 4 + 25,
    )


def test_layers_without_a_rule_are_refused() -> None:
    with pytest.raises(TypeError, match="there is none for object"):
        put_on_crossbars((object(),), (4,))  # type: ignore[arg-type]  # wrong on purpose


def test_mnist_against_lenet() -> None:
    comparison = compare("mnist")
    kinetics, [lenet] = comparison.kinetics, comparison.references
    # Equally frequent samples are 1/2 on average: 27 x 28 pulses of 1 V, 170 uS, 100 ns.
    assert kinetics.energy.pulses_J == approx(27 * 28 * 170e-6 * 1e-7 / 2, rel=1e-6)
    assert kinetics.latency_s == approx(240.2e-6, rel=1e-9)
    assert kinetics.area_m2 == approx(1.51878e-6, rel=1e-5)
    assert comparison.digital_kinetics_J == approx(28 * 28 * 31.8e-12, rel=1e-9)
    # 26 x 26 and 11 x 11 places and three dense layers; 0.1 us, and 8 us or as many as there are columns.
    assert lenet.latency_s == approx((676 * 6.1 + 121 * 8.1 + 3 * 8.1) * 1e-6, rel=1e-9)
    assert lenet.devices == 2 * (54 + 864 + 48_000 + 10_080 + 840)
    assert 2 < comparison.ratios(lenet)["energy_J"] < 20


def test_ratios_grow_with_the_network() -> None:
    assert compare("ucf101").ratios(compare("ucf101").references[0])["energy_J"] > 1e4
    for task in COUNTS:
        comparison = compare(task)
        for reference in comparison.references:
            ratios = comparison.ratios(reference)
            assert ratios["energy_J"] > 1
            assert ratios["devices"] > 1


def test_features_of_mfcc_hardware_are_counted() -> None:
    mfcc = next(cost for cost in compare("sitw").references if cost.name == "MFCC")
    assert mfcc.energy_J == approx(mfcc.energy.total_J + MFCC_FRAME.value, rel=1e-12)
    assert any("a lower bound" in line for line in compare("sitw").assumptions)


def test_circuits_and_pulses_may_be_chosen() -> None:
    base = compare("mnist").kinetics
    small = compare("mnist", periphery=Periphery(node_nm=45)).kinetics
    assert small.energy_J < base.energy_J
    assert small.latency_s == base.latency_s
    coded = compare("mnist", pulse=Pulse(encoding="amplitude")).kinetics  # x^2 is 1/3 on average
    assert coded.energy.pulses_J == approx(27 * 28 * 170e-6 * 1e-7 / 3, rel=1e-6)
    longer = compare("mnist", pulse=Pulse(width_s=1e-6)).kinetics
    assert longer.energy.pulses_J == approx(10 * base.energy.pulses_J, rel=1e-6)
    assert any("first order" in line for line in compare("mnist", periphery=Periphery(node_nm=45)).assumptions)


def test_tasks_that_stand_for_the_chart_and_tasks_that_do_not() -> None:
    assert compare("utd_mhad") == compare("ucf101")
    with pytest.raises(TaskError, match="'fsdd' has none; those that have are sitw, agnews, mnist, ucf101, modelnet10"):
        compare("fsdd")
