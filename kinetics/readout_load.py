"""What the layers behind the memristors ask of crossbars: matrices, how often each is applied, and the digital rest.

A matrix [outputs, inputs] lies on arrays of limited height, so ``inputs`` rows are cut into ``row_tiles`` arrays, of
which each converts its columns itself; partial sums are added digitally. A convolution is the matrix
[outputs, inputs x kernel] applied at every place, a recurrent cell its gates applied at every step.
"""

from dataclasses import dataclass
from typing import NamedTuple

from kinetics.crossbar.mapping import DEVICES, Scheme
from kinetics.errors import require


class CrossbarLayer(NamedTuple):
    """One matrix on crossbars."""

    outputs: int
    """Rows of the matrix, columns of the crossbar."""
    inputs: int
    """Columns of the matrix, driven rows of the crossbar."""
    uses: int = 1
    """How often an inference applies it, one time after the other."""
    parallel: int = 1
    """Equal matrices with weights of their own that work at the same time."""
    fresh_inputs: int | None = None
    """Numbers that all uses together take from the buffer; ``inputs * uses * parallel`` if absent. Fewer where windows
    overlap."""

    @property
    def taken(self) -> int:
        """Numbers that an inference takes from the buffer."""
        return self.inputs * self.uses * self.parallel if self.fresh_inputs is None else self.fresh_inputs

    @property
    def macs(self) -> int:
        """Multiply-accumulates of an inference."""
        return self.outputs * self.inputs * self.uses * self.parallel


@dataclass(frozen=True, kw_only=True)
class ReadoutLoad:
    """Layers on crossbars, one after the other, and what is left to digital circuits."""

    layers: tuple[CrossbarLayer, ...]
    """First to last."""
    conductance_S: float
    """Mean conductance of their devices, S."""
    scheme: Scheme = "pair"
    """``pair``: a weight is the difference of two devices. ``single``: of one device and a reference, a column of equal
    ones that the outputs share. Either difference is taken before the converter."""
    mean_square_input: float = 1 / 3
    """Mean square of the layers' inputs, in units of the read voltage squared; 1/3 is that of equally frequent inputs
    from 0 to 1."""
    digital_macs: int = 0
    """Multiply-accumulates of an inference that are done digitally, 8-bit products in a 32-bit sum."""
    digital_numbers: int = 0
    """Numbers that pass the buffer on their way to or from these."""
    comparisons: int = 0
    """Comparisons of an inference, those of maxima."""

    def __post_init__(self) -> None:
        """Refuse loads that cannot be."""
        for layer in self.layers:
            require(
                min(layer[:4]) >= 1,
                "`layers` of sizes, uses and copies >= 1",
                tuple(layer),
                "leave out layers that are not there",
            )
        require(
            0 < self.conductance_S < 1, "`conductance_S` > 0 and < 1", self.conductance_S, "give the mean in siemens"
        )
        require(
            0 <= self.mean_square_input <= 1,
            "`mean_square_input` from 0 to 1",
            self.mean_square_input,
            "it is relative to the read voltage squared",
        )
        require(
            self.scheme in DEVICES,
            f"`scheme` in {tuple(DEVICES)}",
            self.scheme,
            "choose one of these",
        )

    def devices(self, layer: CrossbarLayer) -> int:
        """Devices of one copy of a layer."""
        reference = 1 if self.scheme == "single" else 0
        return layer.inputs * (DEVICES[self.scheme] * layer.outputs + reference)

    @property
    def total_devices(self) -> int:
        """Devices of all layers."""
        return sum(layer.parallel * self.devices(layer) for layer in self.layers)

    @property
    def macs(self) -> int:
        """Multiply-accumulates of an inference on the crossbars."""
        return sum(layer.macs for layer in self.layers)
