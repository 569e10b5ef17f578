"""A plan fills in what the study's protocol says and refuses what cannot run before it starts."""

from __future__ import annotations

import pytest
from mia_bench.errors import StudyError
from mia_bench.run_folder.data_record import DataSource
from mia_bench.study.plan import plan
from mia_bench.study.study import DatasetEntry, MethodEntry, Study


def study(*datasets: str, seeds: tuple[int, ...] = (0,), **method: object) -> Study:
    entry = MethodEntry(**{"label": "ae", "method": "ae", **method})
    return Study(
        name="test",
        datasets=tuple(DatasetEntry(name=name) for name in datasets),
        methods=(entry,),
        seeds=seeds,
    )


def test_the_protocol_of_the_study():
    runs = {run.dataset: run for run in plan(study("rsna", "brain", "c16"))}
    assert runs["rsna"].epochs == 250
    assert runs["braintumor"].epochs == 600
    assert {name: run.channels for name, run in runs.items()} == {
        "rsna": 1,
        "braintumor": 1,
        "camelyon16": 3,
    }
    assert {run.image_size for run in runs.values()} == {64}


def test_noise_of_dae_spares_the_background_of_brain_mri_alone():
    def options(**given):
        runs = plan(study("rsna", "brain", "brats", label="dae", method="dae", **given))
        return {run.dataset: run.options for run in runs}

    foreground = {"noise_region": "foreground"}
    assert options() == {"rsna": {}, "braintumor": foreground, "brats2021": foreground}
    everywhere = {"noise_region": "everywhere"}
    assert set(options(options=everywhere)["braintumor"].values()) == {"everywhere"}


def test_a_methods_own_size_comes_before_the_datasets_and_that_before_the_protocols():
    study = Study(
        name="test",
        datasets=(DatasetEntry(name="phantom", image_size=96), DatasetEntry(name="rsna")),
        methods=(
            MethodEntry(label="ae", method="ae"),
            MethodEntry(label="large", method="ae", image_size=128),
        ),
    )
    sizes = {run.name.removesuffix("/seed-0"): run.image_size for run in plan(study)}
    assert sizes == {"phantom/ae": 96, "phantom/large": 128, "rsna/ae": 64, "rsna/large": 128}


def test_a_size_of_a_dataset_that_a_method_cannot_have_is_refused():
    entry = MethodEntry(label="ae", method="ae")
    datasets = (DatasetEntry(name="rsna"), DatasetEntry(name="phantom", image_size=63))
    with pytest.raises(StudyError, match="expected image_size to be a multiple of 16, got 63"):
        plan(Study(name="test", datasets=datasets, methods=(entry,)))


def test_what_is_measured_does_not_make_another_run():
    entries = {"datasets": (DatasetEntry(name="phantom"),)}
    entries["methods"] = (MethodEntry(label="ae", method="ae"),)
    few, all_ = (
        plan(Study(name="test", **entries, **metrics))[0]
        for metrics in ({"metrics": ("auroc",)}, {})
    )
    assert few.metrics == ("auroc",)
    assert few.settings() == all_.settings()


def test_runs_are_named_by_dataset_label_and_seed():
    names = [run.name for run in plan(study("phantom", seeds=(0, 5), label="mine"))]
    assert names == ["phantom/mine/seed-0", "phantom/mine/seed-5"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"method": "aee"}, "unknown method 'aee'; did you mean 'ae.*Known: .*ae"),
        ({"options": {"latnet": 3}}, "unknown option of ae 'latnet'; did you mean 'latent'"),
        ({"image_size": 63}, "expected image_size to be a multiple of 16, got 63"),
        ({"epochs": -1}, "expected epochs to be 0 or above, got -1"),
        ({"epochs": 0, "select": "pseudo_auroc"}, "method 'ae' is not trained"),
    ],
)
def test_what_cannot_run_is_refused(arguments, message):
    with pytest.raises(StudyError, match=message):
        plan(study("phantom", **arguments))


def test_two_names_of_one_dataset_are_refused():
    with pytest.raises(StudyError, match="named more than once in the study: braintumor/ae/seed-0"):
        plan(study("brain", "braintumor"))


def own(name: str, **source: str) -> Study:
    entry = MethodEntry(label="ae", method="ae")
    return Study(name="test", datasets=(DatasetEntry(name=name, **source),), methods=(entry,))


def test_images_of_ones_own_are_read_as_the_method_likes():
    (run,) = plan(own("my-mri", folder="/scans"))
    assert (run.dataset, run.name) == ("my-mri", "my-mri/ae/seed-0")
    assert (run.epochs, run.image_size, run.channels, run.options) == (250, 64, 1, {})
    assert run.source == DataSource(folder="/scans")
    (moved,) = plan(own("my-mri", folder="/elsewhere"))
    assert moved.settings() == run.settings()  # the same run, wherever its images are


@pytest.mark.parametrize(
    ("study", "message"),
    [
        (own("rsna", folder="/x"), "expected another name for /x than 'rsna', which is that of a"),
        (own("brain", manifest="/x.csv"), "expected another name for /x.csv than 'brain'"),
        (own("my-mri"), "unknown dataset 'my-mri'.*; images of your own have a path instead"),
        (own("../x", folder="/x"), "to have a name that a folder can have, got '../x'"),
        (own("", folder="/"), "to have a name that a folder can have, got ''"),
    ],
)
def test_names_of_ones_own_images(study, message):
    with pytest.raises(StudyError, match=message):
        plan(study)


def test_a_methods_own_rule_of_selection_comes_before_the_studys():
    entries = (
        MethodEntry(label="ae", method="ae"),
        MethodEntry(label="vae", method="vae", select="last"),
        MethodEntry(label="aeu", method="aeu", select="synthetic_auroc"),
    )
    whole = Study(
        name="test",
        datasets=(DatasetEntry(name="phantom"),),
        methods=entries,
        select="pseudo_auroc",
    )
    assert [run.select for run in plan(whole)] == ["pseudo_auroc", None, "synthetic_auroc"]
