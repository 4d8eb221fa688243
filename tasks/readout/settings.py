"""What a read-out is: its kind, its shape and how it is trained."""

import math
from dataclasses import dataclass
from typing import Literal

from kinetics.errors import require


@dataclass(frozen=True, kw_only=True)
class Readout:
    """The small network, or linear map, that reads the features."""

    kind: Literal["ridge", "mlp"] = "mlp"
    """``ridge``: closed form, strength chosen on validation. ``mlp``: hidden layers, Adam."""
    hidden: int | tuple[int, ...] = 16
    """Units of the hidden layer, or of each of several (mlp)."""
    activation: Literal["relu", "tanh", "sigmoid"] = "relu"
    """Activation of the hidden layers (mlp)."""
    epochs: int = 40
    """Most passes over the train part (mlp)."""
    batch: int = 64
    """Cases per step (mlp)."""
    learning_rate: float = 0.01
    """Step size of Adam at the start; it falls to 0 along half a cosine (mlp)."""
    weight_decay: float = 0.1
    """Decoupled weight decay (mlp)."""
    patience: int = 10
    """Epochs without a better validation accuracy after which training stops (mlp)."""

    def __post_init__(self) -> None:
        """Refuse read-outs that cannot be trained."""
        require(self.kind in ("ridge", "mlp"), "`readout.kind` in ('ridge', 'mlp')", self.kind, "choose one")
        require(
            self.activation in ("relu", "tanh", "sigmoid"),
            "`readout.activation` in ('relu', 'tanh', 'sigmoid')",
            self.activation,
            "choose one",
        )
        layers = self.layers
        require(
            len(layers) > 0 and all(units >= 1 for units in layers),
            "`readout.hidden` >= 1",
            self.hidden,
            "give the units of each hidden layer, or use `readout.kind: ridge` for none",
        )
        for name in ("epochs", "batch", "patience"):
            value = getattr(self, name)
            require(value >= 1, f"`readout.{name}` >= 1", value, "give a whole number from 1 up")
        require(
            0 < self.learning_rate < math.inf,
            "`readout.learning_rate` > 0",
            self.learning_rate,
            "0.01 is a good start",
        )
        require(
            0 <= self.weight_decay < math.inf,
            "`readout.weight_decay` >= 0",
            self.weight_decay,
            "0 switches it off",
        )

    @property
    def layers(self) -> tuple[int, ...]:
        """Units of each hidden layer."""
        return (self.hidden,) if isinstance(self.hidden, int) else tuple(self.hidden)
