"""The executor of a study: what is read, overridden and refused."""

from __future__ import annotations

import pytest
from mia_bench.errors import StudyError
from mia_bench.study.executor_options import ExecutorOptions
from mia_bench.study.study_file import parse_study

TABLES = {"datasets": {"phantom": {}}, "methods": {"ae": {}}}


def test_a_study_s_table_is_read():
    table = {"name": "ray", "cpus_per_run": 2, "gpus_per_run": 0.5, "address": "auto", "retries": 1}
    study = parse_study({**TABLES, "executor": table}, name="mine")
    assert study.executor == ExecutorOptions(**table)
    assert parse_study(TABLES, name="mine").executor.name == "local"


@pytest.mark.parametrize(
    ("table", "message"),
    [
        ({"name": "rey"}, "unknown executor 'rey'; did you mean 'ray'"),
        ({"job": 2}, "unknown key of executor 'job'; did you mean 'jobs'"),
        ({"jobs": 0}, "expected jobs of the executor to be a whole number from 1, got 0"),
        ({"jobs": 1.5}, "a whole number from 1, got 1.5"),
        ({"jobs": True}, "got True"),
        ({"gpus_per_run": 2}, "expected gpus_per_run of the executor to be a number from 0 to 1"),
        ({"cpus_per_run": "2"}, "expected cpus_per_run of the executor to be a number"),
        ({"address": "auto"}, "the executor 'local' has no 'address', got 'auto'"),
        ({"name": "ray", "jobs": 2}, "the executor 'ray' has no 'jobs', got 2"),
        ({"name": "ray", "address": 3}, "expected address of the executor to be a text, got 3"),
    ],
)
def test_what_has_no_meaning_is_refused(table, message):
    with pytest.raises(StudyError, match=message):
        parse_study({**TABLES, "executor": table}, name="mine")


def test_the_command_line_overrides_the_study_key_by_key():
    study = ExecutorOptions(jobs=4, gpus_per_run=0.5)
    assert study.override(jobs=2, name=None) == ExecutorOptions(jobs=2, gpus_per_run=0.5)
    # What the study says of its own executor means nothing to another.
    assert study.override(name="ray") == ExecutorOptions(name="ray")
