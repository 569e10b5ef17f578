"""Synthesis alone: deterministic, whatever the batch size and the container."""

from __future__ import annotations

import mia_ssl
import numpy as np
import pytest
import torch
from mia_ssl.two_stage import SYNTHESES


@pytest.mark.parametrize("name", SYNTHESES)
@pytest.mark.parametrize("channels", [1, 3])
def test_same_seed_same_pastes_whatever_the_batch_size(name, channels, chest):
    image, _ = chest(96)
    images = np.repeat(image[None, None], 5, axis=0).repeat(channels, axis=1)
    images[:, 0] = np.minimum(images[:, 0], np.arange(200, 205, dtype=np.uint8)[:, None, None])
    pasted, label = mia_ssl.synthesize(name, images, seed=3)
    again, same = mia_ssl.synthesize(name, images, seed=3, batch_size=2)
    assert torch.equal(pasted, again)
    assert torch.equal(label, same)
    other, _ = mia_ssl.synthesize(name, images, seed=4)
    assert (other != pasted).any()
    assert pasted.dtype == torch.uint8
    assert label.dtype == torch.float32
    copies = 2 if name == "cutpaste-3way-2stage" else 1
    assert pasted.shape == (copies * 5, channels, 96, 96)
    assert label.shape == (copies * 5, 1, 96, 96)
    assert 0 <= label.min() <= label.max() <= 1


def test_inputs_stay(colors):
    images = colors(3, 64)
    before = images.clone()
    mia_ssl.synthesize("cutpaste-2stage", images, seed=0)
    assert torch.equal(images, before)


def test_wrong_arguments_are_refused(colors):
    images = colors(2, 64)
    with pytest.raises(ValueError, match="did you mean 'strip_width'"):
        mia_ssl.synthesize("cutpaste-scar-2stage", images, seed=0, strip_with=(2, 3))
    with pytest.raises(TypeError, match="uint8"):
        mia_ssl.synthesize("cutpaste-2stage", images.float(), seed=0)
    with pytest.raises(ValueError, match="sources of the images' shape"):
        mia_ssl.synthesize("cutpaste-2stage", images, seed=0, sources=images[:1])
    with pytest.raises(ValueError, match=r"batch_size to be a whole number, .* got 2\.5"):
        mia_ssl.synthesize("cutpaste-2stage", images, seed=0, batch_size=2.5)


@pytest.mark.parametrize("name", [name for name in SYNTHESES if name != "anatpaste"])
def test_regions_are_refused_where_they_are_not_used(name, colors):
    images = colors(2, 64)
    with pytest.raises(ValueError, match=f"unknown option of {name} 'region_masks'"):
        mia_ssl.synthesize(name, images, seed=0, region_masks=images[:, 0])


@pytest.mark.parametrize("name", SYNTHESES)
@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("shape", [(64, 64), (65, 97), (300, 300)])
def test_any_size_from_64_pixels_and_images_without_content(name, channels, shape):
    images = np.zeros((4, channels, *shape), np.uint8)
    images[1] = 255
    images[2] = np.random.default_rng(0).integers(0, 256, (channels, *shape))
    images[3, :, 30, 40] = 200
    pasted, label = (part.numpy() for part in mia_ssl.synthesize(name, images, seed=1))
    originals = np.resize(images, pasted.shape)
    assert label.max() > 0
    assert (label.max(axis=(1, 2, 3)) > 0).all()
    outside = np.broadcast_to(label == 0, pasted.shape)
    np.testing.assert_array_equal(pasted[outside], originals[outside])
    assert not pasted[::4].any()  # black stays black, whatever the jitter
