"""Augmentation: what a batch may look like."""

import numpy as np

from tasks.learning import Training
from tasks.learning.batches import Series

STEPS, SERIES, CASES = 5, 4, 60
X = np.random.default_rng(0).uniform(0.2, 0.8, (STEPS, SERIES, CASES)).astype(np.float32)
WHICH = np.array([[3, 1, 4, 15], [9, 2, 6, 5]])


def gather(labels=None, **changes):
    rngs = [np.random.default_rng(k) for k in range(2)]
    source = Series(X, Training(**changes), cases_last=True)
    drive, mixing = source.gather(WHICH, WHICH % 7 if labels is None else labels, rngs)
    return drive.reshape(2, STEPS, SERIES, 4), mixing


def test_without_augmentation_the_cases_themselves_in_both_orders():
    drive, mixing = gather()
    np.testing.assert_array_equal(drive, X[:, :, WHICH].transpose(2, 0, 1, 3))
    assert mixing is None
    other = Series(X, Training(), cases_last=False).gather(WHICH, WHICH, [])[0]
    np.testing.assert_array_equal(other.reshape(2, STEPS, 4, SERIES).swapaxes(2, 3), drive)


def test_shifts_move_whole_cases_and_zeros_move_in():
    drive, _ = gather(shift=(2, 1))
    padded = np.pad(X, ((2, 2), (1, 1), (0, 0)))
    moves = set()
    for member in range(2):
        for case in range(4):
            found = [
                (a, b)
                for a in range(5)
                for b in range(3)
                if (padded[a : a + STEPS, b : b + SERIES, WHICH[member, case]] == drive[member, :, :, case]).all()
            ]
            assert len(found) == 1
            moves.add(found[0])
    assert len(moves) > 3


def test_mixed_cases_are_mixed_as_their_labels():
    labels = WHICH % 7
    drive, mixing = gather(labels, mixup=0.5)
    plain, _ = gather()
    for member in range(2):
        for case in range(4):
            share = mixing.share[member, case]
            mixes = [
                share * plain[member, :, :, case] + (1 - share) * plain[member, :, :, other]
                for other in range(4)
                if labels[member, other] == mixing.labels[member, case]
            ]
            assert any(np.allclose(mix, drive[member, :, :, case], atol=1e-6) for mix in mixes)
    assert not np.allclose(drive, plain)


def test_noise_has_its_size_and_stays_in_range():
    plain, _ = gather()
    drive, _ = gather(input_noise=0.01)
    assert 0.008 < (drive - plain).std() < 0.012  # 160 numbers: 6 % of standard error
    loud, _ = gather(input_noise=5.0)
    assert loud.min() == 0 and loud.max() == 1
