"""Fixtures of the tests of trackers: a short run."""

from __future__ import annotations

import pytest
from mia_bench.study.plan import plan
from mia_bench.study.study import DatasetEntry, MethodEntry, Study


@pytest.fixture
def run(root):
    options = {"width": 4, "hidden": 16}
    study = Study(
        name="test",
        datasets=(DatasetEntry(name="brats2021", root=str(root)),),
        methods=(MethodEntry(label="ae", method="ae", epochs=3, options=options),),
    )
    return plan(study)[0]
