"""The hue of bytes against that of angles, which is tested against torchvision's."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from mia_ssl.two_stage.hue import CIRCLE, turn_hue, turn_hue_of_bytes


def with_angles(pixels, steps):
    levels = torch.from_numpy(pixels.astype(np.int16))
    turn_hue(levels, steps, lambda value: value, levels.new_empty(6, *levels.shape[1:]))
    return levels.numpy()


@pytest.fixture(scope="module")
def pixels():
    """All kinds of colors: corners of the cube and between them, gray ones, and random ones."""
    levels = np.uint8([0, 1, 100, 101, 254, 255])
    corners = np.stack(np.meshgrid(levels, levels, levels)).reshape(3, -1)
    drawn = np.random.default_rng(0).integers(0, 256, (3, 784), np.uint8)
    return np.concatenate((corners, drawn), 1).reshape(3, 20, 50)


def test_every_turn_is_to_the_digit_that_of_angles(pixels):
    memory = np.empty((10, 20, 50), np.uint8)
    for steps in range(CIRCLE):
        turned = pixels.copy()
        turn_hue_of_bytes(turned, steps, memory)
        np.testing.assert_array_equal(turned, with_angles(pixels, steps), f"{steps} steps")


def test_a_picture_may_be_a_view(pixels):
    wide = np.zeros((20, 100, 3), np.uint8)
    picture = wide[:, ::2].transpose(2, 0, 1)
    picture[...] = pixels
    turn_hue_of_bytes(picture, 50, np.empty((10, 20, 50), np.uint8))
    np.testing.assert_array_equal(picture, with_angles(pixels, 50))
    assert not wide[:, 1::2].any()
