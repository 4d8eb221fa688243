r"""Energy of one inference, by component.

Symbols in SI: T steps, S series with a memristor each, x the coded sample, V amplitude and t width of a full-scale
pulse, I the current that flows in it, C the capacitance of a line of an array, b bits. Per inference:

===================  ===============================================================================================
component            formula
===================  ===============================================================================================
pulses               sum over steps and series of ``V x I t``: x scales the time (width, count) or the voltage
                     (amplitude). Not ``V^2 G t``, unless the law is ohmic
lines                ``C V^2`` a pulse (each of the short ones under count coding), ``C V_read^2`` a read; and
                     for each use of a layer the lines of its driven rows
reads                sum over readings and series of ``V_read^2 G t_read``
dac                  a conversion a pulse: one bit, a switch, for width and each pulse of count, b bits for amplitude
adc                  a conversion a reading
buffers              every number that a layer takes is written once and read once, b bits of SRAM each way
readout_array        ``sum_ij <v_i^2> G_ij t_read`` a use of a layer, two devices a weight for a pair
readout_converters   a DAC conversion a row, an ADC conversion a column and array
digital              an addition of the partial sum for each further array; bias and activation of every output (an
                     addition, and a product and an addition: piecewise linear); what the load does digitally
===================  ===============================================================================================

Control, clocks, routing and leakage are not counted. Constants: ``kinetics.components``; node: ``kinetics.scaling``.
"""

from dataclasses import dataclass, fields

import numpy as np

from kinetics import components
from kinetics.arrays import Float32
from kinetics.errors import require
from kinetics.latency import inference_latency_s as inference_latency_s
from kinetics.periphery import Periphery, adc_bits, dac_bits, driver_bits
from kinetics.pulse import Pulse
from kinetics.readout_load import ReadoutLoad

_AS_PUBLISHED = Periphery()


@dataclass(frozen=True, kw_only=True)
class Energy:
    """Energy of one inference by component, J."""

    pulses_J: float = 0.0
    """Programming pulses."""
    lines_J: float = 0.0
    """Charging of lines, by pulses, reads and the inputs of layers."""
    reads_J: float = 0.0
    """Read pulses of the features."""
    dac_J: float = 0.0
    """DAC conversions of the pulses."""
    adc_J: float = 0.0
    """ADC conversions of the features."""
    buffers_J: float = 0.0
    """Numbers on their way to the layers."""
    readout_array_J: float = 0.0
    """The devices of the layers; with converters where the layers are only known by their number of products."""
    readout_converters_J: float = 0.0
    """DAC and ADC conversions of the layers."""
    digital_J: float = 0.0
    """Partial sums, biases, activations and what the load does digitally."""

    @property
    def converters_J(self) -> float:
        """What surrounds the devices: lines, converters of the features, buffers, J."""
        return self.lines_J + self.dac_J + self.adc_J + self.buffers_J

    @property
    def readout_J(self) -> float:
        """The layers that read the features, J."""
        return self.readout_array_J + self.readout_converters_J + self.digital_J

    @property
    def total_J(self) -> float:
        """All components, J."""
        return float(sum(getattr(self, field.name) for field in fields(self)))

    def __add__(self, other: "Energy") -> "Energy":
        return Energy(**{field.name: getattr(self, field.name) + getattr(other, field.name) for field in fields(self)})


def pulse_energy_J(pulse: Pulse, coded: Float32, current_A: Float32) -> Float32:
    """Energy of the pulses of each step, J: ``V x I t`` for coded samples x, in their shape."""
    return coded * np.abs(current_A) * np.float32(pulse.amplitude_V * pulse.width_s)


