"""Regions to paste into: the lung field on phantoms whose lungs are known, and others."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from mia_ssl.two_stage.paste_region import PasteRegion, lung_field
from skimage.exposure import equalize_adapthist
from skimage.filters import threshold_otsu
from skimage.measure import label, regionprops
from skimage.morphology import dilation, opening
from skimage.segmentation import clear_border


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
    region = PasteRegion.of(mask.repeat(count, 1, 1))
    u = torch.rand(count, 2, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    row, column = region.pixel(u)
    assert mask[row, column].all()
    for y, x in mask.nonzero().tolist():
        share = ((row == y) & (column == x)).float().mean().item()
        assert share == pytest.approx(0.2, abs=0.02)


def test_masks_of_another_shape_are_refused():
    with pytest.raises(ValueError, match=r"masks of shape \(3, 64, 64\), got \(2, 64, 64\)"):
        PasteRegion.from_masks(np.ones((2, 64, 64)), (3, 1, 64, 64))


def by_scikit_image(image):
    """The rule of the paper with scikit-image's operations."""
    square = np.ones((3, 3), np.uint8)
    even = equalize_adapthist(image)
    dark = (even <= threshold_otsu(even)) & (even > 0)
    inner = dilation(clear_border(opening(dark.astype(np.uint8), square)), square)
    kept = [part for part in regionprops(label(inner)) if part.area >= 400]
    return sum((label(inner) == part.label for part in kept), np.zeros(image.shape, bool))


def test_lung_field_is_that_of_scikit_images_operations(brain, chest):
    for image in [*brain(12)[:, 0], chest(224)[0]]:
        np.testing.assert_array_equal(lung_field(image), by_scikit_image(image))


def test_small_component_takes_its_bounding_box_along_where_asked(chest):
    image, _ = chest(224)
    for place in range(21):  # a thin diagonal line below the lungs, and a block in its corner
        image[178 + place : 182 + place, 90 + place : 94 + place] = 60
    image[178:188, 102:112] = 60
    plain, boxes = lung_field(image), lung_field(image, drop_boxes=True)
    assert (boxes <= plain).all()
    components = label(dilation_of_dark(image))
    for part in regionprops(components):
        if part.area < 400:
            assert not boxes[part.slice].any()


def dilation_of_dark(image):
    square = np.ones((3, 3), np.uint8)
    even = equalize_adapthist(image)
    dark = (even <= threshold_otsu(even)) & (even > 0)
    return dilation(clear_border(opening(dark.astype(np.uint8), square)), square)


def test_regions_know_whether_one_was_found():
    masks = torch.zeros(3, 8, 8, dtype=torch.bool)
    masks[1, 2:4, 2:4] = True
    region = PasteRegion.joined([PasteRegion.of(masks[:2]), PasteRegion.of(masks[2:])])
    assert region.found.tolist() == [False, True, False]
    assert region.masks.sum((1, 2)).tolist() == [64, 4, 64]
    assert region.take(torch.tensor([1])).found.tolist() == [True]
