"""Scores of patients: the highest of their images, abnormal with any abnormal image."""

from types import SimpleNamespace

import numpy as np
import pytest
from mia_bench.execution.patient_scores import score_patients


def test_a_patient_has_the_highest_score_and_any_abnormal_label():
    test = SimpleNamespace(labels=np.array([0, 1, 0, 0, 0]), patients=("b", "a", "b", "a", "c"))
    found = score_patients(test, np.array([-3, 1, -2, 7, 0], np.float32))
    assert found.labels.tolist() == [1, 0, 0]
    assert found.scores.tolist() == [7, -2, 0]
    assert found.scores.dtype == np.float32


@pytest.mark.parametrize("labels", [[0, 0], [1, 1], [0, 1]])
def test_patients_of_one_kind_cannot_be_told_apart(labels):
    patients = ("a", "a") if sum(labels) == 1 else ("a", "b")
    test = SimpleNamespace(labels=np.array(labels), patients=patients)
    assert score_patients(test, np.zeros(2, np.float32)) is None
