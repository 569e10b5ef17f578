"""Trackers are chosen by name, and refused with what is missing."""

from __future__ import annotations

import pytest
from mia_bench.errors import StudyError
from mia_bench.study.study_file import parse_study
from mia_bench.tracking import check_trackers


def test_a_study_switches_tracking_on_in_one_line():
    tables = {"datasets": {"phantom": {}}, "methods": {"ae": {}}}
    assert parse_study({**tables, "tracking": "mlflow"}, name="x").tracking == ("mlflow",)
    both = ["mlflow", "tensorboard"]
    assert parse_study({**tables, "tracking": both}, name="x").tracking == tuple(both)
    assert parse_study(tables, name="x").tracking == ()
    with pytest.raises(StudyError, match="unknown tracking 'tensorbord'; did you mean 'tensorboa"):
        check_trackers(["tensorbord"])


@pytest.mark.parametrize("name", ["tensorboard", "mlflow"])
def test_a_missing_package_is_named_with_what_to_install(monkeypatch, name):
    monkeypatch.setattr("mia_bench.tracking.registry.find_spec", lambda package: None)
    with pytest.raises(StudyError, match=r"not installed: pip install 'mia-bench\[tracking\]'"):
        check_trackers([name])
