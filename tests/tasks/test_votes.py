"""Votes: soft and majority by hand, and what single cases give."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tasks import DataError
from tasks.votes import object_labels, object_predictions

# Two objects of three cases: two weak votes for class 1 against one strong for class 0, and the reverse.
SCORES = np.log(
    np.array(
        [
            [0.98, 0.01, 0.01],
            [0.4, 0.5, 0.1],
            [0.4, 0.5, 0.1],
            [0.1, 0.8, 0.1],
            [0.1, 0.1, 0.8],
            [0.1, 0.2, 0.7],
        ],
        np.float32,
    )
)


def test_soft_votes_weigh_and_majority_votes_count() -> None:
    # Sums of log-probabilities, object 0: ln(0.98 * 0.4^2) > ln(0.01 * 0.5^2).
    assert object_predictions(SCORES, 3).tolist() == [0, 2]
    assert object_predictions(SCORES, 3, "majority").tolist() == [1, 2]


def test_majority_ties_go_to_the_higher_sum() -> None:
    tied = SCORES[[0, 1, 0, 2]]  # two cases for class 0, two for class 1; class 2 gets none
    assert object_predictions(tied, 4, "majority").tolist() == [0]


def test_the_level_of_a_case_says_nothing() -> None:
    shifted = SCORES + np.array([5, -3, 0, 900, -900, 1], np.float32)[:, None]
    assert object_predictions(shifted, 3).tolist() == [0, 2]


def test_frequency_of_the_classes_counts_once() -> None:
    # Cases that say nothing repeat the frequency of the classes; what the third says speaks for class 1.
    prior = np.log([0.8, 0.2])
    scores = np.array([prior, prior, np.log([0.6, 0.4])])
    assert object_predictions(scores, 3).tolist() == [0]
    # 0.8 of a class 0 that is 0.6 / 0.8 as likely: 0.6 against 0.4.
    assert object_predictions(scores, 3, log_prior=prior).tolist() == [0]
    more = np.array([prior, np.log([0.6, 0.4]), np.log([0.6, 0.4])])
    # 0.6^2 / 0.8 = 0.45 against 0.4^2 / 0.2 = 0.8.
    assert object_predictions(more, 3).tolist() == [0]
    assert object_predictions(more, 3, log_prior=prior).tolist() == [1]


def test_one_vote_is_the_highest_score_with_any_leading_axes() -> None:
    scores = np.random.default_rng(0).normal(size=(2, 6, 3)).astype(np.float32)
    np.testing.assert_array_equal(object_predictions(scores, 1), scores.argmax(axis=-1))
    for how in ("soft", "majority"):
        both = object_predictions(scores, 3, how)  # type: ignore[arg-type]  # parametrised, in part wrong on purpose
        assert both.shape == (2, 2)
        np.testing.assert_array_equal(both[1], object_predictions(scores[1], 3, how))  # type: ignore[arg-type]  # parametrised, in part wrong on purpose


@settings(max_examples=50, deadline=None)
@given(votes=st.integers(1, 5), objects=st.integers(1, 4), classes=st.integers(2, 5), seed=st.integers(0, 99))
def test_cases_that_agree_are_followed(votes: int, objects: int, classes: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    y = np.repeat(rng.integers(0, classes, objects), votes)
    scores = rng.random((len(y), classes))
    scores[np.arange(len(y)), y] += 1
    for how in ("soft", "majority"):
        np.testing.assert_array_equal(
            object_predictions(scores, votes, how),  # type: ignore[arg-type]  # parametrised, in part wrong on purpose
            object_labels(y, votes),
        )


@pytest.mark.parametrize("votes", [0, 4])
def test_parts_of_objects_are_refused(votes: int) -> None:
    with pytest.raises(DataError, match=rf"votes={votes}, cases=6"):
        object_predictions(SCORES, votes)
