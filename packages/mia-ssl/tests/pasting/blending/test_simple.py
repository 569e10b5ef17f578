"""Against the formula, pixel by pixel, on patches of different sizes and shifts."""

import numpy as np
import pytest
import torch
from mia_ssl.pasting.blending.simple import convex, swap
from mia_ssl.pasting.boxes import Boxes
from mia_ssl.pasting.canvas import Canvas
from mia_ssl.pasting.patches import Patches

SOURCE = [(0, 0, 4, 6), (3, 5, 7, 3), (10, 2, 1, 9)]  # top, left, height, width
TARGET = [(9, 4), (0, 0), (15, 11)]
IMAGE, ORIGIN = [2, 0, 1], [0, 1, 1]


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("blend", [swap, convex])
def test_pasted_values_are_the_closed_form(blend, channels):
    rng = np.random.default_rng(0)
    before = rng.integers(0, 256, (channels, 3, 16, 20), dtype=np.uint8)
    sources = rng.integers(0, 256, (channels, 2, 16, 20), dtype=np.uint8)
    mask, source_mask = (rng.integers(0, 2, (n, 16, 20), dtype=np.uint8) for n in (3, 2))
    factor = np.float32([0.3, 0.9, 0.05])
    canvas = Canvas(
        pasted=torch.from_numpy(before.copy()),
        mask=torch.from_numpy(mask),
        sources=torch.from_numpy(sources),
        source_mask=torch.from_numpy(source_mask),
        factor=torch.from_numpy(factor),
    )
    source = Boxes(*torch.tensor(SOURCE).T)
    target = Boxes(*torch.tensor(TARGET).T, source.height, source.width)
    number, image, origin = torch.tensor([[0, 0, 0], IMAGE, ORIGIN])
    blend(canvas, Patches.of(canvas.source_mask, number, image, origin, source, target))
    expected = before.astype(np.float32)
    for (top, left, h, w), (row, column), i, o in zip(SOURCE, TARGET, IMAGE, ORIGIN, strict=True):
        old = expected[:, i, row : row + h, column : column + w]
        new = sources[:, o, top : top + h, left : left + w].astype(np.float32)
        where = mask[i, row : row + h, column : column + w].astype(bool)
        where |= source_mask[o, top : top + h, left : left + w].astype(bool)
        f = factor[i] if blend is convex else 1
        old[...] = np.where(where, np.floor(old + f * (new - old)), old)
    np.testing.assert_array_equal(canvas.pasted.numpy(), expected)
    assert (canvas.pasted.numpy() != before).any()
