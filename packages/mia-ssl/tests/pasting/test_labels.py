import cv2
import mia_ssl
import numpy as np
import pytest
import torch
from skimage.filters import median
from skimage.morphology import disk


def expected_label(name, before, after):
    """The study's definition on whole images that are all foreground."""
    apart = np.abs(before.astype(float) - after).mean(0)
    changed = cv2.medianBlur(np.uint8(apart > 1), 5)
    if name in ("cutpaste", "nsa-shift", "nsa-shift-m"):
        return changed
    level = median(changed * apart, disk(5))
    if "raw" in name:
        return level
    return changed / (1 + np.exp(-0.5 * (level - 4)))


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize(
    "name", ["cutpaste", "nsa", "nsa-shift", "nsa-shift-raw-intensity-m", "nsa-shift-intensity"]
)
def test_label_is_the_studys_of_the_whole_image(name, channels, discs):
    images = discs(12, size=72, channels=channels)
    pasted, label = mia_ssl.synthesize(name, images, seed=1, foreground_threshold=None)
    for before, after, got in zip(images, pasted.numpy(), label.numpy(), strict=True):
        expected = expected_label(name, before, after)
        np.testing.assert_allclose(got[0], expected, atol=2e-6 * max(1, expected.max()))
    assert label.any()


@pytest.mark.parametrize(("count", "width"), [(24, 40), (120, 200)])
@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("name", ["cutpaste", "nsa", "nsa-shift-raw-intensity"])
def test_label_is_right_at_borders_and_where_patches_meet(name, channels, count, width):
    images = np.random.default_rng(2).integers(0, 256, (count, channels, 48, width), dtype=np.uint8)
    images[::2] //= 64  # small differences, of which the median leaves single pixels out
    options = {"foreground_threshold": None, "width_offset": 0.2, "patches": 4}
    options["width_bounds"] = (0.03, 0.5)
    pasted, label = mia_ssl.synthesize(name, images, seed=3, **options)
    borders = np.zeros(4, int)
    for before, after, got in zip(images, pasted.numpy(), label.numpy(), strict=True):
        expected = expected_label(name, before, after)
        np.testing.assert_allclose(got[0], expected, atol=2e-6 * max(1, expected.max()))
        borders += [edge.any() for edge in (got[0, 0], got[0, -1], got[0, :, 0], got[0, :, -1])]
    assert borders.all() or name != "cutpaste"  # whose patches fade out before the border
    assert 0.05 < (label > 0).float().mean() < 0.95


@pytest.mark.parametrize("name", ["fpi", "pii"])
def test_factor_labels_are_one_uniform_factor_an_image(name, discs):
    images = discs(200)
    pasted, label = mia_ssl.synthesize(name, images, seed=0, foreground_threshold=None)
    factors = []
    for before, after, got in zip(images, pasted.numpy(), label.numpy(), strict=True):
        changed = cv2.medianBlur(np.uint8(np.abs(before.astype(int) - after)[0] > 1), 5)
        values = np.unique(got[0][changed > 0])
        assert not got[0][changed == 0].any()
        assert len(values) <= 1
        factors += values.tolist()
    assert 0.05 <= min(factors) < 0.15
    assert 0.85 < max(factors) <= 0.95
    assert abs(np.mean(factors) - 0.5) < 0.08


def test_logistic_options_shape_the_label(discs):
    images = discs(8, size=72)
    soft = mia_ssl.synthesize("nsa", images, seed=1, logistic_slope=1 / 12, logistic_center=24.0)[1]
    pasted, raw = mia_ssl.synthesize("nsa-shift-raw-intensity-m", images, seed=1)
    binary = mia_ssl.synthesize("nsa-shift-m", images, seed=1)[1]
    expected = binary * torch.sigmoid((raw.double() - 24) / 12)
    torch.testing.assert_close(soft.double(), expected.double(), atol=1e-6, rtol=0)
    assert pasted.shape == images.shape


def test_part_of_a_strip_at_a_time_is_the_same(discs, monkeypatch):
    images = discs(12, size=72)
    expected = mia_ssl.synthesize("nsa", images, seed=1)[1]
    monkeypatch.setattr("mia_ssl.pasting.labels._ROWS", 7)
    assert torch.equal(mia_ssl.synthesize("nsa", images, seed=1)[1], expected)
    assert expected.any()
