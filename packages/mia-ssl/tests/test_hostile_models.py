"""Models whose facts name other networks than their weights: refused before one is made."""

from __future__ import annotations

import json

import mia_ssl
import pytest


@pytest.fixture(scope="module", params=["cutpaste-2stage", "msc", "padim", "nsa"])
def saved(request, tmp_path_factory):
    folder = tmp_path_factory.mktemp("saved") / "model"
    mia_ssl.build(request.param, image_size=64).save(folder)
    return request.param, folder


# Their networks are of the size that the options say.
DETECTORS = {"cutpaste-2stage": "two_stage.detector.TwoStageDetector"}
DETECTORS["msc"] = "adapted.detector.AdaptedDetector"
HOSTILE = {
    "cutpaste-2stage": [
        {"options": {"head": [30_000, 30_000]}},
        {"options": {"head": [10**12]}},
        {"options": {"head": [1] * 20_000}},
        {"options": {"backbone": "regnet_y_128gf"}},
        {"options": {"backbone": "vit_h_14"}},
    ],
    "msc": [
        {"options": {"backbone": "wide_resnet101_2"}},
        {"options": {"trained_stages": 10**9}},
        {"options": {"backbone": "timm:hf-hub:someone/something"}},
    ],
    "padim": [
        {"options": {"smoothing": 1e6}},
        {"options": {"backbone": "timm:local-dir:/tmp"}},
        {"options": {"stages": [10**9]}},
        {"options": {"stages": list(range(10**5))}},
        {"image_size": 4097},
    ],
    "nsa": [{"image_size": 4097}, {"image_size": 10**12}, {"in_channels": 10**9}],
}


def not_made(*_, **__):
    pytest.fail("the detector was made")


def test_it_is_refused_before_it_is_made(saved, monkeypatch):
    name, folder = saved
    path = folder / "model.json"
    whole = path.read_text()
    mia_ssl.load(folder)
    if name in DETECTORS:
        monkeypatch.setattr(f"mia_ssl.{DETECTORS[name]}.__init__", not_made)
    for facts in HOSTILE[name]:
        meta = json.loads(whole)
        for key, value in facts.items():
            meta[key] = {**meta[key], **value} if isinstance(value, dict) else value
        path.write_text(json.dumps(meta))
        with pytest.raises(mia_ssl.ModelFileError) as caught:
            mia_ssl.load(folder)
        assert "\n" not in str(caught.value)
        assert len(str(caught.value)) < 1_000
    path.write_text(whole)
