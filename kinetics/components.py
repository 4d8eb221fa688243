"""Energy, time and area of circuit components: value, unit, node, source, and whether it is confirmed.

Every figure is read from a published library of components or computed by one; none is the paper's own, which gives
no such figures to us. Figures from several nodes stand side by side as published; ``kinetics.scaling`` brings them to
one node, to first order.

``adc(bits)`` prices a converter of any resolution. Resolutions that no table lists follow these rules, and say so in
their ``source``:

==================  ================================================================================
bits                energy and area
==================  ================================================================================
1                   a sense amplifier that is on for one conversion
2, 3                those of the smallest listed converter (4 bits): an upper bound
between two listed  a straight line in the logarithm between them
above the largest   the straight line through the two largest, continued: a guess
==================  ================================================================================

Areas of the 180 nm converters are published for 8 bits alone; other bits take the ratio of the ISAAC converters.
"""

import math
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from typing import Literal, NamedTuple

from kinetics.errors import require


@dataclass(frozen=True, kw_only=True)
class Component:
    """One constant with its pedigree."""

    value: float
    """The number, in ``unit``."""
    unit: Literal["J", "s", "m2", "F", "ohm", "W"]
    """SI unit."""
    node_nm: int
    """Technology node that the figure is for, nm."""
    source: str
    """Where the figure was read."""
    confirmed: bool
    """False for a model's figure or a customary value that no measurement confirms."""
    supply_V: float | None = None
    """Supply that the figure is for, where its source says so, V; else the usual one of the node."""


class Converter(NamedTuple):
    """An analogue-to-digital converter."""

    energy: Component
    """Of one conversion."""
    area: Component
    """Of the converter."""
    time: Component
    """Of one conversion."""


AdcFamily = Literal["survey_180nm", "isaac_32nm"]
"""Which converters: the survey's at the paper's node, or those of the ISAAC accelerator."""

ADC_BITS = 8
"""Resolution of conversions that are not quantised in the simulation."""
DAC_BITS = 8
"""Resolution of amplitudes that are not quantised in the simulation. Energy and area linear in the bits are an
assumption: only 1 bit is published."""
ROWS_PER_ARRAY = 128
"""Rows and columns of one crossbar array, the default of DNN+NeuroSim; higher layers are cut into several."""
COLUMNS_PER_ADC = 8
"""Columns that share a converter, the default of DNN+NeuroSim."""
MOST_BITS = 16
"""Finer converters are beyond any table."""

_SURVEY_J = {4: 23.8e-12, 6: 27.4e-12, 8: 44.1e-12, 10: 85.1e-12}
_SURVEY_AREA_8_BIT_M2 = 0.025e-6
_ISAAC_J = {4: 0.79e-12, 5: 0.99e-12, 6: 1.20e-12, 7: 1.42e-12, 8: 1.67e-12, 9: 1.97e-12, 10: 2.38e-12}
_ISAAC_M2 = {4: 361e-12, 5: 477e-12, 6: 627e-12, 7: 845e-12, 8: 1200e-12, 9: 1828e-12, 10: 3002e-12}
_SURVEY = "ADC survey model at 1 MS/s (accelergy-adc-plug-in); optimistic"
_HWCOMPONENTS = "Accelergy hwcomponents-library"
_NEURRAM = f"NeuRRAM ({_HWCOMPONENTS})"
_HOROWITZ = "Horowitz's figures, 0.9 V (PMC8934428 table 3)"


def _neurram(value: float, unit: Literal["J", "m2"], what: str) -> Component:
    return Component(value=value, unit=unit, node_nm=130, supply_V=1.8, source=f"{_NEURRAM}: {what}", confirmed=True)


def _digital(value_J: float, what: str) -> Component:
    return Component(value=value_J, unit="J", node_nm=45, supply_V=0.9, source=f"{_HOROWITZ}: {what}", confirmed=True)


def _cell(area_um2: float, what: str) -> Component:
    return Component(
        value=area_um2 * 1e-12, unit="m2", node_nm=180, source=f"{what}, scaled to 180 nm by F^2", confirmed=False
    )


