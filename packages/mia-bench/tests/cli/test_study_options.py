"""Which settings a method has where they are not given."""

from __future__ import annotations

import click
import pytest
from mia_bench.cli.study_options import study_options
from mia_bench.study.study import MethodEntry
from mia_bench.study.study_file import DEFAULT, read_study

SHORT = {entry.label: entry for entry in read_study(DEFAULT).methods}


def methods(*arguments):
    """The methods of the study that these arguments choose, by label."""
    found = []

    @click.command()
    @study_options
    def keep(study):
        found.extend(study.methods)

    keep.main(list(map(str, arguments)), standalone_mode=False)
    return {entry.label: entry for entry in found}


@pytest.mark.parametrize("arguments", [[], ["--datasets", "phantom"], ["--seeds", "0,1"]])
def test_the_phantom_has_short_schedules(arguments):
    assert methods(*arguments) == SHORT
    assert methods("--methods", "ae", *arguments) == {"ae": SHORT["ae"]}


@pytest.mark.parametrize("datasets", ["rsna", "phantom,brats2021"])
def test_other_datasets_have_those_of_the_papers(datasets):
    plain = {label: MethodEntry(label=label, method=label) for label in SHORT}
    assert methods("--datasets", datasets) == plain
    assert methods("--datasets", datasets, "--methods", "ae") == {"ae": plain["ae"]}
    timed = methods("--datasets", datasets, "--methods", "ae", "--epochs", 3)
    assert timed == {"ae": MethodEntry(label="ae", method="ae", epochs=3)}


def test_a_study_file_keeps_its_settings_on_every_dataset():
    assert methods(DEFAULT, "--datasets", "rsna") == SHORT
