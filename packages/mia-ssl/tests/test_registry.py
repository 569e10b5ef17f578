"""Names and saved models, as the package takes them."""

from __future__ import annotations

import json

import mia_ssl
import pytest


@pytest.mark.parametrize("name", [["nsa"], None, "nsaa"])
def test_wrong_names_are_refused(name):
    for call in (mia_ssl.build, lambda name: mia_ssl.load_medianomaly(name, "model.pt")):
        with pytest.raises(ValueError, match="unknown method"):
            call(name)
    with pytest.raises(ValueError, match="unknown method that pastes"):
        mia_ssl.synthesize(name, [], seed=0)


@pytest.fixture(scope="module", params=["nsa", "cutpaste-2stage", "msc"])
def damaged(request, tmp_path_factory):
    """(key, value) -> a saved model of each family, loaded with another fact."""
    folder = tmp_path_factory.mktemp("saved") / "model"
    mia_ssl.build(request.param, image_size=64).save(folder)
    facts = json.loads((folder / "model.json").read_text(encoding="utf-8"))

    def load(key, value):
        text = json.dumps({**facts, key: value})
        (folder / "model.json").write_text(text, encoding="utf-8")
        return mia_ssl.load(folder)

    return load


@pytest.mark.parametrize(
    ("key", "value"),
    [
        *(("method", value) for value in ([], {}, None, "ae")),
        *(("package", value) for value in ([], None, "mia_recon")),
        *(("structure", value) for value in (None, [], 5, "x", {}, {"dict": []})),
        ("structure", {"dict": [["network", 5]]}),
        ("structure", {"dict": [["network", {"dict": [[5, 5]]}]]}),
        ("structure", {"dict": [["network", 5], ["density", 5]]}),
        ("structure", {"dict": [["density", [5]]]}),
        ("structure", {"dict": [["density", {"dict": [["mean", 5], ["whitening", "x"]]}]]}),
        *((key, value) for key in ("options", "settings") for value in (None, 5, "x", [5], [[5]])),
        *(("in_channels", value) for value in (None, [], "1", 2)),
        *(("image_size", value) for value in ([], "64", 0.5)),
    ],
)
def test_damaged_facts_are_one_clear_error(damaged, key, value):
    with pytest.raises(mia_ssl.ModelFileError, match="model"):
        damaged(key, value)


def test_a_model_that_was_not_changed_loads(damaged):
    assert damaged("seed", None).seed is None


@pytest.mark.parametrize("name", ["nsa", "cutpaste-2stage", "panda"])
def test_a_mistyped_training_setting_is_recognized(name):
    with pytest.raises(ValueError, match="'batch_siz'; did you mean 'batch_size'"):
        mia_ssl.build(name, batch_siz=4)
