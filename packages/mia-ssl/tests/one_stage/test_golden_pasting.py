"""What is pasted against what the original project's own code pasted, ``golden/pasting*``.

In distribution over 300 images, and pixel by pixel on patches whose boxes and factors are given.
"""

from __future__ import annotations

import json

import numpy as np
import pytest
import torch
from mia_ssl.one_stage.methods import RECORDS
from mia_ssl.pasting.boxes import Boxes
from mia_ssl.pasting.canvas import Canvas
from mia_ssl.pasting.foreground import Foreground
from mia_ssl.pasting.geometry import place
from mia_ssl.pasting.labels import write_label
from mia_ssl.pasting.options import PatchOptions
from mia_ssl.pasting.paste import another, paste
from mia_ssl.pasting.patches import Patches
from mia_ssl.pasting.random_numbers import RandomNumbers
from PIL import Image

CASES = ["cutpaste", "fpi", "pii", "nsa", "nsa-shift", "nsa-shift-raw-intensity"]
SETTINGS = ["cutpaste", "fpi", "pii", "nsa", "nsa-shift", "nsa-shift-intensity", "nsa-shift-m"]
OPTIONS = PatchOptions()


@pytest.fixture(scope="module")
def study_images(shared):
    """Training images of BrainTumor as the study's one-stage methods read them: by name."""

    def read(name):
        with Image.open(shared / "data" / "BrainTumor" / "images" / name) as image:
            gray = image.convert("L")
        scale = 256 / min(gray.size)
        gray = gray.resize([int(scale * side) for side in gray.size], Image.Resampling.LANCZOS)
        left, top = (round((side - 224) / 2) for side in gray.size)
        return np.asarray(gray.crop((left, top, left + 224, top + 224)))

    facts = json.loads((shared / "data" / "BrainTumor" / "data.json").read_text(encoding="utf-8"))
    return {name: read(name) for name in sorted(facts["train"]["0"])[:300]}


@pytest.fixture(scope="module")
def planes(study_images):
    return torch.from_numpy(np.stack([*study_images.values()]))[None]


@pytest.fixture(scope="module")
def foreground(planes):
    return Foreground.of(planes, OPTIONS.foreground_threshold)


@pytest.fixture(scope="module")
def statistics(shared):
    path = shared / "golden" / "pasting.json"
    return json.loads(path.read_text(encoding="utf-8"))["one_stage"]


def sides_of_targets(recipe, foreground, generator):
    """Sides of the target boxes, and patches an image."""
    count = len(foreground.mask)
    numbers = RandomNumbers.draw(count, OPTIONS, generator)
    origin = torch.arange(count)
    if recipe.from_other_image:
        origin = another(numbers.other, origin, count)
    target = place(recipe, numbers, origin, foreground, foreground, OPTIONS).target
    return torch.cat((target.height, target.width)).double(), len(target.height) / count


def measured(name, planes, foreground, seed):
    recipe, generator = RECORDS[name].recipe, torch.Generator().manual_seed(seed)
    sides, patches = sides_of_targets(recipe, foreground, generator)
    images = planes.transpose(0, 1)
    pasted, label = paste(recipe, images, OPTIONS, generator)
    apart = (pasted.int() - images.int()).abs()
    return {
        **{f"changed_above_{k}": (apart > k).double().mean() for k in (0, 1, 5, 20)},
        "mean_change": apart.double().mean(),
        "labelled": (label > 0).double().mean(),
        "label_mean": label.double().mean(),
        "label_of_labelled": label[label > 0].double().mean(),
        "patches_an_image": torch.tensor(patches),
        "largest_side": sides.max(),
        **{f"side_quantile_{q}": sides.quantile(q / 100) for q in (5, 25, 50, 75, 95)},
    }


@pytest.mark.parametrize("name", SETTINGS)
def test_pastes_are_distributed_as_the_originals(name, planes, foreground, statistics):
    """Means over three seeds, as many as the original's."""
    expected = statistics[name]
    runs = [measured(name, planes, foreground, seed) for seed in range(3)]
    for key in runs[0]:
        mean, deviation = expected[key]
        got = float(np.mean([run[key] for run in runs]))
        if key == "largest_side":  # an extreme, but for nsa, whose patches are limited
            assert not name.startswith("nsa") or got == mean == 90
            continue
        assert abs(got - mean) <= max(4 * deviation, 0.05 * mean), (key, got, mean, deviation)


@pytest.fixture(scope="module", params=CASES)
def case(request, golden, study_images):
    """Forty patches pasted as the original pasted them: names, golden arrays, ours."""
    arrays = golden("pasting-cases")
    prefix = f"{request.param}/"
    expected = {
        key.removeprefix(prefix): value for key, value in arrays.items() if key.startswith(prefix)
    }
    sources = torch.from_numpy(np.stack([study_images[name] for name in arrays["names"]]))
    masks = Foreground.of(sources[None], OPTIONS.foreground_threshold).mask
    image, origin = (torch.from_numpy(expected[key]).long() for key in ("image", "source"))
    source, target = (
        Boxes(*torch.from_numpy(expected[key]).long().unbind(1))
        for key in ("source_box", "target_box")
    )
    before = sources[image][None]
    canvas = Canvas(
        pasted=before.clone(),
        mask=masks[image],
        sources=sources[None],
        source_mask=masks,
        factor=torch.from_numpy(expected["factor"]),
    )
    count = len(image)
    number, every = torch.zeros(count).long(), torch.arange(count)
    patches = Patches.of(masks, number, every, origin, source, target)
    recipe, label = RECORDS[request.param].recipe, torch.zeros(count, 224, 224)
    recipe.blend(canvas, patches)
    write_label(label, recipe, before, canvas, patches, OPTIONS)
    return request.param, expected, canvas.pasted[0].numpy(), label.numpy()


def test_patches_are_blended_as_by_the_original(case):
    name, expected, pasted, _ = case
    off = np.abs(pasted.astype(int) - expected["pasted"])
    if name in ("cutpaste", "fpi"):
        assert off.max() == 0
    else:
        assert ((off <= 1).mean((1, 2)) >= 0.99).all()
        assert (off == 0).mean() > 0.999


def test_labels_are_the_originals(case):
    name, expected, _, label = case
    if name in ("cutpaste", "fpi"):
        np.testing.assert_array_equal(label, expected["label"])
    else:
        near = np.abs(label - expected["label"]) <= 0.02
        assert (near.mean((1, 2)) >= 0.99).all()
        assert near.mean() > 0.999
