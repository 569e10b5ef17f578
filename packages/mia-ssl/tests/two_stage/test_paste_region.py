"""Regions to paste into: the lung field on phantoms whose lungs are known, and others."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from mia_ssl._engine.images import ImageSource
from mia_ssl.two_stage.paste_region import (
    PASTE_REGIONS,
    PasteRegion,
    SourceWithRegions,
    lung_field,
)


@pytest.mark.parametrize(("size", "excess"), [(64, 0.3), (128, 0.15), (224, 0.1)])
def test_covers_both_lungs_and_little_else(chest, size, excess):
    image, lungs = chest(size)
    field = lung_field(image)
    for half in (slice(0, size // 2), slice(size // 2, size)):
        assert field[:, half][lungs[:, half]].mean() > 0.9
    assert (field & ~lungs).sum() < excess * lungs.sum()  # a rim of a pixel


def test_small_and_border_components_are_dropped(chest):
    image, lungs = chest(224)
    image[0:40, 100:124] = 40  # dark, but at the border
    image[190:200, 108:118] = 60  # dark and inside, but under 400 pixels
    field = lung_field(image)
    assert not field[0:30, 100:124].any()
    assert not field[185:205, 100:124].any()
    assert field[lungs].mean() > 0.9


@pytest.mark.parametrize("value", [0, 128, 255])
def test_flat_image_has_no_lung_field_and_gets_all_of_itself(value):
    image = np.full((64, 64), value, dtype=np.uint8)
    assert not lung_field(image).any()
    assert PasteRegion.find(torch.from_numpy(image)[None, None]).masks.all()


def test_color_image_is_read_as_gray(chest):
    image, _ = chest(64)
    gray = torch.from_numpy(image)[None, None]
    region = PasteRegion.find(torch.cat([gray, gray]))
    np.testing.assert_array_equal(PasteRegion.find(gray.repeat(1, 3, 1, 1)).masks, region.masks[:1])


def test_other_regions_are_the_foreground_and_the_image(chest):
    """For modalities without lungs."""
    image, _ = chest(64)
    batch = torch.from_numpy(np.stack([image, np.zeros_like(image)])[:, None])
    foreground = PasteRegion.find(batch, "foreground").masks
    assert (foreground[0].numpy() == (image > 20)).mean() > 0.99
    assert foreground[1].all()  # black: it gets all of itself
    assert PasteRegion.find(batch, "image").masks.all()


def test_pixels_are_drawn_uniformly_from_the_region():
    mask = torch.zeros(64, 64, dtype=torch.bool)
    mask[10, 5:9] = True
    mask[50, 60] = True
    count = 5000
    region = PasteRegion(mask.repeat(count, 1, 1))
    u = torch.rand(count, 2, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    row, column = region.pixel(u)
    assert mask[row, column].all()
    for y, x in mask.nonzero().tolist():
        share = ((row == y) & (column == x)).float().mean().item()
        assert share == pytest.approx(0.2, abs=0.02)


def test_masks_of_another_shape_are_refused():
    with pytest.raises(ValueError, match=r"masks of shape \(3, 64, 64\), got \(2, 64, 64\)"):
        PasteRegion.from_masks(np.ones((2, 64, 64)), (3, 1, 64, 64))


@pytest.mark.parametrize("kind", PASTE_REGIONS)
def test_taken_images_come_with_their_own_regions(chest, kind):
    image, _ = chest(64)
    images = np.stack([np.roll(image, shift, axis=1) for shift in range(0, 20, 4)])[:, None]
    source = SourceWithRegions(ImageSource(images), kind)
    index = torch.tensor([4, 0, 2, 2])
    taken = source.take(index)
    assert torch.equal(taken.cpu(), torch.from_numpy(images)[index])
    expected = PasteRegion.find(torch.from_numpy(images)[index], kind)
    assert torch.equal(source.taken.masks, expected.masks)
    assert len(source) == 5
