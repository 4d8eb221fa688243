"""Energy, time and area of circuit components: value, unit, node, source, and whether it is confirmed.

Every figure is read from a published library of components or computed by one; none is the paper's own,
which gives no such figures to us. Figures from several nodes are used side by side as published: scaling
them to one node is a first-order law and left to the reader of this table.
"""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Component:
    """One constant with its pedigree."""

    value: float
    """The number, in ``unit``."""
    unit: str
    """SI unit."""
    node_nm: int
    """Technology node that the figure is for, nm."""
    source: str
    """Where the figure was read."""
    confirmed: bool
    """False for a model's figure or a customary value that no measurement confirms."""


ADC_BITS = 8
"""Resolution that the conversion energy is for; quantisation itself is not simulated yet."""

DAC_BITS = 8
"""Resolution of the pulse amplitude. Energy linear in the bits is an assumption: only 1 bit is published."""

ADC_CONVERSION = Component(
    value=44.1e-12,
    unit="J",
    node_nm=180,
    source="ADC survey model, 8 bit at 1 MS/s (accelergy-adc-plug-in); optimistic",
    confirmed=False,
)
ADC_CONVERSION_TIME = Component(
    value=1e-6,
    unit="s",
    node_nm=180,
    source="one sample of the 1 MS/s converter above",
    confirmed=False,
)
DAC_CONVERSION_PER_BIT = Component(
    value=0.417e-12,
    unit="J",
    node_nm=32,
    source="ISAAC 1-bit DAC (Accelergy hwcomponents-library)",
    confirmed=True,
)
CROSSBAR_MAC = Component(
    value=(37.2 + 52.5 + 19.2) * 1e-15,
    unit="J",
    node_nm=130,
    source="NeuRRAM macro, 8-bit outputs, 6-bit inputs: neuron + input + word line (cimloop wan_nature_2022)",
    confirmed=True,
)
"""One multiply-accumulate of a read-out layer on a memristor crossbar, converters included."""

COMPONENTS: dict[str, Component] = {
    "adc_conversion": ADC_CONVERSION,
    "adc_conversion_time": ADC_CONVERSION_TIME,
    "dac_conversion_per_bit": DAC_CONVERSION_PER_BIT,
    "crossbar_mac": CROSSBAR_MAC,
}
