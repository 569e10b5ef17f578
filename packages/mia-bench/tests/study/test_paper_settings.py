"""Options that bring the original's behavior exist, and are set for all methods at once."""

from __future__ import annotations

import pytest
from mia_bench.detectors.plugins import find_method
from mia_bench.errors import StudyError
from mia_bench.study import paper_settings
from mia_bench.study.plan import list_runs
from mia_bench.study.study import DatasetEntry, MethodEntry, Study
from mia_bench.study.study_file import parse_study

SEVEN = ["rsna", "vincxr", "braintumor", "lag", "isic2018", "camelyon16", "brats2021"]
TABLES = [
    *paper_settings.ORIGINAL_OPTIONS.items(),
    *((method, options) for (method, _), options in paper_settings.OPTIONS.items()),
]


@pytest.mark.parametrize(("name", "options"), TABLES, ids=[name for name, _ in TABLES])
def test_every_option_is_one_that_the_method_has_and_does_not_have_by_default(name, options):
    method = find_method(name)
    sizes = {"in_channels": method.info.channels, "image_size": method.info.image_size}
    default = options_of(method.provider.build(name, **sizes))
    original = options_of(method.provider.build(name, **sizes, **options))
    for key, value in options.items():
        assert original[key] == value
        assert default[key] != value


def options_of(detector):
    """All options of a detector; a two-stage one has those of its paste apart."""
    records = (detector.options, getattr(detector, "paste_options", None))
    return {key: value for record in records if record for key, value in vars(record).items()}


def test_the_datasets_of_the_table_are_the_study_s():
    named = {dataset for _, dataset in paper_settings.OPTIONS}
    assert named <= set(SEVEN)


def study(**settings: object) -> Study:
    return Study(
        name="test",
        datasets=(DatasetEntry(name="rsna"), DatasetEntry(name="brain")),
        methods=(
            MethodEntry(label="ae", method="ae"),
            MethodEntry(label="dae", method="dae"),
            MethodEntry(label="mine", method="vae", options={"kl_weight": 0.1}),
            MethodEntry(label="mean", method="vae", options={"sample_at_test": False}),
        ),
        **settings,
    )


def test_as_original_sets_them_and_a_method_s_own_options_come_first():
    found = {run.name: run.options for run in list_runs(study(as_original=True))}
    assert found == {
        "rsna/ae/seed-0": {},
        "rsna/dae/seed-0": {"original_noise": True},
        "rsna/mine/seed-0": {"sample_at_test": True, "kl_weight": 0.1},
        "rsna/mean/seed-0": {"sample_at_test": False},
        "braintumor/ae/seed-0": {},
        "braintumor/dae/seed-0": {"original_noise": True, "noise_region": "foreground"},
        "braintumor/mine/seed-0": {"sample_at_test": True, "kl_weight": 0.1},
        "braintumor/mean/seed-0": {"sample_at_test": False},
    }
    plain = {run.name: run.options for run in list_runs(study())}
    assert plain["rsna/dae/seed-0"] == {}


def test_a_study_file_and_the_command_line_can_ask_for_it():
    tree = {"datasets": {"phantom": {}}, "methods": {"vae": {}}}
    assert not parse_study(tree, name="s").as_original
    asked = parse_study({**tree, "as_original": True}, name="s")
    assert asked.as_original
    assert asked.choose(seeds=[1]).as_original
    assert parse_study(tree, name="s").choose(as_original=True).as_original
    with pytest.raises(StudyError, match="expected as_original to be true or false, got 1"):
        parse_study({**tree, "as_original": 1}, name="s")


@pytest.mark.parametrize(
    ("name", "epochs"),
    [
        ("ae", 600),
        ("nsa", 250),
        ("fae-mse", 100),
        ("fae-ssim", 100),
        ("rd", 200),
        ("rd++", 200),
        ("recontrast", 100),
        ("f-anogan", 200),
        ("anoddpm", 3000),
        ("autoddpm", 3000),
    ],
)
def test_only_methods_that_count_passes_train_longer_on_few_images(name, epochs):
    """The study trains fae for 10,000 steps on every dataset."""
    assert paper_settings.epochs(find_method(name).info, "braintumor") == epochs


def test_methods_with_a_schedule_of_their_own_count_steps():
    for name in paper_settings.OWN_SCHEDULE - {"anoddpm", "anoddpm-simplex", "autoddpm"}:
        method = find_method(name)
        options = {"backbone": "efficientnet-lite0"} if method.info.weights else {}
        detector = method.provider.build(name, **options)
        assert detector.steps_per_epoch
