"""What is asked of a population: data in three fixed parts, already turned into series.

======  =================================================================  ===================
symbol  meaning                                                            shape
======  =================================================================  ===================
x       drive samples in [0, 1], time-major and contiguous                 [time, series, case]
y       class of each case, 0 to classes - 1                               [case]
======  =================================================================  ===================

Each series is what one memristor sees of a case. A series that is shorter than the others ends in zeros:
its memristor gets no more pulses and goes on relaxing. A task of words holds their numbers in place of samples.
"""

import hashlib
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import DTypeLike, NDArray

from kinetics.arrays import Float32
from tasks.errors import DataError, TaskError


class Part(NamedTuple):
    """One part of the data."""

    x: NDArray[Any]
    """Samples [time, series, case] in [0, 1]: float32, or a smaller type of the same values where memory counts
    (float16, or uint8 for 0 and 1), which ``samples`` turns into float32. Words [time, 1, case] are int32."""
    y: NDArray[np.int64]
    """Classes [case]."""

    @property
    def cases(self) -> int:
        """Number of cases."""
        return len(self.y)

    @property
    def sha256(self) -> str:
        """Checksum of samples and labels, of their shapes and types."""
        digest = hashlib.sha256()
        for array in (self.x, self.y):
            digest.update(f"{array.dtype.str}{array.shape}".encode())
            digest.update(np.ascontiguousarray(array).data)
        return digest.hexdigest()

    def samples(self, cases: slice = slice(None)) -> Float32:
        """Samples [time, series, case] of some cases as float32; a view where they are so already."""
        return np.asarray(self.x[:, :, cases], np.float32)


@dataclass(frozen=True, kw_only=True)
class Task:
    """A data set with its fixed parts and its series layout."""

    name: str
    """The word that sweep files use for it."""
    description: str
    """One line: what the data are and how a case becomes series."""
    classes: int
    """Number of classes."""
    train: Part
    """What read-outs are trained on."""
    validation: Part
    """What everything is chosen on; with the protocol ``paper`` this is the test part itself."""
    test: Part
    """What is scored once, for what was chosen."""
    protocol: str = "honest"
    """How the parts were cut: ``honest``, ``paper``, or another one that the task names."""
    votes: int = 1
    """Consecutive cases that form one object, such as the frames of a video. Labels, parameters and energies are
    those of a case; accuracy is that of the objects (see ``tasks.votes``)."""
    words: int = 0
    """Size of the vocabulary if x holds word numbers (0 padding, 1 unknown), 0 if it holds samples."""
    class_names: tuple[str, ...] = ()
    """What the classes are called [class]; empty where they have numbers only."""

    def __post_init__(self) -> None:
        """Refuse parts that do not consist of whole objects."""
        for name in ("train", "validation", "test"):
            part: Part = getattr(self, name)
            if self.votes < 1 or part.cases % self.votes:
                raise DataError(
                    f"The task `{self.name}` must consist of objects of `votes` >= 1 consecutive cases, but got "
                    f"(votes={self.votes}, cases={part.cases}) for its {name} part."
                )

    @property
    def steps(self) -> int:
        """Length of a series."""
        return int(self.train.x.shape[0])

    @property
    def series(self) -> int:
        """Series of a case, one memristor each."""
        return int(self.train.x.shape[1])

    @property
    def features(self) -> int:
        """Values that the read-out sees of a case."""
        return self.steps * self.series

    @property
    def log_prior(self) -> NDArray[np.float64]:
        """Log of the share of each class in the train part [class]; a class without a case counts as one."""
        counts = np.bincount(self.train.y, minlength=self.classes)
        return np.log(np.maximum(counts, 1) / self.train.cases)

    @property
    def labels(self) -> tuple[str, ...]:
        """How the classes are named to people [class]: by their names, else by their numbers."""
        return self.class_names or tuple(map(str, range(self.classes)))

    @property
    def optimistic(self) -> bool:
        """Whether everything is chosen on the test part, as with the protocol ``paper``."""
        return self.protocol == "paper"

    @property
    def protocol_label(self) -> str:
        """The protocol as reports should show it."""
        return f"{self.protocol} (optimistic: chosen on the test part)" if self.optimistic else self.protocol


def time_major(cases: NDArray[Any], dtype: DTypeLike = np.float32) -> NDArray[Any]:
    """[case, series, time] -> contiguous [time, series, case], float32 unless said."""
    return np.ascontiguousarray(cases.transpose(2, 1, 0), dtype=dtype)


def require_samples(task: Task) -> None:
    """Raise ``TaskError`` if a task holds words, which are no samples to drive a memristor with."""
    if task.words:
        raise TaskError(
            f"Fixed kinetics take samples in [0, 1], but the task `{task.name}` holds the numbers of {task.words} "
            f"words, which need a learned embedding; train one with `memsweep reproduce {task.name}`."
        )
