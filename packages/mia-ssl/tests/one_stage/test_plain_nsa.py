"""The fast nsa against the plain one, given the same boxes."""

import cv2
import numpy as np
import torch
from mia_ssl.one_stage.methods import RECORDS
from mia_ssl.pasting.foreground import Foreground
from mia_ssl.pasting.geometry import place
from mia_ssl.pasting.options import PatchOptions
from mia_ssl.pasting.paste import another, paste
from mia_ssl.pasting.random_numbers import RandomNumbers

COUNT = 40


def drawn_boxes(images):
    """Source image, source box and target box of each patch, as the fast one draws them."""
    recipe, options = RECORDS["nsa"].recipe, PatchOptions()
    planes = torch.from_numpy(images).transpose(0, 1)
    masks = Foreground.of(planes, options.foreground_threshold)
    numbers = RandomNumbers.draw(COUNT, options, torch.Generator().manual_seed(7))
    origin = another(numbers.other, torch.arange(COUNT), COUNT)
    patches = place(recipe, numbers, origin, masks, masks, options)
    sources = patches.source.slices(patches.origin)
    targets = patches.target.slices(patches.image)
    for (source, cut_from), (image, goes_to) in zip(sources, targets, strict=True):
        yield image, source, cut_from, goes_to


def test_the_fast_one_pastes_and_labels_as_the_plain_one(brain, plain_nsa):
    images = brain(COUNT, 160)
    gray, expected, where = images[:, 0], images[:, 0].copy(), np.zeros_like(images[:, 0])
    masks = [plain_nsa.foreground(image) for image in gray]
    for image, source, cut_from, goes_to in drawn_boxes(images):
        height, width = (side.stop - side.start for side in goes_to)
        patch, mask = (
            cv2.resize(plane[cut_from], (width, height)) for plane in (gray[source], masks[source])
        )
        expected[image] = plain_nsa.blend(expected[image], patch, goes_to)
        where[image][goes_to] |= masks[image][goes_to] | mask
    labels = np.stack(
        [plain_nsa.label(*three) for three in zip(gray, expected, where, strict=True)]
    )
    pasted, label = paste(
        RECORDS["nsa"].recipe,
        torch.from_numpy(images),
        PatchOptions(),
        torch.Generator().manual_seed(7),
    )
    off = np.abs(pasted[:, 0].numpy().astype(int) - expected)
    assert (off > 0).mean() < 1e-3
    assert (off > 1).mean() < 1e-4
    assert (np.abs(label[:, 0].numpy() - labels) > 0.02).mean() < 1e-3
    assert 0.02 < (labels > 0).mean() < 0.3


def test_the_plain_one_pastes_by_itself(brain, plain_nsa):
    image, source = brain(2, 160)[:, 0]
    pasted, label = plain_nsa.nsa(image, source, np.random.default_rng(0))
    assert (pasted != image).any()
    assert label.shape == image.shape
    assert 0 < label.max() <= 1