ADC_CONVERSION_TIME = Component(
    value=1e-6,
    unit="s",
    node_nm=180,
    source="one sample of the survey's 1 MS/s converter; taken for all converters, the others' rates are not at hand",
    confirmed=False,
)
SENSE_AMPLIFIER = Component(value=1.63e-6, unit="W", node_nm=28, source="MNSIM", confirmed=True)
SENSE_AMPLIFIER_AREA = Component(value=1e-12, unit="m2", node_nm=28, source="MNSIM", confirmed=True)
DAC_CONVERSION_PER_BIT = Component(
    value=0.417e-12, unit="J", node_nm=32, source=f"ISAAC 1-bit DAC ({_HWCOMPONENTS})", confirmed=True
)
DAC_AREA_PER_BIT = Component(
    value=0.166e-12, unit="m2", node_nm=32, source=f"ISAAC 1-bit DAC ({_HWCOMPONENTS})", confirmed=True
)
SHIFT_ADD = Component(
    value=0.021e-12, unit="J", node_nm=32, source=f"ISAAC shift-and-add ({_HWCOMPONENTS})", confirmed=True
)
SHIFT_ADD_AREA = Component(
    value=60e-12, unit="m2", node_nm=32, source=f"ISAAC shift-and-add ({_HWCOMPONENTS})", confirmed=True
)
INT8_ADD = _digital(0.03e-12, "8-bit integer addition")
INT8_MULTIPLY = _digital(0.2e-12, "8-bit integer multiplication")
INT32_ADD = _digital(0.1e-12, "32-bit integer addition")
INT32_MULTIPLY = _digital(3.1e-12, "32-bit integer multiplication")
FP16_ADD = _digital(0.4e-12, "16-bit float addition")
FP16_MULTIPLY = _digital(1.1e-12, "16-bit float multiplication")
FP32_ADD = _digital(0.9e-12, "32-bit float addition")
FP32_MULTIPLY = _digital(3.7e-12, "32-bit float multiplication")
FP32_DIVIDE = _digital(26.3e-12, "32-bit float division, about")
SRAM_BIT = _digital(10e-12 / 64, "access to an 8 kB SRAM, 10 pJ for 64 bits")
DRAM_BIT = _digital(1.3e-9 / 64, "access to DRAM, lower end of 1.3 to 2.6 nJ for 64 bits")
SRAM_BIT_AREA = Component(
    value=160 * 45e-9**2, unit="m2", node_nm=45, source="DNN+NeuroSim default, 160 F^2 above 22 nm", confirmed=False
)
CELL_AREA = _cell(4.1, "1T1R cell of the NeuRRAM chip, 125.7 F^2")
"""The one of the four cells that is of a manufactured chip for computing in memory; models and plain memory are denser
or have no transistor wide enough for such currents. The others stand beside it in ``COMPONENTS``."""
LINE_CAPACITANCE_PER_CELL = Component(
    value=1e-15, unit="F", node_nm=130, source="MNSIM, 1 fF per cell; its node is taken for 130 nm", confirmed=False
)
WIRE_RESISTANCE_PER_CELL = Component(
    value=2.82, unit="ohm", node_nm=130, source="MNSIM, per cell; its node is taken for 130 nm", confirmed=False
)
NEURRAM_MACRO_BITS = {
    "3-bit outputs, 1-bit inputs": (9.0 + 10.6 + 3.4) * 1e-15,
    "6-bit outputs, 4-bit inputs": (21.8 + 29.1 + 11.5) * 1e-15,
    "8-bit outputs, 6-bit inputs": (37.2 + 52.5 + 19.2) * 1e-15,
    "10-bit outputs, 8-bit inputs": (50.5 + 75.9 + 27.5) * 1e-15,
}
_MACRO = {
    bits: Component(
        value=value,
        unit="J",
        node_nm=130,
        supply_V=1.8,
        source=f"NeuRRAM macro, {bits}: neuron + input + word line (cimloop wan_nature_2022)",
        confirmed=True,
    )
    for bits, value in NEURRAM_MACRO_BITS.items()
}
CROSSBAR_MAC = _MACRO["8-bit outputs, 6-bit inputs"]
"""One multiply-accumulate of a read-out layer on a memristor crossbar, converters included."""
MFCC_FRAME = Component(
    value=0.72e-6, unit="J", node_nm=180, source="mixed-signal MFCC hardware, one frame", confirmed=True
)
MFCC_FRAME_TIME = Component(
    value=45.79e-6, unit="s", node_nm=180, source="mixed-signal MFCC hardware, one frame", confirmed=True
)


@lru_cache(maxsize=64)
def adc(bits: int, family: AdcFamily = "survey_180nm") -> Converter:
    """A converter of any resolution, by the rules of the module.

    Args:
        bits: resolution, 1 to 16.
        family: which table.

    Raises:
        InvalidParameterError: no such resolution or family.
    """
    require(
        1 <= bits <= MOST_BITS and bits == int(bits),
        f"`adc_bits` is a whole number from 1 to {MOST_BITS}",
        bits,
        "1 is a sense amplifier, 8 customary",
    )
    require(
        family in ("survey_180nm", "isaac_32nm"),
        "`family` in ('survey_180nm', 'isaac_32nm')",
        family,
        "choose one of the two",
    )
    if bits == 1:
        on = Component(
            value=SENSE_AMPLIFIER.value * ADC_CONVERSION_TIME.value,
            unit="J",
            node_nm=SENSE_AMPLIFIER.node_nm,
            source="MNSIM sense amplifier, on for one conversion",
            confirmed=False,
        )
        return Converter(on, SENSE_AMPLIFIER_AREA, ADC_CONVERSION_TIME)
    if family == "isaac_32nm":
        energy = _at_bits(_ISAAC_J, bits, "J", 32, f"ISAAC ADC ({_HWCOMPONENTS})", True)
        return Converter(energy, _at_bits(_ISAAC_M2, bits, "m2", 32, energy.source, True), ADC_CONVERSION_TIME)
    areas = {listed: _SURVEY_AREA_8_BIT_M2 * value / _ISAAC_M2[8] for listed, value in _ISAAC_M2.items()}
    source = _SURVEY if bits == 8 else f"{_SURVEY}; its 8-bit area by the ratio of ISAAC's"
    return Converter(
        _at_bits(_SURVEY_J, bits, "J", 180, _SURVEY, False),
        _at_bits(areas, bits, "m2", 180, source, False),
        ADC_CONVERSION_TIME,
    )


