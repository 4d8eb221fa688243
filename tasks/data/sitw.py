"""Ten speakers of the corpus Speakers in the Wild: the features that Shi et al. 2025 published.

Reads ``sitw/speaker_no_fft_norm_128_1250.mat`` (``samples`` [128, 1250], already in [0, 1]) and
``sitw/targets_no_fft_norm_128_1250.mat`` (``targets``, one-hot). A case is one series of 128 values. The test
part is the authors': the last 250 cases after Python's own shuffle with seed 10. A fifth of each class of
the other 1,000 is the validation part, which the authors do not have: the protocol ``paper`` trains on all 1,000.
"""

import random
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tasks.data.location import data_file
from tasks.data.protocol import HONEST, PAPER
from tasks.data.split import Split, stratified_holdout
from tasks.errors import DataError
from tasks.task import Part, Task, time_major

PROTOCOLS = {
    HONEST: "800 train, 200 validation, the authors' 250 test",
    PAPER: "the authors' 1,000 train and 250 test, chosen on the test part",
}
_TRAIN_CASES = 1000
_SHUFFLE_SEED = 10


def load(protocol: str = HONEST) -> Task:
    """Load the set from ``MEMSWEEP_DATA``; raises ``DataError`` if it is not there or not intact."""
    samples = _matrix("sitw/speaker_no_fft_norm_128_1250.mat", "samples")
    targets = _matrix("sitw/targets_no_fft_norm_128_1250.mat", "targets")
    x = samples.T[:, None, :]
    y = targets.argmax(axis=0).astype(np.int64)
    order = list(range(len(y)))
    random.Random(_SHUFFLE_SEED).shuffle(order)
    shuffled = np.array(order)
    rest, test = shuffled[:_TRAIN_CASES], shuffled[_TRAIN_CASES:]
    kept, held = stratified_holdout(y[rest], 0.2)
    split = Split(rest, test, test) if protocol == PAPER else Split(rest[kept], rest[held], test)

    def part(cases: NDArray[np.int64]) -> Part:
        return Part(time_major(x[cases]), y[cases])

    train, validation, test_part = split.parts(part)
    return Task(
        name="sitw",
        description="10 speakers of SITW; a case is one series of 128 values",
        classes=10,
        train=train,
        validation=validation,
        test=test_part,
        protocol=protocol,
    )


def _matrix(relative: str, variable: str) -> NDArray[Any]:
    """One variable of a MATLAB 5 file."""
    from scipy.io import loadmat  # slow to import, which only this task should cost

    path = data_file(relative)
    try:
        content = loadmat(path, variable_names=[variable])
    except (ValueError, TypeError, OSError, NotImplementedError) as error:
        raise DataError(f"`{path}` must be an intact MATLAB 5 file, but cannot be read ({error}).") from error
    if variable not in content:
        raise DataError(f"`{path}` must hold the variable `{variable}`, but does not.")
    return np.asarray(content[variable])
