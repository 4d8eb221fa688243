"""ModelNet10 as slices, the paper's layout: grids are padded to 32^3, a case is one horizontal slice.

The 32 rows of a slice are 32 series of 32 voxels; the 32 slices of a model, from the floor upwards, vote. Samples are
kept as uint8. Parts and protocols: ``modelnet10_models``.

Slices along the other two axes did less well in the protocol ``paper``, trained on models 1-64 and scored on 65-80
(mlp of two 128-unit layers, no kinetics, soft votes): 0.79 against 0.74 and 0.77. Majority votes fail here (0.49),
for the empty slices of a flat model all vote alike.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from tasks.data.modelnet10_models import LARGEST_GRID, PROTOCOLS, Models, read_models
from tasks.data.protocol import HONEST
from tasks.task import Part, Task

__all__ = ["PROTOCOLS", "load"]


def load(protocol: str = HONEST) -> Task:
    """Load the set from ``MEMSWEEP_DATA``; raises ``DataError`` if it is not there or not intact."""
    parts = read_models(protocol)
    validation = _part(parts.validation)
    return Task(
        name="modelnet10",
        description="furniture as 32x32x32 voxels; 32 horizontal slices vote, 32 rows of a slice are 32 series",
        classes=len(parts.class_names),
        class_names=parts.class_names,
        train=_part(parts.train),
        validation=validation,
        test=validation if parts.test is parts.validation else _part(parts.test),
        protocol=protocol,
        votes=LARGEST_GRID,
    )


def _part(models: Models) -> Part:
    return Part(_slices(models.voxels), np.repeat(models.y, LARGEST_GRID))


def _slices(voxels: NDArray[Any]) -> NDArray[np.uint8]:
    """Grids [model, n, n, n] -> [time, series, model * 32], padded."""
    models, size = voxels.shape[:2]
    x = np.zeros((LARGEST_GRID, LARGEST_GRID, models, LARGEST_GRID), np.uint8)
    start = (LARGEST_GRID - size) // 2
    inner = slice(start, start + size)
    x[inner, inner, :, inner] = voxels.transpose(2, 1, 0, 3)
    return x.reshape(LARGEST_GRID, LARGEST_GRID, models * LARGEST_GRID)
