"""The paper's networks with memristor kinetics beside its reference networks, all on crossbars of the same constants.

Nothing is simulated or trained: energies follow from topologies and a few means, which ``Comparison.assumptions``
lists. The paper's own energy, latency and area figures are not at hand, so none is compared with.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from kinetics import Energy, Pulse, inference_energy
from kinetics import components as parts
from kinetics.area import Area, chip_area
from kinetics.components import Converter
from kinetics.energy import readout_energy
from kinetics.latency import inference_latency
from kinetics.periphery import Periphery, adc_bits, dac_bits
from kinetics.readout_load import ReadoutLoad
from tasks.crossbar_cost import put_on_crossbars
from tasks.errors import TaskError
from tasks.layer_counts import CountedLayer, Shape
from tasks.paper_topologies import KINETICS_TOPOLOGIES, KineticsTopology
from tasks.recipes.paper_table import PAPER_TABLE
from tasks.reference_networks import MFCC, REFERENCE_NETWORKS, ReferenceNetwork

CONDUCTANCE_S = 170e-6
"""Mean conductance of all devices, the middle of the paper's window of 40 to 300 uS."""
_CHART_TASK = {"utd_mhad": "ucf101"}
"""Task -> the one of the chart that it stands for."""
_PAPER_ROW = {"ucf101": "utd_mhad"}
"""Task of the chart -> its row in ``PAPER_TABLE``."""


@dataclass(frozen=True, kw_only=True)
class NetworkCost:
    """What one network costs on crossbars, one inference."""

    name: str
    """Network."""
    accuracy: float
    """By the chart."""
    parameters: int
    """Without a word embedding."""
    macs: int
    """By the chart's rule."""
    crossbar_macs: int
    """Those that crossbars do."""
    devices: int
    """Memristors."""
    energy: Energy
    """By component."""
    front_end_J: float
    """What features take that are neither learned nor states of memristors."""
    latency_s: float
    """From the first pulse, or the first layer, to the output."""
    area: Area
    """By component."""
    macro_J: float
    """The crossbars' part by another way: their multiply-accumulates times the figure of a published macro."""

    @property
    def energy_J(self) -> float:
        """All components, J."""
        return self.energy.total_J + self.front_end_J

    @property
    def area_m2(self) -> float:
        """All components, m2."""
        return self.area.total_m2

    def to_dict(self) -> dict[str, Any]:
        """Plain form."""
        return {**asdict(self), "energy_J": self.energy_J, "area_m2": self.area_m2}


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """A network with kinetics and its rivals."""

    task: str
    """Of the chart."""
    kinetics: NetworkCost
    """The network with kinetics."""
    references: tuple[NetworkCost, ...]
    """Its rivals."""
    digital_kinetics_J: float
    """What the steps of the law would take as digital arithmetic."""
    node_nm: float | None
    """Node that circuits are scaled to."""
    assumptions: tuple[str, ...]
    """All that the figures rest on."""

    def ratios(self, reference: NetworkCost) -> dict[str, float]:
        """A rival's figures as multiples of the network with kinetics."""
        names = ("parameters", "macs", "devices", "energy_J", "latency_s", "area_m2")
        return {name: getattr(reference, name) / getattr(self.kinetics, name) for name in names}

    def to_dict(self) -> dict[str, Any]:
        """Plain form, with the ratios."""
        return {
            "task": self.task,
            "node_nm": self.node_nm,
            "kinetics": self.kinetics.to_dict(),
            "references": [{**cost.to_dict(), "ratios": self.ratios(cost)} for cost in self.references],
            "digital_kinetics_J": self.digital_kinetics_J,
            "assumptions": list(self.assumptions),
        }


def compare(task: str, *, pulse: Pulse | None = None, periphery: Periphery | None = None) -> Comparison:
    """Put the networks of a task on crossbars.

    Args:
        task: of the chart, or one that stands for it.
        pulse: pulses, reads and bits; the defaults of ``Pulse`` if absent.
        periphery: converters, their sharing, node; the defaults of ``Periphery`` if absent.

    Raises:
        TaskError: the chart compares nothing on the task.
    """
    chart_task = _CHART_TASK.get(task, task)
    if chart_task not in KINETICS_TOPOLOGIES:
        raise TaskError(
            f"The task must have reference networks in the chart of Shi et al. 2025, but {task!r} has none; those that "
            f"have are {', '.join(KINETICS_TOPOLOGIES)}."
        )
    pulse, periphery = pulse or Pulse(), periphery or Periphery()
    topology = KINETICS_TOPOLOGIES[chart_task]
    rivals = [network for network in REFERENCE_NETWORKS if network.task == chart_task]
    digital_step_J = sum(
        periphery.value(part) for part in (parts.FP32_DIVIDE, parts.FP32_MULTIPLY, parts.FP32_ADD, parts.FP32_ADD)
    )
    return Comparison(
        task=chart_task,
        kinetics=_kinetics_cost(chart_task, topology, pulse, periphery),
        references=tuple(_reference_cost(network, pulse, periphery) for network in rivals),
        digital_kinetics_J=digital_step_J * topology.steps * topology.series,
        node_nm=periphery.node_nm,
        assumptions=_assumptions(topology, rivals, pulse, periphery),
    )


