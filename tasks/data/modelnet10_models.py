"""ModelNet10: furniture as voxel grids (Wu et al. 2015), ten classes; the models of each part of a protocol.

Reads ``modelnet10/modelnet10_vox30.npz`` with ``train_voxels``, ``test_voxels`` [model, 30, 30, 30] (0 or 1, the last
axis is upwards), ``*_labels`` and ``train_model_number``.

``honest``: the official split; every fifth model of the train part is the validation part. ``paper``: the first 100
models of each class of the official train part, the first 80 of them to train and the other 20 to test.
Seven grids of the train part are empty, a failure of their voxeliser, and left out. Test grids all stay, the one
empty one (a desk) too: 908, or 200.
"""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from tasks.data.archive import read_npz
from tasks.data.location import data_file
from tasks.data.protocol import HONEST, PAPER
from tasks.data.split import shuffled
from tasks.errors import DataError

PROTOCOLS = {
    HONEST: "the official split, every fifth train model for validation: 3,189, 795 and 908 models",
    PAPER: "the first 100 train models of each class: 80 train, 20 test, chosen on the test part",
}
LARGEST_GRID = 32
"""Voxels along an edge at the most."""
_VALIDATION_EVERY = 5
_PAPER_TRAIN, _PAPER_MODELS = 80, 100


class Models(NamedTuple):
    """Grids of one part."""

    voxels: NDArray[Any]
    """[model, n, n, n], 0 or 1, the last axis upwards."""
    y: NDArray[np.int64]
    """Class of each."""


class ModelParts(NamedTuple):
    """The parts of a protocol."""

    train: Models
    """Shuffled once for all, so that any run of models mixes the classes."""
    validation: Models
    """For ``paper`` the test part."""
    test: Models
    """Scored once."""
    class_names: tuple[str, ...]
    """What the classes are called."""


def read_models(protocol: str) -> ModelParts:
    """Read and cut the set; raises ``DataError`` if it is not in ``MEMSWEEP_DATA`` or not intact."""
    path = data_file("modelnet10/modelnet10_vox30.npz")
    arrays = read_npz(
        path, ("train_voxels", "test_voxels", "train_labels", "test_labels", "train_model_number", "class_names")
    )
    for name in ("train", "test"):
        shape = arrays[f"{name}_voxels"].shape
        cube = len(shape) == 4 and len(set(shape[1:])) == 1 and shape[1] <= LARGEST_GRID
        if not cube or shape[0] != len(arrays[f"{name}_labels"]):
            raise DataError(f"`{path}`: {name}_voxels must be [model, n, n, n], n <= {LARGEST_GRID}, but is {shape}.")
    voxels, number = arrays["train_voxels"], arrays["train_model_number"]
    y = arrays["train_labels"].astype(np.int64)
    filled = voxels.any(axis=(1, 2, 3))

    def models(which: NDArray[np.int64]) -> Models:
        return Models(voxels[which], y[which])

    class_names = tuple(map(str, arrays["class_names"]))
    if protocol == PAPER:
        train = models(shuffled(np.flatnonzero(filled & (number <= _PAPER_TRAIN))))
        test = models(np.flatnonzero((number > _PAPER_TRAIN) & (number <= _PAPER_MODELS)))
        return ModelParts(train, test, test, class_names)
    held = number % _VALIDATION_EVERY == 0
    return ModelParts(
        models(shuffled(np.flatnonzero(filled & ~held))),
        models(np.flatnonzero(filled & held)),
        Models(arrays["test_voxels"], arrays["test_labels"].astype(np.int64)),
        class_names,
    )
