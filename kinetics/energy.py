r"""Energy and latency of one inference, by component.

Formulas (symbols in SI; T steps, S series, one memristor a series, all series at the same time):

* pulses: sum over steps and series of ``V^2 G t`` (ohmic); width coding scales t by the sample, amplitude
  coding scales V
* reads: sum over steps and series of ``V_read^2 G t_read``
* converters: a DAC conversion a pulse (1 bit for width coding, ``DAC_BITS`` for amplitude coding) and
  an ADC conversion a reading
* read-out: multiply-accumulates of the layers times the energy of one on a crossbar
* latency: T periods of the pulse train, then a read pulse and a conversion a layer; conversions of the
  features overlap the train (time-interleaved converters), but for the last one

Lines, buffers and control are not counted yet. Constants: ``kinetics.components``.
"""

from dataclasses import dataclass

import numpy as np

from kinetics import components
from kinetics.arrays import Float32
from kinetics.pulse import Pulse


@dataclass(frozen=True, kw_only=True)
class Energy:
    """Energy of one inference by component, J."""

    pulses_J: float
    """Programming pulses."""
    reads_J: float
    """Read pulses of the features."""
    converters_J: float
    """DAC and ADC conversions of the features."""
    readout_J: float
    """The layers that read the features."""

    @property
    def total_J(self) -> float:
        """All components, J."""
        return self.pulses_J + self.reads_J + self.converters_J + self.readout_J


def pulse_energy_J(pulse: Pulse, samples: Float32, conductance_S: Float32) -> Float32:
    """Energy of each programming pulse, J: ``V^2 G t`` for the coded sample, in the samples' shape."""
    scale = samples if pulse.encoding == "width" else samples * samples
    return scale * conductance_S * np.float32(pulse.amplitude_V**2 * pulse.width_s)


def inference_energy(
    pulse: Pulse,
    *,
    samples: Float32,
    conductance_S: Float32,
    readout_macs: int,
    read_conductance_S: Float32 | None = None,
) -> Energy:
    """Mean energy of one inference over measured cases.

    Args:
        pulse: the pulse train.
        samples: [time, series, case] in [0, 1].
        conductance_S: [time, series, case], the conductance that each pulse meets, S.
        readout_macs: multiply-accumulates of the read-out layers.
        read_conductance_S: [reading, series, case], the conductance that each read meets, S; absent if there is a
            read before every pulse, which then meets the same.
    """
    steps, series, cases = samples.shape
    fired = pulse.pulses_fired(steps)
    pulses_J = pulse_energy_J(pulse, samples[:fired], conductance_S[:fired]).sum(dtype=np.float64) / cases
    read_S = conductance_S if read_conductance_S is None else read_conductance_S
    reads_J = read_S.sum(dtype=np.float64) / cases * pulse.read_V**2 * pulse.read_width_s
    dac_bits = 1 if pulse.encoding == "width" else components.DAC_BITS
    converters_J = series * (
        fired * dac_bits * components.DAC_CONVERSION_PER_BIT.value + read_S.shape[0] * components.ADC_CONVERSION.value
    )
    return Energy(
        pulses_J=float(pulses_J),
        reads_J=float(reads_J),
        converters_J=float(converters_J),
        readout_J=readout_macs * components.CROSSBAR_MAC.value,
    )


def inference_latency_s(pulse: Pulse, *, steps: int, readout_layers: int) -> float:
    """Time from the first pulse of a case to the output of the last layer, s."""
    conversion_s = components.ADC_CONVERSION_TIME.value
    return steps * pulse.period_s + conversion_s + readout_layers * (pulse.read_width_s + conversion_s)
