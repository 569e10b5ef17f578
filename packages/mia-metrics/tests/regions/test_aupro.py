"""AUPRO against its definition: the curve of the mean overlap, drawn and integrated."""

import mia_metrics as mm
import numpy as np
import pytest
from scipy.ndimage import label


def aupro_by_definition(masks, maps, limit):
    regions = []
    for number, mask in enumerate(masks):
        labels, count = label(mask, np.ones((3, 3)))
        regions += [(number, labels == k) for k in range(1, count + 1)]
    fprs, overlaps = [0.0], [0.0]
    for threshold in np.unique(maps)[::-1]:
        called = maps >= threshold
        fprs.append(np.sum(called & ~masks) / np.sum(~masks))
        overlaps.append(np.mean([called[image][region].mean() for image, region in regions]))
    fprs, overlaps = np.array(fprs), np.array(overlaps)
    inside = fprs <= limit
    x, y = fprs[inside], overlaps[inside]
    if x[-1] < limit:  # cut the segment that crosses the limit
        after = np.flatnonzero(~inside)[0]
        slope = (overlaps[after] - y[-1]) / (fprs[after] - x[-1])
        x, y = np.append(x, limit), np.append(y, y[-1] + slope * (limit - x[-1]))
    return np.sum(np.diff(x) * (y[1:] + y[:-1]) / 2) / limit


@pytest.mark.parametrize("limit", [0.01, 0.05, 0.3, 1.0])
@pytest.mark.parametrize("levels", [1, 3, 12, None])
@pytest.mark.parametrize("seed", range(4))
def test_aupro_equals_its_definition(pixels, seed, levels, limit):
    masks, maps = pixels(seed, levels=levels)
    expected = aupro_by_definition(masks, maps, limit)
    assert mm.aupro(masks, maps, limit=limit) == pytest.approx(expected, abs=1e-12)


def test_diagonal_neighbors_are_one_region_and_images_are_apart():
    masks = np.zeros((2, 4, 4), bool)
    masks[0, 0, 0] = masks[0, 1, 1] = True  # one region of two pixels
    masks[1, 0, 0] = True  # another, although it touches the first in the stack
    maps = np.where(masks, 0.0, 1.0)
    maps[0, 0, 0] = 2.0  # half of the first region, before any normal pixel
    assert mm.aupro(masks, maps, limit=0.3) == pytest.approx(0.25)


def test_one_region_at_the_whole_range_is_the_pixel_auroc(pixels):
    masks, maps = pixels(0, levels=9)
    masks[:] = False
    masks[0, 2:6, 3:8] = True
    assert mm.aupro(masks, maps, limit=1.0) == pytest.approx(mm.pixel_auroc(masks, maps))


def test_a_perfect_map_has_aupro_1(pixels):
    masks, _ = pixels(1)
    assert mm.aupro(masks, masks.astype(float)) == 1.0


@pytest.mark.parametrize("limit", [0.0, -0.1, 1.1, float("nan")])
def test_a_limit_outside_its_range_is_refused(pixels, limit):
    with pytest.raises(ValueError, match="expected limit in"):
        mm.aupro(*pixels(0), limit=limit)
    with pytest.raises(ValueError, match="expected limit in"):
        mm.pixel_metrics(*pixels(0), limit=limit)
