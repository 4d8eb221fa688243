r"""Words become drives: a learned table of one number a word and series, mapped into [0, 1].

=========  ===========================================  =======================
symbol     meaning                                      shape
=========  ===========================================  =======================
words      word numbers                                 [member, time, case]
E          table                                        [member, word, series]
x          drive, see ``cases_last``                    [member, time, device]
=========  ===========================================  =======================

``sigmoid``: x = 1 / (1 + exp(-E)). ``min_max``: x = (E - min E) / (max E - min E) over the whole table, whose
gradient reaches the two extreme entries too. ``written``: x = E, a table that is given and stays.
"""

from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from tasks.readout.activation import activate
from tasks.readout.arrays import Floats
from tasks.readout.layers import Cache, Layer, Views


@dataclass
class EmbeddingCache(Cache):
    """The words of the last pass, per member."""

    present: list[NDArray[np.intp]] = field(default_factory=list)
    """Distinct words, in order."""
    places: list[NDArray[np.intp]] = field(default_factory=list)
    """[time, case]: which of them stands there."""
    drives: list[Floats] = field(default_factory=list)
    """[distinct word, series]: what each drives the series with."""
    moved: list[NDArray[np.intp]] | None = None
    """Rows of the table whose gradient is not 0, where an optimiser asks for them."""


@dataclass(frozen=True)
class EmbeddingLayer(Layer):
    """The table of every member; always the first layer."""

    words: int
    """Size of the vocabulary."""
    series: int
    """Width of the table."""
    steps: int
    """Words of a case."""
    mapping: Literal["sigmoid", "min_max", "written"]
    """How the table becomes a drive."""
    cases_last: bool
    """Devices are [series, case]; else [case, series]."""
    std: float = 1.0
    """Standard deviation of the table at the start."""

    @property
    def shapes(self) -> dict[str, tuple[int, ...]]:
        """The table."""
        return {"table": (self.words, self.series)}

    @property
    def fixed(self) -> tuple[str, ...]:
        """The table, where it is given."""
        return ("table",) if self.mapping == "written" else ()

    def initialise(self, parameters: Views, member: int, rng: np.random.Generator) -> None:
        """Normal; with a deviation of 1 as PyTorch's."""
        table = parameters["table"][member]
        table[...] = rng.standard_normal(table.shape, np.float32)
        table *= np.float32(self.std)

    def allocate(self, members: int, cases: int, dtype: np.dtype[Any], *, first: bool) -> Cache:
        """Room for the drive."""
        return EmbeddingCache(outputs=np.empty((members, self.steps, self.series * cases), dtype))

    def forward(self, parameters: Views, inputs: Floats, cache: Cache) -> Floats:
        """Drive [member, time, device] of words [member, time, case], or [1, ...] if all members share them."""
        if not isinstance(cache, EmbeddingCache):
            raise TypeError("the embedding needs a cache of its own kind")
        cache.inputs = inputs
        cache.present, cache.places, cache.drives = [], [], []
        for member, table in enumerate(parameters["table"]):
            words = inputs[member if len(inputs) > 1 else 0]
            present, places = np.unique(words, return_inverse=True)
            places = places.reshape(words.shape)
            drives = self._drive(table, table[present])
            target = cache.outputs[member]
            if self.cases_last:
                target.reshape(self.steps, self.series, -1)[...] = drives[places].swapaxes(1, 2)
            else:
                np.take(drives, places, axis=0, out=target.reshape(self.steps, -1, self.series), mode="clip")
            cache.present.append(present)
            cache.places.append(places)
            cache.drives.append(drives)
        return cache.outputs

    def backward(self, parameters: Views, gradients: Views, gradient: Floats, cache: Cache) -> Floats:
        """Gather the gradients of equal words; the last steps may be missing, their gradient being 0.

        Where the optimiser is to move the rows of the batch alone (``cache.moved`` is a list), it gets them there, and
        the gradient of the others is 0 already.
        """
        if not isinstance(cache, EmbeddingCache) or not cache.present:
            raise TypeError("backward follows a forward pass")
        if self.mapping == "written":
            return gradient[:0]
        result = gradients["table"]
        if cache.moved is None:
            result[...] = 0
        else:
            cache.moved.clear()
        steps = gradient.shape[1]
        for member, table in enumerate(parameters["table"]):
            present, drives = cache.present[member], cache.drives[member]
            places = cache.places[member][:steps].reshape(-1)
            own = gradient[member]
            if self.cases_last:
                own = own.reshape(steps, self.series, -1).swapaxes(1, 2)
            ones = np.ones(len(places), own.dtype)
            gather = csr_array((ones, (places, np.arange(len(places)))), shape=(len(present), len(places)))
            by_drive = gather @ own.reshape(-1, self.series)
            rows = present
            if self.mapping == "sigmoid":
                by_drive *= drives
                np.subtract(1, drives, out=drives)
                by_drive *= drives
                result[member, present] = by_drive
            else:
                width = table.max() - table.min()
                result[member, present] = by_drive / width
                flat, extremes = result[member].reshape(-1), [table.argmin(), table.argmax()]
                flat[extremes[0]] -= (by_drive * (1 - drives)).sum() / width
                flat[extremes[1]] -= (by_drive * drives).sum() / width
                rows = np.union1d(present, np.array(extremes) // self.series)
            if cache.moved is not None:
                cache.moved.append(rows)
        cache.present.clear()
        return gradient[:0]

    def drive_table(self, table: Floats) -> Floats:
        """What each word drives the series with [word, series]."""
        return self._drive(table, table.copy())

    def _drive(self, table: Floats, rows: Floats) -> Floats:
        """Rows of the table mapped into [0, 1], in place."""
        if self.mapping == "sigmoid":
            activate("sigmoid", rows)
        elif self.mapping == "min_max":
            low = table.min()
            rows -= low
            rows /= table.max() - low
        return rows
