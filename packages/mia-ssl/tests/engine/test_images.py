"""Images of any origin become the same batches, or are refused."""

from __future__ import annotations

import warnings
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from mia_ssl._engine.images import ImageSource

IMAGES = np.random.default_rng(0).integers(0, 256, (5, 3, 6, 4), dtype=np.uint8)


def read_only():
    images = IMAGES.copy()
    images.flags.writeable = False
    return images


@pytest.mark.parametrize(
    ("images", "expected"),
    [
        (IMAGES[::-1, :, ::-1, ::-1], IMAGES[::-1, :, ::-1, ::-1]),
        (np.moveaxis(np.ascontiguousarray(np.moveaxis(IMAGES, 1, -1)), -1, 1), IMAGES),
        (list(IMAGES[:, :, ::-1]), IMAGES[:, :, ::-1]),
        (list(read_only()), IMAGES),
        (read_only(), IMAGES),
        ([{"image": torch.from_numpy(image)} for image in IMAGES], IMAGES),
    ],
    ids=["backwards", "channels last", "items backwards", "read-only items", "read-only", "maps"],
)
def test_the_layout_in_memory_does_not_matter(images, expected):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        batch = ImageSource(images).take(torch.tensor([3, 1]))
    np.testing.assert_array_equal(batch, expected[[3, 1]])


@pytest.mark.parametrize(
    ("images", "kind"),
    [
        ([(IMAGES[0], 0)], "item 0 to be .* got tuple"),
        ([{"img": IMAGES[0]}], "item 0 to be .* got dict"),
        ([{"image": "a.png"}], "item 0 to be .* got str"),
        (IMAGES.tolist(), "item 0 to be .* got list"),
        ([None], "item 0 to be .* got NoneType"),
        ({"image": IMAGES}, "map-style dataset, got dict"),
        ("folder", "map-style dataset, got str"),
        ([IMAGES[0] / 255], "uint8.*float64"),
    ],
)
def test_what_holds_no_images_is_refused(images, kind):
    with pytest.raises(TypeError, match=kind):
        ImageSource(images)


class WithImages:
    """A dataset whose items are not what it calls its images."""

    images = IMAGES

    def __len__(self):
        return 3

    def __getitem__(self, index):
        return {"image": 255 - self.images[index]}


def test_a_dataset_is_its_items_whatever_else_it_has():
    source = ImageSource(WithImages())
    assert source.shape == (3, *IMAGES.shape[1:])
    np.testing.assert_array_equal(source.take(torch.tensor([2, 0])), 255 - IMAGES[[2, 0]])


def test_images_of_something_that_is_no_dataset_are_not_looked_for():
    with pytest.raises(TypeError, match="map-style dataset, got SimpleNamespace"):
        ImageSource(SimpleNamespace(images=IMAGES))


def test_an_image_of_another_shape_is_named():
    source = ImageSource([IMAGES[0], IMAGES[1, :, :5]])
    with pytest.raises(ValueError, match="image 1 of shape"):
        source.take(torch.tensor([1]))
