"""Tasks: whole objects only, protocols that say what they are, samples in their small and their large type."""

import dataclasses

import numpy as np
import pytest

from tasks import DataError, Part, Task


def task(cases: int = 6, votes: int = 1, protocol: str = "honest") -> Task:
    part = Part(np.zeros((2, 1, cases), np.uint8), np.zeros(cases, np.int64))
    return Task(
        name="t",
        description="",
        classes=2,
        train=part,
        validation=part,
        test=part,
        votes=votes,
        protocol=protocol,
    )


@pytest.mark.parametrize("votes", [0, 4])
def test_parts_consist_of_whole_objects(votes: int) -> None:
    with pytest.raises(DataError, match=rf"\(votes={votes}, cases=6\) for its train part"):
        task(votes=votes)
    part = Part(np.zeros((2, 1, 5), np.uint8), np.zeros(5, np.int64))
    with pytest.raises(DataError, match="its test part"):
        dataclasses.replace(task(votes=3), test=part)


def test_label_of_a_protocol_warns_where_it_must() -> None:
    assert task().protocol_label == "honest"
    assert not task(protocol="random").optimistic
    assert task(protocol="paper").protocol_label == "paper (optimistic: chosen on the test part)"


def test_prior_is_the_share_of_each_class_in_the_train_part() -> None:
    part = Part(np.zeros((2, 1, 4), np.uint8), np.array([0, 0, 0, 1]))
    skewed = dataclasses.replace(task(cases=4), train=part, classes=3)
    np.testing.assert_allclose(np.exp(skewed.log_prior), [0.75, 0.25, 0.25])


def test_samples_are_float32_and_copied_only_if_they_must_be() -> None:
    small = Part(np.eye(4, dtype=np.uint8).reshape(2, 2, 4), np.zeros(4, np.int64))
    assert small.samples(slice(1, 3)).dtype == np.float32
    np.testing.assert_array_equal(small.samples(slice(1, 3)), small.x[:, :, 1:3])
    large = Part(small.x.astype(np.float32), small.y)
    assert np.shares_memory(large.samples(slice(1, 3)), large.x)
