"""What a recipe is: data, network and training that together reproduce a row of the paper's table, or beat it."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np

from tasks.learning import Architecture, Training
from tasks.task import Part, Task


@dataclass(frozen=True, kw_only=True)
class PaperRow:
    """A row of the chart of Shi et al. 2025; "exp" was measured on their chip."""

    accuracy: float
    """DDK in software."""
    accuracy_exp: float
    """DDK on the chip."""
    parameters: str
    """As the chart rounds them."""
    macs: str
    """As the chart rounds them."""


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """How one task is learned under one protocol."""

    task: str
    """Row of the table."""
    protocol: str
    """``honest``, ``paper`` or another one that the data have."""
    data: str
    """Name of the task in ``tasks.TASKS``: the same objects may be laid out as series in several ways."""
    architecture: Callable[[Task], Architecture]
    """The network for the data's shape."""
    training: Training
    """How it is trained."""
    fit_on: Literal["train", "train and validation"] = "train"
    """With the second, settings were chosen on validation before, and the last epoch is kept."""
    paper: PaperRow | None = None
    """The chart's row, where it has one."""
    notes: tuple[str, ...] = ()
    """Where data or way differ from the paper's."""

    def train_part(self, task: Task) -> Part:
        """What the network is trained on."""
        if self.fit_on == "train":
            return task.train
        both = task.train, task.validation
        return Part(np.concatenate([part.x for part in both], axis=2), np.concatenate([part.y for part in both]))
