"""MNIST: 28 x 28 grey images of handwritten digits (LeCun, Cortes and Burges).

Reads ``mnist/mnist.npz`` with ``train_images``, ``train_labels``, ``test_images``, ``test_labels`` (uint8).
Each image row is one series of 28 pixels. The last 10,000 training images are the validation part; the
protocol ``paper`` trains on all 60,000.
"""

import numpy as np

from tasks.data.archive import read_npz
from tasks.data.location import data_file
from tasks.data.protocol import HONEST, PAPER
from tasks.task import Part, Task, time_major

PROTOCOLS = {
    HONEST: "50,000 train, 10,000 validation, 10,000 test",
    PAPER: "60,000 train, 10,000 test, chosen on the test part",
}
_VALIDATION_CASES = 10_000


def load(protocol: str = HONEST) -> Task:
    """Load the set from ``MEMSWEEP_DATA``; raises ``DataError`` if it is not there."""
    arrays = read_npz(data_file("mnist/mnist.npz"), ("train_images", "train_labels", "test_images", "test_labels"))
    cases = len(arrays["train_labels"])
    cut = cases if protocol == PAPER else cases - _VALIDATION_CASES

    def part(images: str, labels: str, cases: slice) -> Part:
        x = time_major(arrays[images][cases])
        x /= np.float32(255)
        return Part(x, arrays[labels][cases].astype(np.int64))

    test = part("test_images", "test_labels", slice(None))
    return Task(
        name="mnist",
        description="28x28 handwritten digits; 28 rows are 28 series of 28 pixels",
        classes=10,
        train=part("train_images", "train_labels", slice(0, cut)),
        validation=test if protocol == PAPER else part("train_images", "train_labels", slice(cut, None)),
        test=test,
        protocol=protocol,
    )
