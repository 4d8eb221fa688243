"""Time of one inference.

* train: T periods of the pulse train. Converters work beside it; where several series share one and cannot keep pace,
  the train waits: with R readings of n turns of a conversion each it lasts max(T period, (R - 1) n t_ADC)
* conversion: the last reading, n turns
* layers: one after the other, each use a read pulse and the turns of a converter among its columns

Copies of a layer and the arrays of one matrix work at the same time. Digital work and buffers are taken to hide behind
the conversions and are not counted. Times do not scale with the node.
"""

from dataclasses import dataclass

from kinetics.periphery import Periphery
from kinetics.pulse import Pulse
from kinetics.readout_load import CrossbarLayer, ReadoutLoad

_SHARED = Periphery()


@dataclass(frozen=True, kw_only=True)
class Latency:
    """Time of one inference by part, s."""

    train_s: float
    """From the first pulse to the end of the train."""
    conversion_s: float
    """Conversion of the last reading."""
    layers_s: float
    """The layers."""

    @property
    def total_s(self) -> float:
        """All parts, s."""
        return self.train_s + self.conversion_s + self.layers_s


def inference_latency(
    pulse: Pulse, *, steps: int, series: int, readout: ReadoutLoad, periphery: Periphery = _SHARED
) -> Latency:
    """Time from the first pulse of a case to the output of the last layer.

    Args:
        pulse: the pulse train.
        steps: length of a series.
        series: series of a case, a memristor each; 0 for layers alone.
        readout: the layers.
        periphery: converters and their sharing.
    """
    conversion_s = periphery.adc(pulse).time.value
    layers_s = sum(
        layer.uses * (pulse.read_width_s + periphery.turns(layer.outputs) * conversion_s) for layer in readout.layers
    )
    if series == 0:
        return Latency(train_s=0.0, conversion_s=0.0, layers_s=layers_s)
    reading_s = periphery.turns(series) * conversion_s
    return Latency(
        train_s=max(steps * pulse.period_s, (pulse.reads(steps) - 1) * reading_s),
        conversion_s=reading_s,
        layers_s=layers_s,
    )


def inference_latency_s(pulse: Pulse, *, steps: int, readout_layers: int) -> float:
    """Time of an inference with a converter for every device and column, s."""
    readout = ReadoutLoad(layers=(CrossbarLayer(1, 1),) * readout_layers, conductance_S=1e-4)
    return inference_latency(pulse, steps=steps, series=1, readout=readout).total_s
