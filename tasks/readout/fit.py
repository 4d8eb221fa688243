"""What comes of training a read-out."""

from dataclasses import dataclass

from tasks.readout.network import Network


@dataclass(frozen=True, kw_only=True)
class Fit:
    """A trained read-out and how its training went."""

    network: Network
    """Acts on raw features."""
    validation_accuracy: float
    """Share of the validation part that ``network`` gets right."""
    epochs_run: int
    """Passes over the train part; 0 for ridge."""
    strength: float | None
    """Penalty that ridge chose (see ``tasks.readout.ridge``); None for mlp."""
