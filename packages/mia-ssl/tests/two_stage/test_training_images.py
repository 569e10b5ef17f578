"""Images of a training: the first ones only, and together with their regions."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from mia_ssl._engine.images import ImageSource
from mia_ssl.two_stage.paste_region import PASTE_REGIONS, PasteRegion
from mia_ssl.two_stage.training_images import FirstImages, ImagesWithRegions


@pytest.fixture
def images(chest):
    image, _ = chest(64)
    return np.stack([np.roll(image, shift, axis=1) for shift in range(0, 20, 4)])[:, None]


@pytest.mark.parametrize("kind", PASTE_REGIONS)
def test_taken_images_come_with_their_own_regions(images, kind):
    source = ImagesWithRegions(ImageSource(images), lambda batch: PasteRegion.find(batch, kind))
    index = torch.tensor([4, 0, 2, 2])
    taken = source.take(index)
    assert torch.equal(taken.cpu(), torch.from_numpy(images)[index])
    expected = PasteRegion.find(torch.from_numpy(images)[index], kind)
    assert torch.equal(source.region_of_taken(taken).masks, expected.masks)
    assert len(source) == 5


@pytest.mark.parametrize(("count", "expected"), [(3, 3), (5, 5), (3000, 5)])
def test_first_images_are_those_of_the_source(images, count, expected):
    source = FirstImages(ImageSource(images), count)
    assert len(source) == expected
    index = torch.arange(expected).flip(0)
    assert torch.equal(source.take(index), torch.from_numpy(images)[index])


def test_training_sees_the_first_images_only_and_the_density_all(build, noise):
    images = noise(6)
    few = build(train_on_first=3).fit(images, device="cpu")
    changed = images.copy()
    changed[3:] = 255 - changed[3:]
    other = build(train_on_first=3).fit(changed, device="cpu")
    pairs = zip(few.network.state_dict().values(), other.network.state_dict().values(), strict=True)
    assert all(torch.equal(ours, theirs) for ours, theirs in pairs)
    assert (few.scorer.density.mean != other.scorer.density.mean).any()


def test_regions_found_once_are_those_of_the_images_as_they_are(build, noise, monkeypatch):
    """And a training finds them in every step otherwise."""
    calls = []
    find = PasteRegion.find

    def recorded(batch, *args, **kwargs):
        calls.append(batch.clone())
        return find(batch, *args, **kwargs)

    monkeypatch.setattr(PasteRegion, "find", recorded)
    images = noise(4)
    build("anatpaste", find_region_once=True).fit(images, device="cpu")
    assert torch.equal(torch.cat(calls), torch.from_numpy(images))
    calls.clear()
    build("anatpaste").fit(images, device="cpu")
    assert len(calls) == 4  # two epochs of two steps
    assert not any((part == torch.from_numpy(images[0])).all() for batch in calls for part in batch)
