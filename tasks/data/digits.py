"""Handwritten digits, 8 x 8 pixels, 1,797 cases: the set that ships with scikit-learn.

Origin: E. Alpaydin and C. Kaynak, Optical Recognition of Handwritten Digits, UCI repository (1998), the test
part of it. Each image row is one series of 8 pixels. A fifth of each class is the test part and a fifth of the
rest the validation part, drawn once for all.
"""

import numpy as np

from tasks.data.split import stratified_holdout
from tasks.task import Part, Task, time_major


def load() -> Task:
    """Load the set; needs no files."""
    from sklearn.datasets import load_digits  # takes a second, which only this task should cost

    bunch = load_digits()
    images = bunch.images / 16.0
    labels = bunch.target.astype(np.int64)
    rest, test = stratified_holdout(labels, 0.2)
    kept, held = stratified_holdout(labels[rest], 0.2)
    train, validation = rest[kept], rest[held]
    return Task(
        name="digits",
        description="8x8 handwritten digits of scikit-learn; 8 rows are 8 series of 8 pixels",
        classes=10,
        train=Part(time_major(images[train]), labels[train]),
        validation=Part(time_major(images[validation]), labels[validation]),
        test=Part(time_major(images[test]), labels[test]),
    )
