"""The circuits round the crossbars: which converters, how they are shared, at which node."""

from dataclasses import dataclass

from kinetics import components
from kinetics.components import AdcFamily, Component, Converter
from kinetics.errors import require
from kinetics.pulse import Pulse
from kinetics.scaling import supply_V, value_at


@dataclass(frozen=True, kw_only=True)
class Periphery:
    """One choice of circuits."""

    node_nm: float | None = None
    """Node to which all circuits are scaled, to first order; None leaves every figure at the node of its source."""
    columns_per_adc: int = components.COLUMNS_PER_ADC
    """Columns that take turns at a converter."""
    rows_per_array: int = components.ROWS_PER_ARRAY
    """Height and width of an array, devices."""
    adc_family: AdcFamily = "survey_180nm"
    """Which converters."""

    def __post_init__(self) -> None:
        """Refuse circuits that cannot be."""
        for name in ("columns_per_adc", "rows_per_array"):
            value = getattr(self, name)
            require(value >= 1 and value == int(value), f"`{name}` is a whole number >= 1", value, "8 and 128, say")
        if self.node_nm is not None:
            supply_V(self.node_nm)

    def value(self, component: Component) -> float:
        """Value of a component at the node, in its unit."""
        return value_at(component, self.node_nm)

    def adc(self, pulse: Pulse) -> Converter:
        """The converter of readings; 8 bits where the pulse leaves readings as they are."""
        return components.adc(adc_bits(pulse), self.adc_family)

    def row_tiles(self, inputs: int) -> int:
        """Arrays over which the rows of a matrix spread."""
        return -(-inputs // self.rows_per_array)

    def turns(self, columns: int) -> int:
        """Conversions one after the other until all of some columns are read."""
        return min(self.columns_per_adc, columns)


def adc_bits(pulse: Pulse) -> int:
    """Bits of a reading."""
    return pulse.adc_bits or components.ADC_BITS


def dac_bits(pulse: Pulse) -> int:
    """Bits of an amplitude on a row."""
    return pulse.dac_bits or components.DAC_BITS


def driver_bits(pulse: Pulse) -> int:
    """Bits of the driver of a programming pulse: a switch unless the amplitude is coded."""
    return dac_bits(pulse) if pulse.encoding == "amplitude" else 1
