"""Scores of patients and volumes: the highest of their images, abnormal with any abnormal image."""

import numpy as np
import pytest
from mia_bench.execution.group_scores import score_groups


def test_a_group_has_the_highest_score_and_any_abnormal_label():
    scores = np.array([-3, 1, -2, 7, 0], np.float32)
    found = score_groups(("b", "a", "b", "a", "c"), np.array([0, 1, 0, 0, 0]), scores)
    assert found.labels.tolist() == [1, 0, 0]
    assert found.scores.tolist() == [7, -2, 0]
    assert found.scores.dtype == np.float32


@pytest.mark.parametrize("labels", [[0, 0], [1, 1], [0, 1]])
def test_groups_of_one_kind_cannot_be_told_apart(labels):
    groups = ("a", "a") if sum(labels) == 1 else ("a", "b")
    assert score_groups(groups, np.array(labels), np.zeros(2, np.float32)) is None


def test_without_groups_there_are_no_scores():
    assert score_groups(None, np.array([0, 1]), np.zeros(2, np.float32)) is None
