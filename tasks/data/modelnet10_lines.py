"""ModelNet10 as lines: memristors look through the whole model along its three axes, both ways.

The central 24^3 voxels (the rest of the grids is padding) are averaged over 2 x 2 neighbouring lines, so a case has
3 axes x 2 directions x 12 x 12 lines = 864 series of 24 samples in quarters. A state at the end of a line knows
what lies on it and how far back (read it alone by ``pulse.read_every: 24``). Samples are kept as float16, exactly.
Parts and protocols: ``modelnet10_models``.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from tasks.data.modelnet10_models import PROTOCOLS, Models, read_models
from tasks.data.protocol import HONEST
from tasks.errors import DataError
from tasks.task import Part, Task

__all__ = ["PROTOCOLS", "load"]
_EDGE, _POOL = 24, 2


def load(protocol: str = HONEST) -> Task:
    """Load the set from ``MEMSWEEP_DATA``; raises ``DataError`` if it is not there or not intact."""
    parts = read_models(protocol)
    validation = _part(parts.validation)
    return Task(
        name="modelnet10_lines",
        description="furniture as 24x24x24 voxels; 864 lines along 3 axes, both ways, are 864 series",
        classes=len(parts.class_names),
        class_names=parts.class_names,
        train=_part(parts.train),
        validation=validation,
        test=validation if parts.test is parts.validation else _part(parts.test),
        protocol=protocol,
    )


def _part(models: Models) -> Part:
    return Part(_lines(models.voxels), models.y)


def _lines(voxels: NDArray[Any]) -> NDArray[np.float16]:
    """Grids [model, n, n, n] -> [time, series, model]."""
    models, size = voxels.shape[:2]
    if size < _EDGE:
        raise DataError(f"Grids must have at least {_EDGE} voxels along an edge, but have {size}; use another set.")
    start = (size - _EDGE) // 2
    inner = slice(start, start + _EDGE)
    centre = voxels[:, inner, inner, inner]
    half = _EDGE // _POOL
    x = np.empty((_EDGE, 3, 2, half * half, models), np.float16)
    for axis in range(3):
        along = np.moveaxis(centre, axis + 1, 1).reshape(models, _EDGE, half, _POOL, half, _POOL)
        lines = along.sum(axis=(3, 5), dtype=np.float16) / np.float16(_POOL**2)
        forwards = lines.reshape(models, _EDGE, half * half).transpose(1, 2, 0)
        x[:, axis, 0] = forwards
        x[:, axis, 1] = forwards[::-1]
    return x.reshape(_EDGE, -1, models)
