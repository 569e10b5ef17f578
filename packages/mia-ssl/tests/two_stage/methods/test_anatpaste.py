"""AnatPaste: inside the lung field only, and blended as Pillow would."""

from __future__ import annotations

import mia_ssl
import numpy as np
import pytest
import torch
from mia_ssl._engine.seeding import generator
from mia_ssl.two_stage.methods import anatpaste
from mia_ssl.two_stage.paste_region import PasteRegion, lung_field
from PIL import Image, ImageDraw, ImageFilter
from scipy.ndimage import binary_dilation

NAME = "anatpaste"


def drawn(masks, count, seed, size=224, **options):
    chosen = anatpaste.AnatPasteOptions(**options)
    numbers = anatpaste.ANATPASTE.pastes[0].random_numbers
    u = torch.rand(count, numbers, generator=generator(seed, 0), dtype=torch.float64)
    region = PasteRegion.from_masks(masks, (count, 1, size, size))
    return anatpaste.draw(u, region, size, size, chosen)


@pytest.fixture
def lungs(chest):
    return np.repeat(chest(224)[1][None], 40, axis=0)


def test_changes_nothing_outside_of_the_region(coordinates, lungs):
    images = coordinates(40)
    pasted, label = mia_ssl.synthesize(NAME, images, seed=0, region_masks=lungs)
    outside = torch.from_numpy(~lungs)[:, None]
    assert (label[outside] == 0).all()
    assert not (pasted != images).any(1, keepdim=True)[outside].any()
    assert (label.amax((1, 2, 3)) > 0.05).all()


def test_finds_the_lungs_of_each_image_by_itself(chest):
    image, _ = chest(128)
    images = np.repeat(image[None, None], 6, axis=0)
    pasted, label = mia_ssl.synthesize(NAME, images, seed=0)
    field = np.repeat(lung_field(image)[None, None], 6, axis=0)
    assert (label.numpy()[~field] == 0).all()
    assert (pasted.numpy() != images).any((1, 2, 3)).all()


def test_blend_is_convex_in_the_label(coordinates, lungs):
    images = coordinates(40)
    pasted, label = mia_ssl.synthesize(NAME, images, seed=1, region_masks=lungs, jitter=0)
    shapes = drawn(lungs, 40, 1)
    for i, image in enumerate(images.float()):
        y, x, h, w = (int(v[i]) for v in vars(shapes.source).values())
        top, left, _, _ = (int(v[i]) for v in vars(shapes.target).values())
        patch = image.clone()
        patch[:, top : top + h, left : left + w] = image[:, y : y + h, x : x + w]
        expected = image + label[i] * (patch - image)
        np.testing.assert_allclose(pasted[i].float(), expected, atol=0.51)


def test_opacity_is_that_of_a_blurred_drawing(lungs):
    everywhere = np.ones_like(lungs)
    shapes = drawn(everywhere, 40, 2)
    region = PasteRegion.from_masks(everywhere, (40, 1, 224, 224))
    opacity = anatpaste.opacity(shapes, region, anatpaste.AnatPasteOptions())
    for i, part in enumerate(opacity.split(shapes.target.areas.tolist())):
        h, w = int(shapes.target.height[i]), int(shapes.target.width[i])
        mask = Image.new("L", (w, h))
        draw = ImageDraw.Draw(mask)
        shape = draw.ellipse if shapes.ellipse[i] else draw.rectangle
        shape((10, 10, w - 11, h - 11), fill=round(float(shapes.alpha[i]) * 255))
        canvas = Image.new("L", (w + 200, h + 200))  # black around, as in the image
        canvas.paste(mask, (100, 100))
        blurred = canvas.filter(ImageFilter.GaussianBlur(int(shapes.blur[i])))
        expected = np.asarray(blurred)[100 : 100 + h, 100 : 100 + w] / 255
        # Pillow's blur is three box blurs, and its ellipse is a pixel wider in places.
        assert np.abs(part.view(h, w).numpy() - expected).mean() < 0.03


