"""The study files of benchmarks/ say what the study did, and every method takes their settings."""

from collections import Counter
from pathlib import Path

import pytest
from mia_bench.detectors import plugins
from mia_bench.study import paper_settings
from mia_bench.study.plan import plan
from mia_bench.study.study_file import read_study

STUDIES = Path(__file__).parents[4] / "benchmarks" / "studies"
SEVEN = ["rsna", "vincxr", "braintumor", "lag", "isic2018", "camelyon16", "brats2021"]
pytestmark = pytest.mark.skipif(
    not STUDIES.is_dir(), reason="the tests were copied without the repository's benchmarks folder"
)


@pytest.fixture(scope="module")
def original():
    """The runs of the original study."""
    import torch
    from torchvision.models import resnet18

    def untrained(url, **_):
        assert "resnet18" in url
        return resnet18().state_dict()

    with pytest.MonkeyPatch.context() as patch:
        # In place of the weights that resnet18-imagenet downloads.
        patch.setattr(torch.hub, "load_state_dict_from_url", untrained)
        return plan(read_study(STUDIES / "original.toml"))


def test_the_original_study_has_every_method_of_its_tables_on_seven_datasets(original):
    assert list(dict.fromkeys(run.dataset for run in original)) == SEVEN
    assert {run.seed for run in original} == {0, 1, 2}
    methods = {run.method for run in original}
    families = Counter(plugins.find_method(name).info.family for name in methods)
    assert families == {"reconstruction": 26, "one-stage": 4, "two-stage": 6, "adapted": 2}
    assert len(original) == 7 * 38 * 3


def test_the_original_study_keeps_the_study_s_settings(original):
    for run in original:
        info = plugins.find_method(run.method).info
        assert run.epochs == paper_settings.epochs(info, run.dataset)
        assert run.channels == paper_settings.channels(info, run.dataset)
        assert run.image_size == info.image_size
        assert run.options == paper_settings.options(info, run.dataset)
        assert run.label == run.method


def test_the_small_study_has_two_datasets_and_short_schedules():
    runs = plan(read_study(STUDIES / "small.toml"))
    assert {run.dataset for run in runs} == {"braintumor", "brats2021"}
    assert len(runs) == 2 * 24 * 3
    for run in runs:
        info = plugins.find_method(run.method).info
        assert run.epochs < paper_settings.epochs(info, run.dataset)
        assert run.image_size == 64
