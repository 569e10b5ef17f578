"""Places against the plain rules: try by try on the same numbers, and in distribution."""

from types import SimpleNamespace

import cv2
import numpy as np
import pytest
import torch
from mia_ssl.one_stage.methods import RECORDS
from mia_ssl.pasting.boxes import Boxes
from mia_ssl.pasting.foreground import Foreground
from mia_ssl.pasting.geometry import half_widths, place, resized
from mia_ssl.pasting.options import PatchOptions
from mia_ssl.pasting.random_numbers import RandomNumbers
from scipy.stats import gamma, ks_2samp, kstest, norm


@pytest.fixture
def scene(brain):
    """Foreground of 48 slices, numbers and sources for them, and the places of their patches."""
    masks = Foreground.of(torch.from_numpy(brain(48, 96)).transpose(0, 1), 20)
    numbers = RandomNumbers.draw(48, PatchOptions(), torch.Generator().manual_seed(5))
    origin = torch.arange(48).roll(1)

    def places(name, options):
        return place(RECORDS[name].recipe, numbers, origin, masks, masks, options)

    return SimpleNamespace(masks=masks, numbers=numbers, origin=origin, place=places)


def one_by_one(name, numbers, origin, mask, options):
    """The rules of the study, a place at a time, on numbers already drawn."""
    recipe, side = RECORDS[name].recipe, mask.shape[1]
    least, most = (round(bound * side) for bound in options.width_bounds)
    sources, targets = (
        torch.cat([places[n] for n in range(len(places))], 2).double()
        for places in (numbers.source, numbers.target)
    )
    for number in range(options.patches):
        for i in range(len(mask)):
            if number > 0 and numbers.gate[i, number] >= 0.5:
                continue
            halves = []
            for u in numbers.size[i, number].double():
                share = 0.05 - 0.03 * float(torch.log1p(-u).sum())
                halves.append(int(np.clip(share * side, least, most)))
            for u in sources[i, number].tolist():
                center = [least + int(x * (side - 2 * least)) for x in u]
                first = [max(c - h, 0) for c, h in zip(center, halves, strict=True)]
                last = [min(c + h, side) for c, h in zip(center, halves, strict=True)]
                inside = mask[origin[i], first[0] : last[0], first[1] : last[1]]
                if inside.double().mean() > options.minimum_foreground:
                    break
            else:
                continue
            shape = [b - a for a, b in zip(first, last, strict=True)]
            target = first
            if recipe.resized:
                scale = np.clip(1 + 0.5 * norm.ppf(float(numbers.scale[i, number])), 0.7, 1.3)
                height = np.clip(scale * shape[0], least, most)
                width = np.clip(int(height / shape[0] * shape[1]), least, most)
                shape = [int(np.clip(int(width / shape[1] * shape[0]), least, most)), int(width)]
            if recipe.shifted:
                box = mask[origin[i], first[0] : last[0], first[1] : last[1]].numpy()
                patch = torch.from_numpy(cv2.resize(box, shape[::-1]))
                for u in targets[i, number].tolist():
                    target = [int(x * (side - n + 1)) for x, n in zip(u, shape, strict=True)]
                    inside = mask[i, target[0] : target[0] + shape[0]]
                    inside = inside[:, target[1] : target[1] + shape[1]]
                    if (inside & patch).sum() > options.minimum_overlap * patch.sum():
                        break
                else:
                    continue
            yield number, i, int(origin[i]), *first, *target, *shape


@pytest.mark.parametrize("name", ["cutpaste", "fpi", "nsa"])
@pytest.mark.parametrize("options", [PatchOptions(), PatchOptions(minimum_overlap=0.95)])
def test_first_accepted_place_is_that_of_trying_one_by_one(name, options, scene):
    got = place(
        RECORDS[name].recipe, scene.numbers, scene.origin, scene.masks, scene.masks, options
    )
    expected = list(one_by_one(name, scene.numbers, scene.origin, scene.masks.mask, options))
    source, target = got.source, got.target
    columns = (got.number, got.image, got.origin, source.top, source.left)
    columns += (target.top, target.left, target.height, target.width)
    assert torch.stack(columns, 1).tolist() == [list(row) for row in expected]


def plain_patches(plain_nsa, name, own, theirs, rng):
    """The patches of one image, tried place by place."""
    recipe = RECORDS[name].recipe
    for number in range(plain_nsa.PATCHES):
        if number > 0 and rng.random() < 0.5:
            continue
        source = target = plain_nsa.source_box(theirs, rng)
        if source is not None and recipe.shifted:
            mask = theirs[source]
            if recipe.resized:
                _, mask = plain_nsa.resized(mask, mask, len(own), rng)
            target = plain_nsa.target_box(own, mask, rng)
        if target is None:
            continue
        yield {
            "number": number,
            "top": target[0].start,
            "left": target[1].start,
            "height": target[0].stop - target[0].start,
            "width": target[1].stop - target[1].start,
            "source_top": source[0].start,
            "source_left": source[1].start,
            "source_height": source[0].stop - source[0].start,
        }


