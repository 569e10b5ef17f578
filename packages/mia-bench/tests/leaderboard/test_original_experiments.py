"""The facts of the original experiments: complete, and right about what this software does."""

import mia_data
import pytest
from mia_bench.detectors import plugins
from mia_bench.leaderboard.original_experiments import MRI, original_experiment
from mia_bench.leaderboard.published import published_figures
from mia_bench.study import paper_settings

METHODS = sorted({figure.method for figure in published_figures()})


def values_of(method, dataset):
    """Options and training settings of a detector that is built without any option."""
    original = original_experiment(method, dataset)
    detector = plugins.build_detector(
        method,
        {},
        in_channels=original.channels,
        image_size=original.image_size,
        label=method,
    )
    return {**vars(detector.settings), **vars(detector.options)}


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("dataset", ["rsna", "braintumor", "brats2021"])
def test_an_option_that_is_not_set_has_the_value_that_the_facts_say(method, dataset):
    original = original_experiment(method, dataset)
    found = values_of(method, dataset)
    assert original.options
    for option, value in original.options.items():
        assert found[option] == original.unset.get(option, value), option


def test_there_are_facts_of_every_method_with_published_figures():
    for figure in published_figures():
        original = original_experiment(figure.method, figure.dataset)
        assert set(figure.options) <= set(original.options)


def test_schedules_and_sizes_of_the_study():
    assert original_experiment("ae", "rsna").epochs == 250
    assert original_experiment("ae", "braintumor").epochs == 600
    assert original_experiment("nsa", "braintumor").epochs == 250
    assert original_experiment("nsa", "vincxr").epochs == 400
    assert original_experiment("ae", "camelyon16").channels == 3
    assert original_experiment("nsa", "camelyon16").channels == 1
    assert original_experiment("dae", "rsna").image_size == 128
    assert original_experiment("pii", "rsna").image_size == 256
    assert {original_experiment(name, "lag").resize for name in ("ae", "dae")} == {"squash"}


def test_noise_is_kept_inside_the_head_on_mri_alone():
    for dataset in mia_data.names():
        options = original_experiment("dae", dataset).options
        assert (options["noise_region"] == "foreground") == (dataset in MRI)
        assert options["original_noise"] is True


@pytest.mark.parametrize("method", METHODS)
def test_as_original_sets_what_differs_from_the_original(method):
    original = original_experiment(method, "rsna")
    differs = {
        k: original.options[k] for k, v in original.unset.items() if original.options[k] != v
    }
    assert paper_settings.original_options(method) == differs