def _at_bits(
    table: dict[int, float], bits: int, unit: Literal["J", "m2"], node_nm: int, source: str, confirmed: bool
) -> Component:
    """A figure of a table by bits, or the module's rule where none is listed."""
    listed = sorted(table)
    if bits in table:
        return Component(
            value=table[bits], unit=unit, node_nm=node_nm, source=f"{source}, {bits} bit", confirmed=confirmed
        )
    if bits < listed[0]:
        value, how = table[listed[0]], f"that of {listed[0]} bit, an upper bound"
    else:
        low, high = next(((a, b) for a, b in pairwise(listed) if a < bits < b), (listed[-2], listed[-1]))
        share = (bits - low) / (high - low)
        value = math.exp((1 - share) * math.log(table[low]) + share * math.log(table[high]))
        how = f"{'interpolated between' if share < 1 else 'extrapolated from'} {low} and {high} bit"
    return Component(value=value, unit=unit, node_nm=node_nm, source=f"{source}, {bits} bit: {how}", confirmed=False)


ADC_CONVERSION = adc(ADC_BITS).energy

COMPONENTS: dict[str, Component] = {
    **{f"adc_conversion_{bits}_bit": adc(bits).energy for bits in _SURVEY_J},
    "adc_area_8_bit": adc(8).area,
    **{f"adc_isaac_conversion_{bits}_bit": adc(bits, "isaac_32nm").energy for bits in _ISAAC_J},
    **{f"adc_isaac_area_{bits}_bit": adc(bits, "isaac_32nm").area for bits in _ISAAC_M2},
    "adc_conversion_time": ADC_CONVERSION_TIME,
    "adc_neurram_step": _neurram(0.3e-12, "J", "ADC step"),
    "adc_neurram_step_area": _neurram(400e-12, "m2", "ADC step"),
    "adc_neurram_sample": _neurram(1.2e-12, "J", "sample"),
    "adc_neurram_sample_area": _neurram(350e-12, "m2", "sample"),
    "adc_neurram_integrate": _neurram(0.25e-12, "J", "integrate"),
    "adc_neurram_integrate_area": _neurram(350e-12, "m2", "integrate"),
    "shift_add_neurram": _neurram(0.1e-12, "J", "shift-and-add"),
    "shift_add_neurram_area": _neurram(170e-12, "m2", "shift-and-add"),
    "sense_amplifier": SENSE_AMPLIFIER,
    "sense_amplifier_area": SENSE_AMPLIFIER_AREA,
    "dac_conversion_per_bit": DAC_CONVERSION_PER_BIT,
    "dac_area_per_bit": DAC_AREA_PER_BIT,
    "shift_add": SHIFT_ADD,
    "shift_add_area": SHIFT_ADD_AREA,
    "int8_add": INT8_ADD,
    "int8_multiply": INT8_MULTIPLY,
    "int32_add": INT32_ADD,
    "int32_multiply": INT32_MULTIPLY,
    "fp16_add": FP16_ADD,
    "fp16_multiply": FP16_MULTIPLY,
    "fp32_add": FP32_ADD,
    "fp32_multiply": FP32_MULTIPLY,
    "fp32_divide": FP32_DIVIDE,
    "sram_bit": SRAM_BIT,
    "sram_bit_area": SRAM_BIT_AREA,
    "dram_bit": DRAM_BIT,
    "cell_area": CELL_AREA,
    "cell_area_memory": _cell(2.8, "1T1R cell of a 130 nm memory, 1.44 um2"),
    "cell_area_mnsim": _cell(6.5, "1T1R cell of MNSIM, 3.38 um2 at 130 nm"),
    "cell_area_neurosim": _cell(1.6, "1T1R cell of NeuroSim by default, 48 F^2"),
    "line_capacitance_per_cell": LINE_CAPACITANCE_PER_CELL,
    "wire_resistance_per_cell": WIRE_RESISTANCE_PER_CELL,
    **{f"crossbar_mac ({bits})": component for bits, component in _MACRO.items()},
    "mfcc_frame": MFCC_FRAME,
    "mfcc_frame_time": MFCC_FRAME_TIME,
}
"""All of them by name."""