@pytest.mark.parametrize("name", ["cutpaste", "pii", "nsa"])
def test_counts_sizes_and_places_are_distributed_as_the_plain_rules(name, plain_nsa, brain):
    images = brain(40, 96)
    masks = [plain_nsa.foreground(image) for image in images[:, 0]]
    rng = np.random.default_rng(1)
    expected, options = [], PatchOptions()
    for repeat in range(25):
        for i, mask in enumerate(masks):
            found = plain_patches(plain_nsa, name, mask, masks[(i + 1 + repeat) % 40], rng)
            expected += [{**patch, "image": i} for patch in found]
    planes = torch.from_numpy(images).transpose(0, 1)
    foreground = Foreground.of(planes, 20)
    generator = torch.Generator().manual_seed(1)
    parts = []
    for repeat in range(25):
        origin = torch.arange(40).roll(-1 - repeat)
        numbers = RandomNumbers.draw(40, options, generator)
        parts.append(place(RECORDS[name].recipe, numbers, origin, foreground, foreground, options))
    got = {
        "number": [p.number for p in parts],
        "top": [p.target.top for p in parts],
        "left": [p.target.left for p in parts],
        "height": [p.target.height for p in parts],
        "width": [p.target.width for p in parts],
        "source_top": [p.source.top for p in parts],
        "source_left": [p.source.left for p in parts],
        "source_height": [p.source.height for p in parts],
    }
    assert abs(sum(map(len, parts)) / len(expected) - 1) < 0.06  # about 1750 each
    for key, values in got.items():
        sample = torch.cat(values).numpy()
        assert ks_2samp(sample, [patch[key] for patch in expected]).pvalue > 0.001, key


def test_half_widths_are_a_clipped_gamma():
    """On a side so long that whole pixels do not show."""
    side, options = 100_000, PatchOptions()
    uniform = torch.rand(5000, 2, 2, generator=torch.Generator().manual_seed(0))
    halves = half_widths(uniform, (side, side), options).double().flatten() / side
    assert halves.min() >= 0.05
    assert halves.max() <= 0.4
    inside = halves[halves < 0.4].numpy()
    exact = gamma(2, loc=0.05, scale=0.03)
    assert kstest(inside, lambda x: exact.cdf(x) / exact.cdf(0.4)).pvalue > 0.01


def test_every_patch_has_enough_foreground_at_both_ends(scene):
    options = PatchOptions()
    patches = place(
        RECORDS["nsa"].recipe, scene.numbers, scene.origin, scene.masks, scene.masks, options
    )
    masks = scene.masks.mask.numpy()
    ends = (patches.source.slices(patches.origin), patches.target.slices(patches.image))
    for (origin, source), (image, target) in zip(*ends, strict=True):
        theirs, own = masks[origin][source], masks[image][target]
        assert theirs.mean() > 0.7
        patch = cv2.resize(theirs, own.shape[::-1])
        assert (patch & own).sum() > 0.7 * patch.sum()
    assert len(patches) > 60


@pytest.mark.parametrize("width_bounds", [(0.03, 0.4), (0.1, 0.2)])
def test_resized_boxes_stay_within_bounds_and_keep_their_aspect(width_bounds):
    generator = torch.Generator().manual_seed(0)
    height, width = torch.randint(15, 180, (2, 500), generator=generator)
    boxes = Boxes(torch.zeros_like(height), torch.zeros_like(height), height, width)
    uniform = torch.rand(500, generator=generator, dtype=torch.float64)
    new = resized(boxes, uniform, (224, 224), PatchOptions(width_bounds=width_bounds))
    low, high = (round(bound * 224) for bound in width_bounds)
    for old, side in ((height, new.height), (width, new.width)):
        assert side.min() >= low
        assert side.max() == high
        assert (side != old).any()
    free = (new.height > low) & (new.width > low) & (new.height < high) & (new.width < high)
    slack = (new.height * width - new.width * height).abs() / torch.maximum(height, width)
    assert (slack[free] <= 1).all()
    assert free.sum() > 50


def test_no_foreground_no_patch_and_no_endless_loop():
    empty = Foreground.of(torch.zeros(1, 3, 50, 50, dtype=torch.uint8), 20)
    numbers = RandomNumbers.draw(3, PatchOptions(), torch.Generator().manual_seed(0))
    for name in ("fpi", "nsa"):
        found = place(RECORDS[name].recipe, numbers, torch.arange(3), empty, empty, PatchOptions())
        assert len(found) == 0


def test_later_patches_are_pasted_later(scene):
    patches = place(
        RECORDS["cutpaste"].recipe,
        scene.numbers,
        scene.origin,
        scene.masks,
        scene.masks,
        PatchOptions(),
    )
    parts = list(patches.in_turn())
    assert [part.number.unique().tolist() for part in parts] == [[0], [1], [2]]
    assert all(len(part.image.unique()) == len(part) for part in parts)
    assert sum(map(len, parts)) == len(patches)
