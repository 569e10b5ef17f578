"""Share of pixels that the original's own pastes change, and by how much."""

from __future__ import annotations

import json

import mia_ssl
import numpy as np
import pytest
import torch
from mia_ssl.two_stage.color_jitter import JitterFactors, jitter_images
from mia_ssl.two_stage.paste_region import PasteRegion
from PIL import Image

SEEDS = 12  # the golden values are of three; more of ours leave less to chance
LEVELS = (0, 1, 5, 20)


@pytest.fixture(scope="module")
def images(shared):
    """The images that the golden values are of, all gray, uint8 [150, 1, 224, 224]."""
    folder = shared / "data" / "BrainTumor"
    names = json.loads((folder / "data.json").read_text(encoding="utf-8"))["train"]["0"]
    pictures = []
    for name in sorted(names)[:150]:
        with Image.open(folder / "images" / name) as image:
            small = image.convert("L").resize((224, 224), Image.Resampling.BILINEAR)
            pictures.append(np.asarray(small))
    return torch.from_numpy(np.stack(pictures)[:, None])


@pytest.fixture(scope="module")
def theirs(shared):
    text = (shared / "golden" / "pasting.json").read_text(encoding="utf-8")
    return json.loads(text)["two_stage"]


def changes(before, after):
    """Share of pixels that changed by more than some gray levels, and the mean change."""
    apart = np.abs(before[:, 0].numpy().astype(np.int16) - after[:, 0].numpy())
    shares = {f"changed_above_{level}": (apart > level).mean() for level in LEVELS}
    return {**shares, "mean_change": apart.mean()}


def assert_alike(runs, golden):
    """Within four of the given deviations or 5 %, whichever is larger."""
    assert set(runs[0]) == set(golden)
    for name, (mean, deviation) in golden.items():
        ours = np.mean([run[name] for run in runs])
        assert ours == pytest.approx(mean, abs=max(4 * deviation, 0.05 * mean)), name


def jittered(images, seed):
    uniforms = torch.rand(len(images), 4, generator=torch.Generator().manual_seed(seed)).double()
    out = torch.empty_like(images)
    jitter_images(images, JitterFactors.draw(uniforms, 0.1), out=out)
    return out


def test_jitter_of_whole_images(images, theirs):
    runs = [changes(images, jittered(images, seed)) for seed in range(SEEDS)]
    assert_alike(runs, theirs["whole_image_jitter"])


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("cutpaste-2stage", {}),
        ("cutpaste-scar-2stage", {}),
        ("cutpaste-scar-2stage", {"original_places": True}),
    ],
)
def test_paste_into_images_that_are_not_jittered(name, options, images, theirs):
    assert_alike(pasted(name, images, **options), theirs[name])


def test_anatpaste_with_the_originals_mistakes(images, theirs):
    found = PasteRegion.find(images, drop_boxes=True)  # once, for all seeds
    masks = found.masks & found.found[:, None, None]
    runs = pasted("anatpaste", images, region_masks=masks, original_paste=True)
    assert_alike(runs, theirs["anatpaste"])


def pasted(name, images, **options):
    """Changes by the pastes of each seed."""
    return [
        changes(images, mia_ssl.synthesize(name, images, seed=seed, **options)[0])
        for seed in range(SEEDS)
    ]
