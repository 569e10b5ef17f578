"""Fields that go with the images of a training, whatever the order."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from mia_ssl._engine.images import ImageSource
from mia_ssl.two_stage.augment.lungs import FIELDS, LungFields
from mia_ssl.two_stage.fields import FieldSource


@pytest.mark.parametrize("kind", FIELDS)
def test_taken_images_come_with_their_own_fields(chest, kind):
    image, _ = chest(64)
    images = np.stack([np.roll(image, shift, axis=1) for shift in range(0, 20, 4)])[:, None]
    source = FieldSource(ImageSource(images), kind)
    index = torch.tensor([4, 0, 2, 2])
    taken = source.take(index)
    assert torch.equal(taken.cpu(), torch.from_numpy(images)[index])
    expected = LungFields.of(torch.from_numpy(images)[index], kind)
    assert torch.equal(source.taken.masks, expected.masks)
    assert len(source) == 5
