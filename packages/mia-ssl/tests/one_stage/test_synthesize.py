import cv2
import mia_ssl
import numpy as np
import pytest
import torch
from mia_ssl.one_stage import METHODS
from mia_ssl.one_stage.methods import RECORDS
from skimage.morphology import disk

NAMES = list(METHODS)
FOUR = ["cutpaste", "fpi", "pii", "nsa"]


@pytest.fixture
def threads():
    """Set the number of threads, and set it back."""
    before = torch.get_num_threads()
    yield torch.set_num_threads
    torch.set_num_threads(before)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("channels", [1, 3])
def test_shapes_ranges_and_no_label_without_a_change(name, channels, discs):
    images = discs(9, size=52, channels=channels)
    given = images.copy()
    pasted, label = mia_ssl.synthesize(name, images, seed=2)
    assert pasted.dtype == torch.uint8
    assert tuple(pasted.shape) == images.shape
    assert label.dtype == torch.float32
    assert tuple(label.shape) == (9, 1, 52, 52)
    assert label.min() >= 0
    assert label.max() <= (255 if "raw" in name else 1)
    changed = (pasted.numpy() != images).any(axis=(1, 2, 3))
    assert changed.any()
    assert not label[~torch.from_numpy(changed)].any()
    np.testing.assert_array_equal(images, given)


@pytest.mark.parametrize("name", FOUR)
def test_pasted_pixels_lie_on_foreground(name, discs):
    """On that of the image, where the source has none of its own outside the disc."""
    images = discs(30, size=64)
    pasted, label = mia_ssl.synthesize(name, images, seed=0)
    changed = (pasted.numpy() != images)[:, 0]
    outside = (images[:, 0] <= 20).all(0)
    assert changed.any()
    if name == "fpi":  # same place: nothing of the other disc can lie outside
        assert not changed[:, outside].any()
    elif name == "pii":  # gradients fade out into background that both share; labels do not
        assert not label[:, 0][:, torch.from_numpy(outside)].any()
    else:  # shifted: a patch may bring its own foreground along, but half of it stays inside
        assert changed[:, outside].sum() < 0.5 * changed.sum()


def test_shifted_patches_bring_no_background_to_background():
    """A source with a hole: where both are background, nothing is pasted."""
    image = np.zeros((1, 1, 80, 80), np.uint8)
    image[..., :60] = 100
    source = np.full((1, 1, 80, 80), 200, np.uint8)
    source[..., ::16, :] = source[..., 1::16, :] = 10  # too thin to be background after the median
    pasted = mia_ssl.synthesize("cutpaste", image, seed=0, sources=source, patches=8)[0].numpy()
    assert (pasted != image).any()
    hole = np.zeros((1, 1, 80, 80), np.uint8)
    hole[..., 30:] = 15  # background that would show
    hole[..., :30] = 200
    pasted = mia_ssl.synthesize(
        "cutpaste", image, seed=0, sources=hole, patches=8, minimum_foreground=0.1
    )[0].numpy()
    assert (pasted == 15).any()  # onto the image's foreground
    assert not (pasted[..., 60:] == 15).any()  # never onto its background


@pytest.mark.parametrize("name", FOUR)
def test_same_seed_same_patches_whatever_batch_and_threads(name, brain, threads):
    images, sources = brain(70, 80), brain(70, 80)[::-1]
    threads(1)
    pasted, label = mia_ssl.synthesize(name, images, seed=4, sources=sources)
    for count, n in ((70, 2), (66, 2), (3, 1)):
        threads(n)
        again = mia_ssl.synthesize(name, images[:count], seed=4, sources=sources[:count])
        assert torch.equal(again[0], pasted[:count])
        assert torch.equal(again[1], label[:count])
    other = mia_ssl.synthesize(name, images, seed=5, sources=sources)[0]
    assert not torch.equal(other, pasted)


@pytest.mark.parametrize("name", FOUR)
def test_array_tensor_and_strided_images_are_the_same(name, discs):
    images = discs(4, channels=3)
    channels_last = torch.from_numpy(images).contiguous(memory_format=torch.channels_last)
    images.flags.writeable = False  # as those of a memory map
    plain = mia_ssl.synthesize(name, images, seed=0)
    strided = mia_ssl.synthesize(name, channels_last, seed=0)
    assert torch.equal(plain[0], strided[0])
    assert torch.equal(plain[1], strided[1])


