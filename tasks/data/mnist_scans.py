"""MNIST looked through in four directions: pairs of rows to the right and left, pairs of columns down and up.

The two lines of a pair are averaged, so a case has 4 x 14 = 56 series of 28 samples; a state says how much ink lies
behind it and how far back, from each side. Read at every second step (``pulse.read_every: 2``) they give as many
features as the image has pixels. Parts and protocols: ``mnist``.
"""

from dataclasses import replace

import numpy as np

from tasks.data import mnist
from tasks.data.mnist import PROTOCOLS
from tasks.data.protocol import HONEST
from tasks.task import Part, Task

__all__ = ["PROTOCOLS", "load"]


def load(protocol: str = HONEST) -> Task:
    """Load the set from ``MEMSWEEP_DATA``; raises ``DataError`` if it is not there or not intact."""
    images = mnist.load(protocol)
    validation = _scanned(images.validation)
    return replace(
        images,
        name="mnist_scans",
        description="28x28 handwritten digits; pairs of rows and columns, both ways, are 56 series of 28 pixels",
        train=_scanned(images.train),
        validation=validation,
        test=validation if images.test is images.validation else _scanned(images.test),
    )


def _scanned(part: Part) -> Part:
    """Rows as series [column, row, case] -> [step, direction * line, case]."""
    rightwards = (part.x[:, 0::2] + part.x[:, 1::2]) / 2
    columns = part.x.swapaxes(0, 1)
    downwards = (columns[:, 0::2] + columns[:, 1::2]) / 2
    x = np.concatenate([rightwards, rightwards[::-1], downwards, downwards[::-1]], axis=1)
    return Part(np.ascontiguousarray(x), part.y)
