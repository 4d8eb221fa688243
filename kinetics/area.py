r"""Area of a chip, by component.

.. math:: A = N_{dev} A_{cell} + \frac{columns}{mux} A_{ADC} + rows\, b\, A_{DAC} + bits\, A_{SRAM} + N_{ADC} A_{shift}

A layer that is used several times is there once. The two columns of a pair are one column of the formula, as their
difference is converted. Buffers hold the inputs and outputs of one layer at a time, the largest pair. Routing, control
and the drivers' high-voltage parts are not counted. Constants: ``kinetics.components``; node: ``kinetics.scaling``.
"""

from dataclasses import dataclass, fields
from itertools import pairwise

from kinetics import components
from kinetics.periphery import Periphery, adc_bits, dac_bits, driver_bits
from kinetics.pulse import Pulse
from kinetics.readout_load import ReadoutLoad

_AS_PUBLISHED = Periphery()


@dataclass(frozen=True, kw_only=True)
class Area:
    """Area of a chip by component, m2."""

    devices_m2: float
    """1T1R cells."""
    adc_m2: float
    """Analogue-to-digital converters."""
    drivers_m2: float
    """Digital-to-analogue converters of rows and of pulses."""
    buffers_m2: float
    """SRAM."""
    digital_m2: float
    """A shift-and-add behind every converter."""

    @property
    def total_m2(self) -> float:
        """All components, m2."""
        return float(sum(getattr(self, field.name) for field in fields(self)))


def chip_area(pulse: Pulse, *, series: int, readout: ReadoutLoad, periphery: Periphery = _AS_PUBLISHED) -> Area:
    """Area of the devices that learn features, of the layers and of what surrounds them.

    Args:
        pulse: its encoding and bits size the drivers and converters.
        series: memristors that take series, one each; 0 for layers alone.
        readout: the layers.
        periphery: converters, their sharing, node.
    """
    value, mux = periphery.value, periphery.columns_per_adc
    converters = -(-series // mux) + sum(
        layer.parallel * periphery.row_tiles(layer.inputs) * -(-layer.outputs // mux) for layer in readout.layers
    )
    drivers = series * driver_bits(pulse) + dac_bits(pulse) * sum(
        layer.parallel * layer.inputs for layer in readout.layers
    )
    flows = [layer.taken for layer in readout.layers] + [
        layer.outputs * layer.uses * layer.parallel for layer in readout.layers[-1:]
    ]
    held = max((before + after for before, after in pairwise(flows)), default=0)
    return Area(
        devices_m2=(series + readout.total_devices) * value(components.CELL_AREA),
        adc_m2=converters * value(periphery.adc(pulse).area),
        drivers_m2=drivers * value(components.DAC_AREA_PER_BIT),
        buffers_m2=held * adc_bits(pulse) * value(components.SRAM_BIT_AREA),
        digital_m2=converters * value(components.SHIFT_ADD_AREA),
    )
