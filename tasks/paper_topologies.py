"""The networks with memristor kinetics of Shi et al. 2025, those whose counts are the chart's.

Topologies are derived from the chart and the authors' code. The recipes of ``memsweep reproduce`` differ where another
network does better.

===========  =======================================  ================================  ==========  =========
task         series x steps                           layers                            parameters  MACs
===========  =======================================  ================================  ==========  =========
sitw         1 x 128                                  128-16-10                         2,236       2,464
agnews       300 x 64 (an embedding)                  300-128 a word, maximum, 128-4    39,046      2,496,512
mnist        28 x 28                                  784-48-10                         38,172      39,680
ucf101       80 x 60, a frame                         4800-128-128-128-10, batch norms  649,720     659,584
modelnet10   32 x 32, a slice                         1024-128-128-128-10, the same     165,952     168,704
===========  =======================================  ================================  ==========  =========
"""

from dataclasses import dataclass

from kinetics import get_law
from tasks.layer_counts import BatchNorm, CountedLayer, Linear, MaxOverTime, Shape, count_network

_LAW = get_law("drift_diffusion")


@dataclass(frozen=True, kw_only=True)
class KineticsTopology:
    """A network of the paper: series of memristors, and the layers that read their states."""

    steps: int
    """Length of a series."""
    series: int
    """Memristors."""
    coefficients: int
    """Trained coefficients of the law: alpha and beta, once or for every step."""
    layers: tuple[CountedLayer, ...]
    """First to last."""
    input_shape: Shape
    """Of the states that they read."""
    note: str = ""
    """What one inference is, where that is not a whole case."""

    @property
    def parameters(self) -> int:
        """Of layers and law."""
        return count_network(self.layers, self.input_shape).parameters + self.coefficients

    @property
    def macs(self) -> int:
        """By the chart's rule: layers, batch norms, and the steps of the law."""
        return count_network(self.layers, self.input_shape).macs + _LAW.macs_per_step * self.steps * self.series


def _three_hidden(inputs: int, *, bias: bool) -> tuple[CountedLayer, ...]:
    return (
        Linear(inputs=inputs, outputs=128, bias=bias),
        BatchNorm(),
        Linear(inputs=128, outputs=128, bias=bias),
        BatchNorm(),
        Linear(inputs=128, outputs=128, bias=bias),
        BatchNorm(),
        Linear(inputs=128, outputs=10, bias=False),
    )


KINETICS_TOPOLOGIES: dict[str, KineticsTopology] = {
    "sitw": KineticsTopology(
        steps=128,
        series=1,
        coefficients=2,
        layers=(Linear(inputs=128, outputs=16), Linear(inputs=16, outputs=10)),
        input_shape=(128,),
    ),
    "agnews": KineticsTopology(
        steps=64,
        series=300,
        coefficients=2,
        layers=(Linear(inputs=300, outputs=128), MaxOverTime(), Linear(inputs=128, outputs=4)),
        input_shape=(64, 300),
    ),
    "mnist": KineticsTopology(
        steps=28,
        series=28,
        coefficients=2,
        layers=(Linear(inputs=784, outputs=48), Linear(inputs=48, outputs=10)),
        input_shape=(784,),
    ),
    "ucf101": KineticsTopology(
        steps=60,
        series=80,
        coefficients=120,
        layers=_three_hidden(4800, bias=True),
        input_shape=(4800,),
        note="an inference with kinetics is one frame, one of C3D a clip of 16: times 16 where 16 frames vote",
    ),
    "modelnet10": KineticsTopology(
        steps=32,
        series=32,
        coefficients=64,
        layers=_three_hidden(1024, bias=False),
        input_shape=(1024,),
        note="an inference with kinetics is one slice, one of VoxNet the whole object: times the slices that vote",
    ),
}
"""Task of the chart -> its network with kinetics."""
