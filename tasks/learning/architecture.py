"""What a network that learns from kinetics looks like."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Literal

from kinetics import get_law
from kinetics.errors import require
from tasks.reading import Reading
from tasks.readout.activation import ActivationName

Start = float | tuple[float, float]
"""A number, or a range (low, high) from which each member draws uniformly."""


@dataclass(frozen=True, kw_only=True)
class Architecture:
    """Series, law and layers. Behind the law: dense, batch norm, activation, and so on; the last dense scores."""

    steps: int
    """Length of a series."""
    series: int
    """Series of a case, one memristor each; with an embedding, its width."""
    classes: int
    """Number of classes."""
    hidden: tuple[int, ...] = (64,)
    """Units of each hidden layer; empty: one linear map."""
    activation: ActivationName = "relu"
    """Activation of the hidden layers."""
    bias: bool = True
    """Whether the dense layers have biases."""
    last_bias: bool = True
    """Whether the last one has, too; the paper's video network counts none there."""
    batch_norm: bool = False
    """Whether each hidden layer has a batch norm before its activation."""
    pool: Literal["none", "max"] = "none"
    """``max``: the first layer acts on the states of all series at one step, the maximum over the steps goes on."""
    pool_skips_padding: bool = False
    """Whether the maximum leaves out readings since whose predecessor only padding came (words of number 0); the first
    reading always counts. The paper's maximum takes all."""
    embedding_words: int | None = None
    """Size of the vocabulary, where samples are words [time, 1, case]; None: samples are series."""
    embedding_std: float = 1.0
    """Standard deviation of the table at the start, before it becomes a drive."""
    embedding_map: Literal["sigmoid", "min_max"] = "sigmoid"
    """How the learned table becomes a drive in [0, 1]; ``min_max`` by its smallest and largest entry (the paper's)."""
    law: str = "drift_diffusion"
    """Law of motion."""
    learned: Literal["none", "scalar", "per_step"] = "scalar"
    """Whether the coefficients are learned, one for all steps or one a step."""
    alpha: Start = 0.3
    """Diffusion at the start."""
    beta: Start = 0.5
    """Drift at the start."""
    start: Mapping[str, Start] | None = None
    """Every coefficient at the start, for laws with others than ``alpha`` and ``beta``, which it replaces; empty for
    the law ``none``."""
    coefficient_range: tuple[float, float] = (0.001, 1.0)
    """What learned coefficients are held in after each step; the default is the paper's."""
    stable: bool = True
    """Whether learned coefficients are also held where the law's bound stays above the floor (projected)."""
    floor: float = 0.01
    """Smallest state; a state held there passes no gradient. ``-inf``: the recurrence as it is written."""
    read_phase: Literal["before", "after"] = "before"
    """Whether features are the states before each pulse, w[0..T-1] as in the paper, or after it, w[1..T]."""
    read_every: int = 1
    """The state is read at every n-th step, the last one always (see ``kinetics.Pulse``)."""
    read_mean: bool = False
    """Whether a reading is the mean of the states since the reading before, in place of the last of them."""

    def __post_init__(self) -> None:
        """Refuse shapes and coefficients that cannot be."""
        for name in ("steps", "series"):
            require(getattr(self, name) >= 1, f"`{name}` >= 1", getattr(self, name), "give a whole number")
        require(self.classes >= 2, "`classes` >= 2", self.classes, "a choice needs two")
        require(all(units >= 1 for units in self.hidden), "`hidden` >= 1", self.hidden, "leave out empty layers")
        _choice("activation", self.activation, ("relu", "tanh", "sigmoid"))
        _choice("pool", self.pool, ("none", "max"))
        _choice("embedding_map", self.embedding_map, ("sigmoid", "min_max"))
        _choice("learned", self.learned, ("none", "scalar", "per_step"))
        _choice("read_phase", self.read_phase, ("before", "after"))
        require(self.read_every >= 1, "`read_every` >= 1", self.read_every, "1 reads at every step")
        require(
            self.pool == "none" or len(self.hidden) > 0,
            "`hidden` has a layer under `pool` max",
            self.hidden,
            "the maximum is taken over its activation",
        )
        require(
            self.embedding_words is None or self.embedding_words >= 2,
            "`embedding_words` >= 2",
            self.embedding_words,
            "give the size of the vocabulary",
        )
        require(
            not self.pool_skips_padding or (self.pool == "max" and self.embedding_words is not None),
            "`pool_skips_padding` comes with `pool` max and `embedding_words`",
            (self.pool, self.embedding_words),
            "only words have padding",
        )
        require(0 < self.embedding_std < math.inf, "`embedding_std` > 0", self.embedding_std, "1 is PyTorch's")
        names = get_law(self.law).coefficient_names
        require(
            set(self.starts) == set(names),
            f"`start` names the coefficients of `{self.law}` ({', '.join(names)})",
            tuple(self.starts),
            "give a number or a range for each",
        )
        low, high = self.coefficient_range
        require(0 < low < high < math.inf, "0 < low < high in `coefficient_range`", (low, high), "see the default")
        for name, (first, last) in self.starts.items():
            require(
                0 < first <= last < math.inf,
                f"0 < low <= high in the start of `{name}`",
                (first, last),
                "give a positive number or a range",
            )
            require(
                self.learned == "none" or low <= first <= last <= high,
                f"the start of `{name}` lies in `coefficient_range` {low:g} to {high:g}",
                (first, last),
                "widen the range or start inside it",
            )
        require(self.floor < 1, "`floor` < 1", self.floor, "the state at rest is 1")

    @property
    def starts(self) -> dict[str, tuple[float, float]]:
        """Range of every coefficient at the start."""
        given = self.start if self.start is not None else {"alpha": self.alpha, "beta": self.beta}
        return {n: value if isinstance(value, tuple) else (value, value) for n, value in given.items()}

    @property
    def equal_starts(self) -> bool:
        """Whether all members start with the same coefficients."""
        return all(low == high for low, high in self.starts.values())

    @property
    def features(self) -> int:
        """Width of what the first dense layer sees."""
        return self.series * (1 if self.pool == "max" else self.reading.count)

    @cached_property
    def reading(self) -> Reading:
        """Which states become features."""
        return Reading(self.steps, self.read_every, self.read_phase, self.read_mean)

    def control(self) -> "Architecture":
        """The same without kinetics: what the layers make of the samples (or of the embedded words) themselves.

        Where states are read at every n-th step only, it sees as many values: means over the steps from one reading
        to the next, as the control of sweeps does (``tasks.features.raw_matrix``).
        """
        return replace(
            self,
            law="none",
            learned="none",
            start={},
            floor=-math.inf,
            read_phase="after",
            read_mean=self.read_every > 1,
        )


def _choice(name: str, value: str, choices: tuple[str, ...]) -> None:
    require(value in choices, f"`{name}` in {choices}", value, "choose one")