@pytest.mark.parametrize("name", FOUR)
@pytest.mark.parametrize("value", [0, 20])
def test_without_foreground_images_stay_and_labels_are_zero(name, value):
    images = np.full((3, 1, 40, 40), value, np.uint8)
    pasted, label = mia_ssl.synthesize(name, images, seed=0)
    np.testing.assert_array_equal(pasted.numpy(), images)
    assert not label.any()


@pytest.mark.parametrize("name", FOUR)
def test_foreground_smaller_than_any_patch_stays(name):
    images = np.zeros((3, 1, 200, 200), np.uint8)
    images[..., 100:107, 100:107] = 255  # the smallest patch is 12 x 12
    pasted, label = mia_ssl.synthesize(name, images, seed=0)
    np.testing.assert_array_equal(pasted.numpy(), images)
    assert not label.any()


def scenes(channels, height, width):
    """A batch of all kinds: full, an organ, a line, specks, one bright pixel, black, flat."""
    rng = np.random.default_rng(height)
    images = np.zeros((7, channels, height, width), np.uint8)
    texture = rng.integers(30, 256, (channels, height, width), dtype=np.uint8)
    row, column = np.mgrid[:height, :width]
    images[0] = texture
    images[1] = texture * ((row / height - 0.5) ** 2 + (column / width - 0.5) ** 2 < 0.16)
    images[2] = texture * (np.abs(column - width // 2) < 2)
    images[3] = texture * (rng.random((height, width)) < 0.02)
    images[4, :, height // 2, width // 2] = 255
    images[6] = 90
    return images


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("shape", [(64, 64), (65, 97), (300, 300)])
def test_no_kind_of_image_gets_a_label_without_a_change(name, channels, shape):
    images = np.tile(scenes(channels, *shape), (3, 1, 1, 1))
    pasted, label = mia_ssl.synthesize(name, images, seed=3, width_bounds=(0.08, 0.4))
    apart = np.abs(images.astype(int) - pasted.numpy()).mean(1)
    for i, mask in enumerate(label[:, 0].numpy() > 0):
        changed = cv2.medianBlur(np.uint8(apart[i] > 1), 5)
        if "raw" in name:  # the median of a difference reaches around what has changed
            changed = cv2.dilate(changed, disk(5))
        assert not mask[changed == 0].any()
    assert (apart > 1).any()
    if name == "cutpaste":  # the image itself is all there is to cut from
        for i in (2, 3, 4, 5, 6):
            assert not apart[i::7].any()


@pytest.mark.parametrize("name", FOUR)
def test_the_same_source_changes_nothing_in_place(name):
    """fpi and pii paste at the same place: an image into itself is itself, and nothing is found."""
    images = scenes(1, 80, 80)
    pasted, label = mia_ssl.synthesize(name, images, seed=0, sources=images)
    if name in ("fpi", "pii"):
        np.testing.assert_array_equal(pasted.numpy(), images)
        assert not label.any()
    else:
        assert (pasted.numpy() != images).any()


@pytest.mark.parametrize("name", FOUR)
@pytest.mark.parametrize("shape", [(33, 90), (8, 8), (300, 41), (129, 131)])
def test_sizes_that_are_neither_square_nor_even(name, shape):
    images = np.random.default_rng(0).integers(30, 256, (5, 1, *shape), dtype=np.uint8)
    pasted, label = mia_ssl.synthesize(name, images, seed=0)
    assert tuple(pasted.shape) == images.shape
    changed = (pasted.numpy() != images).any(axis=(1, 2, 3))
    if min(shape) > 100 or name in ("cutpaste", "fpi"):  # gradients need patches of 9 pixels
        assert changed.sum() >= 3
    assert not label[~torch.from_numpy(changed)].any()


def test_gray_images_as_rgb_get_the_same_patches(discs):
    gray = discs(6)
    rgb = gray.repeat(3, axis=1)
    for name in FOUR:
        one, three = (mia_ssl.synthesize(name, x, seed=3) for x in (gray, rgb))
        assert torch.equal(one[0].expand(-1, 3, -1, -1), three[0])
        torch.testing.assert_close(one[1], three[1], atol=1e-6, rtol=0)


def test_sources_are_where_patches_come_from():
    images = np.full((4, 1, 40, 40), 50, np.uint8)
    sources = np.full((4, 1, 40, 40), 200, np.uint8)
    for name in ("cutpaste", "fpi"):
        pasted = mia_ssl.synthesize(name, images, seed=0, sources=sources)[0]
        assert pasted.max() > 50
        assert (pasted.amax((1, 2, 3)) > 50).all()


@pytest.mark.parametrize(
    ("images", "error", "words"),
    [
        (np.zeros((2, 1, 40, 40), np.float32), TypeError, "uint8"),
        (np.zeros((2, 1, 40, 40), np.uint16), TypeError, "uint16"),
        ([1, 2], TypeError, "got int"),
        (np.zeros((40, 40), np.uint8), ValueError, r"\(40, 40\)"),
        (np.zeros((2, 2, 40, 40), np.uint8), ValueError, "1 or 3"),
        (np.zeros((2, 1, 7, 40), np.uint8), ValueError, "at least 8"),
        (np.zeros((1, 1, 40, 40), np.uint8), ValueError, "at least 2 images"),
    ],
)
def test_wrong_images_are_refused(images, error, words):
    with pytest.raises(error, match=words):
        mia_ssl.synthesize("nsa", images, seed=0)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"patch": 3}, "did you mean 'patches'"),
        ({"patches": 0}, "patches"),
        ({"width_bounds": (0.4, 0.03)}, "width_bounds"),
        ({"width_bounds": 0.1}, "width_bounds"),
        ({"width_offset": 0.6}, "width_offset"),
        ({"foreground_threshold": 300}, "foreground_threshold"),
        ({"minimum_foreground": 1.0}, "minimum_foreground"),
        ({"tries": 2.5}, "tries"),
        ({"factor_bounds": (0.0, 2.0)}, "factor_bounds"),
        ({"seed": -1}, "seed"),
        ({"sources": np.zeros((2, 1, 30, 40), np.uint8)}, "sources"),
    ],
)
def test_wrong_options_are_refused(options, words):
    with pytest.raises(ValueError, match=words):
        mia_ssl.synthesize("nsa", np.zeros((2, 1, 40, 40), np.uint8), **{"seed": 0, **options})


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("cutpaste", {"resize_bounds": (0.7, 1.3)}),
        ("fpi", {"minimum_overlap": 0.5}),
        ("pii", {"logistic_slope": 1.0}),
        ("nsa", {"factor_bounds": (0.1, 0.2)}),
        ("nsa-shift", {"logistic_center": 2.0}),
    ],
)
def test_options_that_make_no_difference_are_refused(name, options):
    words = f"unknown option of {name} '{next(iter(options))}'"
    with pytest.raises(ValueError, match=words):
        mia_ssl.synthesize(name, np.zeros((2, 1, 40, 40), np.uint8), seed=0, **options)
    with pytest.raises(ValueError, match=words):
        mia_ssl.build(name, **options)


@pytest.mark.parametrize("name", NAMES)
def test_every_other_option_makes_a_difference(name, discs):
    """On images large enough for all kinds of patches."""
    others = {
        "patches": 1,
        "width_bounds": (0.1, 0.2),
        "width_scale": 0.1,
        "width_offset": 0.15,
        "resize_bounds": (0.4, 0.5),
        "foreground_threshold": 120,
        "minimum_foreground": 0.9,
        "minimum_overlap": 0.95,
        "tries": 1,
        "factor_bounds": (0.3, 0.4),
        "tolerance": 30,
        "logistic_slope": 0.1,
        "logistic_center": 30.0,
    }
    images = discs(12, size=96)
    used = others.keys() - RECORDS[name].recipe.unused_options
    plain = mia_ssl.synthesize(name, images, seed=1)
    for option in used:
        changed = mia_ssl.synthesize(name, images, seed=1, **{option: others[option]})
        assert not all(map(torch.equal, plain, changed)), option


def test_unknown_name_is_refused_with_the_nearest():
    with pytest.raises(ValueError, match="'cutpaste'"):
        mia_ssl.synthesize("cutpast", np.zeros((2, 1, 40, 40), np.uint8), seed=0)