def by_pillow(image, shapes, i, patch, mask):
    """Paste one patch, color image to color image, with Pillow as the original does."""
    row, column = shapes.center[i].tolist()
    h, w = int(shapes.source.height[i]), int(shapes.source.width[i])
    drawing = Image.new("L", image.size)
    draw = ImageDraw.Draw(drawing)
    reach_down, reach_across = h // 2 - 10, w // 2 - 10
    box = (column - reach_across, row - reach_down, column + reach_across, row + reach_down)
    alpha = round(255 * shapes.alpha[i].item())
    (draw.ellipse if shapes.ellipse[i] else draw.rectangle)(box, fill=alpha)
    soft = np.asarray(drawing.filter(ImageFilter.GaussianBlur(int(shapes.blur[i])))) * mask
    frame = Image.new("L", image.size)
    frame.paste(patch.convert("L"), (column - w // 2, row - h // 2))
    pasted = image.copy()
    pasted.paste(frame, (0, 0), Image.fromarray(soft.astype(np.uint8)))
    return np.asarray(pasted), soft / 255


def test_original_paste_is_pillows_gray_patch_with_black_around(colors, lungs):
    images = colors(40)
    pasted, label = mia_ssl.synthesize(
        NAME, images, seed=3, jitter=0, region_masks=lungs, original_paste=True
    )
    shapes = drawn(lungs, 40, 3, original_paste=True)
    beyond = 0
    for i, image in enumerate(images):
        whole = Image.fromarray(image.movedim(0, 2).numpy())
        y, x, h, w = (int(v[i]) for v in vars(shapes.source).values())
        expected, soft = by_pillow(whole, shapes, i, whole.crop((x, y, x + w, y + h)), lungs[i])
        apart = np.abs(pasted[i].movedim(0, 2).numpy().astype(int) - expected)
        # Pillow's blur is three box blurs, and its ellipse is a pixel wider in places.
        assert apart.mean() < 0.4
        assert np.abs(label[i, 0].numpy() - soft).mean() < 0.005
        row, column = shapes.center[i].tolist()
        top, left = row - h // 2, column - w // 2
        outside = np.ones((224, 224), bool)
        outside[max(top, 0) : top + h, max(left, 0) : left + w] = False
        dark = outside & (label[i, 0].numpy() > 0.1)
        beyond += dark.sum()
        assert (pasted[i].numpy()[:, dark] < image.numpy()[:, dark]).all()
    assert beyond > 0


def test_original_paste_without_lungs_can_lie_outside(coordinates):
    none = np.zeros((300, 224, 224), bool)
    shapes = drawn(none, 300, 0, original_paste=True)
    assert 245 < shapes.center.max() <= 254
    images = coordinates(60)
    masks = none[:60]
    _, label = mia_ssl.synthesize(NAME, images, seed=0, region_masks=masks, original_paste=True)
    assert (label.amax((1, 2, 3)) == 0).any()


def test_draws_reach_their_ranges_and_stay_inside(chest):
    lungs = np.repeat(chest(224)[1][None], 1500, axis=0)
    shapes = drawn(lungs, 1500, 3)
    target = shapes.target
    assert torch.minimum(target.height, target.width).min() >= 20
    assert target.top.min() >= 0
    assert target.left.min() >= 0
    assert (target.top + target.height).max() <= 224
    assert (target.left + target.width).max() <= 224
    assert set(shapes.blur.tolist()) == set(range(15))
    assert set((shapes.alpha * 255).round().long().tolist()) == set(range(150, 255))
    assert shapes.ellipse.float().mean() == pytest.approx(0.5, abs=0.05)
    # The center of a patch that did not have to be moved inside is a pixel of the region.
    row, column = target.top + target.height // 2, target.left + target.width // 2
    free = (target.top > 0) & (target.top + target.height < 224)
    free &= (target.left > 0) & (target.left + target.width < 224)
    assert lungs[0][row[free], column[free]].all()


def test_whole_image_where_there_is_no_region(coordinates):
    images = torch.full((50, 1, 64, 64), 90, dtype=torch.uint8)
    images[:, :, ::2] = 120
    _, label = mia_ssl.synthesize(NAME, images, seed=0, region_masks=np.zeros((50, 64, 64)))
    covered = (label > 0).any(0)[0]
    assert covered.float().mean() > 0.9


def test_small_images_get_shapes_too(chest):
    image, lungs = chest(64)
    images = np.repeat(image[None, None], 30, axis=0)
    masks = np.repeat(lungs[None], 30, axis=0)
    _, label = mia_ssl.synthesize(NAME, images, seed=0, region_masks=masks)
    assert (label.amax((1, 2, 3)) > 0.02).all()  # faint where small and blurred


@pytest.mark.parametrize("region", ["foreground", "image"])
def test_option_says_where_to_paste(chest, region):
    image, _ = chest(96)
    images = np.repeat(image[None, None], 80, axis=0)
    _, label = mia_ssl.synthesize(NAME, images, seed=0, paste_region=region)
    covered = (label.numpy() > 0).any(0)[0]
    assert covered[image > 60].mean() > 0.9
    # The foreground is that of the smoothed image, which reaches a pixel beyond the body's edge.
    outside = ~binary_dilation(image > 0)
    assert covered[outside].mean() > 0.5 if region == "image" else not covered[outside].any()


def test_unknown_region_is_refused(chest):
    with pytest.raises(ValueError, match="did you mean 'lungs'"):
        mia_ssl.synthesize(NAME, chest(64)[0][None, None], seed=0, paste_region="lung")


def test_a_trained_detector_pastes_into_the_region_that_it_was_told(build, noise):
    detector = build("anatpaste", paste_region="foreground")
    detector.fit(noise(4), seed=0)
    assert detector.paste_options.paste_region == "foreground"
    assert len(detector.history) == 2