def inference_energy(
    pulse: Pulse,
    *,
    samples: Float32,
    conductance_S: Float32,
    readout_macs: int = 0,
    read_conductance_S: Float32 | None = None,
    pulse_current_A: Float32 | None = None,
    readout: ReadoutLoad | None = None,
    periphery: Periphery = _AS_PUBLISHED,
) -> Energy:
    """Mean energy of one inference over measured cases.

    Args:
        pulse: the pulse train.
        samples: [time, series, case] in [0, 1].
        conductance_S: [time, series, case], the conductance that each pulse meets, S.
        readout_macs: multiply-accumulates of the read-out layers, priced by a published macro where ``readout`` is
            absent.
        read_conductance_S: [reading, series, case], the conductance that each read meets, S; absent if there is a
            read before every pulse, which then meets the same.
        pulse_current_A: [time, series, case], the current while each pulse is on, A, at the voltage of that pulse;
            ohmic, ``V G``, if absent.
        readout: the layers, which replace ``readout_macs``.
        periphery: converters, their sharing, node.

    Raises:
        InvalidParameterError: the arrays do not fit together.
    """
    steps, series, cases = samples.shape
    fired = pulse.pulses_fired(steps)
    coded = pulse.coded(samples[:fired])
    current_A = pulse_current_A
    if current_A is None:
        voltage_V = np.float32(pulse.amplitude_V) * (coded if pulse.encoding == "amplitude" else np.float32(1))
        current_A = conductance_S[:fired] * voltage_V
    require(
        current_A.shape in (coded.shape, samples.shape),
        f"`pulse_current_A` of the samples' shape {samples.shape}",
        current_A.shape,
        "give one current a step, series and case",
    )
    pulses_J = _sum(pulse_energy_J(pulse, coded, current_A[:fired])) / cases
    read_S = conductance_S if read_conductance_S is None else read_conductance_S
    reads_J = _sum(read_S) / cases * pulse.read_V**2 * pulse.read_width_s
    readings = series * read_S.shape[0]

    # Sum of V^2 and number of the single pulses that the samples become.
    switched = _sum(coded) * pulse.count / cases if pulse.encoding == "count" else float(fired * series)
    charging = switched
    if pulse.encoding == "width":
        charging = float(np.count_nonzero(coded)) / cases
    elif pulse.encoding == "amplitude":
        charging = _sum(coded * coded) / cases
    line_F = periphery.rows_per_array * periphery.value(components.LINE_CAPACITANCE_PER_CELL)
    kinetics = Energy(
        pulses_J=pulses_J,
        lines_J=line_F * (charging * pulse.amplitude_V**2 + readings * pulse.read_V**2),
        reads_J=reads_J,
        dac_J=switched * driver_bits(pulse) * periphery.value(components.DAC_CONVERSION_PER_BIT),
        adc_J=readings * periphery.value(periphery.adc(pulse).energy),
    )
    if readout is None:
        return kinetics + Energy(readout_array_J=readout_macs * periphery.value(components.CROSSBAR_MAC))
    return kinetics + readout_energy(pulse, readout, periphery=periphery)


def readout_energy(pulse: Pulse, readout: ReadoutLoad, *, periphery: Periphery = _AS_PUBLISHED) -> Energy:
    """Energy of layers alone, for one inference; read voltage, read width and bits are those of the pulse."""
    value = periphery.value
    dac_J = dac_bits(pulse) * value(components.DAC_CONVERSION_PER_BIT)
    adc_J = value(periphery.adc(pulse).energy)
    line_F = value(components.LINE_CAPACITANCE_PER_CELL)
    product_J = value(components.INT8_MULTIPLY) + value(components.INT32_ADD)
    output_J = value(components.INT32_ADD) + product_J
    buffer_J = 2 * adc_bits(pulse) * value(components.SRAM_BIT)
    square_V2 = readout.mean_square_input * pulse.read_V**2
    array = lines = converters = digital = buffers = 0.0
    for layer in readout.layers:
        times = layer.uses * layer.parallel
        devices, tiles = readout.devices(layer), periphery.row_tiles(layer.inputs)
        array += times * square_V2 * readout.conductance_S * devices * pulse.read_width_s
        lines += times * square_V2 * line_F * devices
        converters += times * (layer.inputs * dac_J + layer.outputs * tiles * adc_J)
        digital += times * layer.outputs * ((tiles - 1) * value(components.SHIFT_ADD) + output_J)
        buffers += layer.taken * buffer_J
    digital += readout.digital_macs * product_J + readout.comparisons * value(components.INT8_ADD)
    return Energy(
        lines_J=lines,
        buffers_J=buffers + readout.digital_numbers * buffer_J,
        readout_array_J=array,
        readout_converters_J=converters,
        digital_J=digital,
    )


def _sum(values: Float32) -> float:
    return float(values.sum(dtype=np.float64))
