"""What a read-out is: its kind, its shape and how it is trained."""

import math
from dataclasses import dataclass
from typing import Literal

from kinetics.errors import require


@dataclass(frozen=True, kw_only=True)
class Readout:
    """The small network, or linear map, that reads the features."""

    kind: Literal["ridge", "mlp", "network"] = "mlp"
    """``ridge``: closed form, strength chosen on validation. ``mlp``: hidden layers on features that are computed
    once, Adam. ``network``: the same trained through the kinetics, with what makes small data sets go further: noise
    and mixing of the samples, dropout, batch norm, smoothed labels."""
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
    trained_for: Literal["exsitu", "insitu", "noise_aware"] = "exsitu"
    """``exsitu``: trained on the nominal device, scored on chips. ``insitu``: trained on each chip. ``noise_aware``, as
    Shi et al. 2025: the devices are written once, the read-out is trained on that chip with the noise of its crossbar,
    then scored on draws of the crossbar."""
    input_noise: float = 0.0
    """Standard deviation of normal noise on the samples in training, which stay in [0, 1] (network)."""
    mixup: float = 0.0
    """Parameter a of the Beta(a, a) that mixes two cases in training, 0 for none (network)."""
    dropout: float = 0.0
    """Share of hidden units that are dropped in training (network)."""
    label_smoothing: float = 0.0
    """Share of each target that is spread over all classes (network)."""
    batch_norm: bool = False
    """Whether each hidden layer has a batch norm, which costs parameters (network)."""

    def __post_init__(self) -> None:
        """Refuse read-outs that cannot be trained."""
        require(
            self.kind in ("ridge", "mlp", "network"),
            "`readout.kind` in ('ridge', 'mlp', 'network')",
            self.kind,
            "choose one",
        )
        require(
            self.trained_for in ("exsitu", "insitu", "noise_aware"),
            "`readout.trained_for` in ('exsitu', 'insitu', 'noise_aware')",
            self.trained_for,
            "choose one",
        )
        for name in ("input_noise", "mixup", "dropout", "label_smoothing", "batch_norm"):
            value = getattr(self, name)
            require(
                not value or self.kind == "network",
                f"`readout.{name}` goes with `readout.kind`: network",
                (value, self.kind),
                "set the kind to network or leave the field out",
            )
        for name in ("input_noise", "mixup"):
            value = getattr(self, name)
            require(0 <= value < math.inf, f"`readout.{name}` >= 0", value, "0 switches it off")
        for name in ("dropout", "label_smoothing"):
            value = getattr(self, name)
            require(0 <= value < 1, f"0 <= `readout.{name}` < 1", value, "0 switches it off")
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
