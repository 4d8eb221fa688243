"""How networks are trained."""

import math
from dataclasses import dataclass
from typing import Literal

from kinetics.errors import require


@dataclass(frozen=True, kw_only=True)
class Training:
    """Optimiser, augmentation, and which epoch is kept."""

    optimiser: Literal["adam", "adam_l2", "sgd"] = "adam"
    """``adam``: decay decoupled, on weights alone. ``adam_l2``, ``sgd``: decay as a penalty on everything learned,
    as PyTorch's ``weight_decay`` does."""
    lazy_embedding: bool = False
    """Whether ``adam`` moves only the rows of an embedding whose words a batch holds (see ``row_adam``): a tenth faster
    an epoch on AG News, but a point less accurate there after four. The other optimisers move all rows."""
    learning_rate: float = 0.003
    """Step size at the start."""
    schedule: Literal["cosine", "constant"] = "cosine"
    """``cosine``: the step size falls to 0 along half a cosine over ``epochs``."""
    momentum: float = 0.9
    """Momentum of SGD."""
    weight_decay: float = 0.0
    """Weight decay."""
    kinetics_rate: float = 1.0
    """Step size of the kinetics' coefficients, relative to the rest."""
    batch: int = 64
    """Cases per step; 0: all."""
    epochs: int = 40
    """Most passes over the train part."""
    patience: int | None = 10
    """Epochs without a better accuracy after which a member stops; None: never. Under ``keep`` "last" none stops."""
    label_smoothing: float = 0.0
    """Share of each target that is spread over all classes."""
    input_noise: float = 0.0
    """Standard deviation of normal noise on the drive, which is then clipped to [0, 1]."""
    mixup: float = 0.0
    """Parameter a of the Beta(a, a) that mixes two cases; 0: none."""
    shift: tuple[int, int] = (0, 0)
    """Largest shift of a case along (time, series), zeros moving in."""
    dropout: float = 0.0
    """Share of the activations of every hidden layer that a batch leaves out; under ``pool`` max after the maximum."""
    word_dropout: float = 0.0
    """Share of the words, padding apart, that a batch takes for the unknown one (number 1)."""
    weight_noise: float = 0.0
    """Standard deviation of noise on the dense weights, drawn anew for every batch, relative to the largest weight of
    the layer as it will act on raw features (see ``tasks.readout.weight_noise``); steps go to the clean weights."""
    weight_offset: float = 0.0
    """Mean of that noise, relative to the same."""
    weight_reach: float | None = None
    """Largest weight of a dense layer in units of their root mean square, to which larger ones are cut after each step;
    None: any. The smaller it is, the smaller is noise that is relative to the largest weight."""
    balanced: bool = False
    """Add the log of each class's share of the train part to the scores in the loss (logit adjustment, Menon et al.
    2021): the network's own scores are then those for equally frequent classes, and votes take no ``log_prior``."""
    standardise: bool = False
    """Give the first layer features of mean 0 and deviation 1 (under noise on the weights: of mean 0 and one scale for
    all, see ``tasks.readout.standardisation``). The map is measured at the start on (at most 8192 cases, or 256 texts,
    of) the train part, stays as it is, and is folded into the first layer at the end."""
    common_spread: bool = False
    """Whether one deviation serves all features under ``standardise`` (see ``tasks.readout.standardisation``), so that
    errors of devices cost less. Noise on the weights takes one anyway; the recipes were found with one each."""
    initialisation: Literal["scaled", "pytorch"] = "scaled"
    """``scaled``: normal by He or Glorot, biases 0. ``pytorch``: uniform within 1 / sqrt(inputs), biases too."""
    keep: Literal["validation", "best_test", "last"] = "validation"
    """Which epoch becomes the network: the best on validation; **optimistic**, for the protocol ``paper`` alone:
    the best on the test part; or the last one run."""
    clip_norm: float | None = 5.0
    """Largest norm of a member's gradient, which is scaled down to it; None: any."""
    vote: Literal["soft", "majority"] = "soft"
    """How the cases of one object decide (see ``tasks.votes``): summed log-probabilities, or most votes."""

    def __post_init__(self) -> None:
        """Refuse what cannot train."""
        for name, choices in {
            "optimiser": ("adam", "adam_l2", "sgd"),
            "schedule": ("cosine", "constant"),
            "initialisation": ("scaled", "pytorch"),
            "keep": ("validation", "best_test", "last"),
            "vote": ("soft", "majority"),
        }.items():
            value = getattr(self, name)
            require(value in choices, f"`{name}` in {choices}", value, "choose one")
        for name in ("learning_rate", "kinetics_rate"):
            value = getattr(self, name)
            require(0 < value < math.inf, f"`{name}` > 0", value, "0.003 is a good step size")
        for name in ("weight_decay", "input_noise", "mixup", "weight_noise"):
            value = getattr(self, name)
            require(0 <= value < math.inf, f"`{name}` >= 0", value, "0 switches it off")
        for name in ("momentum", "label_smoothing", "dropout", "word_dropout"):
            require(0 <= getattr(self, name) < 1, f"0 <= `{name}` < 1", getattr(self, name), "0 switches it off")
        require(
            -1 < self.weight_offset < 1,
            "-1 < `weight_offset` < 1",
            self.weight_offset,
            "give it as a share of the largest weight",
        )
        require(
            self.weight_reach is None or 1 <= self.weight_reach < math.inf,
            "`weight_reach` >= 1",
            self.weight_reach,
            "2 to 4 leave most weights alone; None cuts none",
        )
        require(self.batch >= 0, "`batch` >= 0", self.batch, "0 takes all cases")
        require(self.epochs >= 1, "`epochs` >= 1", self.epochs, "give a whole number from 1 up")
        require(self.patience is None or self.patience >= 1, "`patience` >= 1", self.patience, "None never stops")
        require(min(self.shift) >= 0, "`shift` >= 0", self.shift, "(0, 0) switches it off")
        require(self.clip_norm is None or self.clip_norm > 0, "`clip_norm` > 0", self.clip_norm, "None never clips")

    @property
    def noisy_weights(self) -> bool:
        """Whether weights carry noise in training."""
        return self.weight_noise > 0 or self.weight_offset != 0

    @property
    def augments(self) -> bool:
        """Whether a case looks different at every visit."""
        return self.input_noise > 0 or self.mixup > 0 or self.shift != (0, 0)