def _load(layers: Sequence[CountedLayer], shape: Shape) -> ReadoutLoad:
    work = put_on_crossbars(layers, shape)
    return ReadoutLoad(
        layers=work.layers,
        conductance_S=CONDUCTANCE_S,
        digital_macs=work.digital_macs,
        digital_numbers=work.digital_numbers,
        comparisons=work.comparisons,
    )


def _kinetics_cost(task: str, topology: KineticsTopology, pulse: Pulse, periphery: Periphery) -> NetworkCost:
    load = _load(topology.layers, topology.input_shape)
    # Two samples with the mean, 1/2, and the mean square, 1/3, of equally frequent ones.
    spread = 1 / np.sqrt(12)
    pair = np.array([0.5 - spread, 0.5 + spread], np.float32)
    samples = np.broadcast_to(pair, (topology.steps, topology.series, 2))
    readings = pulse.reads(topology.steps)
    return NetworkCost(
        name="DDK",
        accuracy=PAPER_TABLE[_PAPER_ROW.get(task, task)].accuracy,
        parameters=topology.parameters,
        macs=topology.macs,
        crossbar_macs=load.macs,
        devices=topology.series + load.total_devices,
        energy=inference_energy(
            pulse,
            samples=samples,
            conductance_S=np.full(samples.shape, CONDUCTANCE_S, np.float32),
            read_conductance_S=np.full((readings, *samples.shape[1:]), CONDUCTANCE_S, np.float32),
            readout=load,
            periphery=periphery,
        ),
        front_end_J=0.0,
        latency_s=inference_latency(
            pulse, steps=topology.steps, series=topology.series, readout=load, periphery=periphery
        ).total_s,
        area=chip_area(pulse, series=topology.series, readout=load, periphery=periphery),
        macro_J=load.macs * periphery.value(parts.CROSSBAR_MAC),
    )


def _reference_cost(network: ReferenceNetwork, pulse: Pulse, periphery: Periphery) -> NetworkCost:
    load = _load(network.layers, network.input_shape)
    front_end = network is MFCC
    latency = inference_latency(pulse, steps=0, series=0, readout=load, periphery=periphery)
    return NetworkCost(
        name=network.name,
        accuracy=network.accuracy,
        parameters=network.counted.parameters,
        macs=network.counted.macs,
        crossbar_macs=load.macs,
        devices=load.total_devices,
        energy=readout_energy(pulse, load, periphery=periphery),
        front_end_J=periphery.value(parts.MFCC_FRAME) if front_end else 0.0,
        latency_s=latency.total_s + (parts.MFCC_FRAME_TIME.value if front_end else 0.0),
        area=chip_area(pulse, series=0, readout=load, periphery=periphery),
        macro_J=load.macs * periphery.value(parts.CROSSBAR_MAC),
    )


def _assumptions(
    topology: KineticsTopology, rivals: Sequence[ReferenceNetwork], pulse: Pulse, periphery: Periphery
) -> tuple[str, ...]:
    adc = periphery.adc(pulse)
    lines = [
        "The paper's own energy, latency, area, pulses and device stack are unknown to us; nothing is fitted to them.",
        f"Pulses: {pulse.amplitude_V:g} V, {pulse.width_s:g} s, {pulse.encoding} coding, {pulse.interval_s:g} s apart.",
        f"Reads: {pulse.read_V:g} V, {pulse.read_width_s:g} s.",
        "Samples and inputs of layers are equally frequent from 0 to 1.",
        f"Every memristor conducts {CONDUCTANCE_S * 1e6:g} uS, the middle of the paper's window; a weight takes two.",
        f"Arrays have {periphery.rows_per_array} rows; {periphery.columns_per_adc} columns share a converter.",
        f"ADC of {adc_bits(pulse)} bits: {adc.energy.source}.",
        f"DAC of {dac_bits(pulse)} bits: bits times {parts.DAC_CONVERSION_PER_BIT.source}.",
        f"Cells of {parts.CELL_AREA.value * 1e12:.2g} um2: {parts.CELL_AREA.source}.",
        "Figures of models, scaled cells and sizes of arrays are unconfirmed; none is measured on the paper's chip.",
        _node(adc, periphery.node_nm),
        "A convolution is a matrix applied at every place, an LSTM its gates at every step.",
        "Layers run one after the other, without pipeline or copies.",
        "Digital, 8-bit products in 32-bit sums: products of attention and gates, layer norms, biases, activations.",
        "The time of digital work hides behind conversions; batch norms are folded into weights.",
        "Every number is written to a buffer once and read once.",
        "Left out: soft-maxima, embeddings, control, routing, leakage, programming of weights.",
    ]
    if topology.note:
        lines.append(f"DDK: {topology.note}.")
    if MFCC in rivals:
        lines.append(
            "MFCC: its features are one frame of a published 180 nm circuit (0.72 uJ, 45.79 us): a lower bound, as the "
            "number of frames is not known, nor is the area."
        )
    return (*lines, *(f"{network.name}: {network.note}" for network in rivals if network.note))


def _node(adc: Converter, node_nm: float | None) -> str:
    if node_nm is not None:
        return (
            f"Circuits and cells are scaled to {node_nm:g} nm, to first order; times and energy of memristors are not."
        )
    return (
        f"No node is chosen; figures are as published: ADC {adc.energy.node_nm} nm, "
        f"DAC {parts.DAC_CONVERSION_PER_BIT.node_nm} nm, SRAM and digital {parts.SRAM_BIT.node_nm} nm, "
        f"cells {parts.CELL_AREA.node_nm} nm."
    )
