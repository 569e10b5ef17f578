"""The missing patch: one square of each image, anywhere in it, drawn from the generator."""

from __future__ import annotations

import torch
from mia_recon.methods.ceae import without_patch


def test_one_whole_square_of_each_image_is_black_and_the_rest_untouched():
    x = torch.rand(300, 2, 16, 16, generator=torch.Generator().manual_seed(0))
    holed = without_patch(x, 5, torch.Generator().manual_seed(1))
    black = holed == -1
    assert torch.equal(holed[~black], x[~black])
    assert torch.equal(black[:, 0], black[:, 1])
    for mask in black[:, 0]:
        rows, columns = mask.any(1).nonzero().flatten(), mask.any(0).nonzero().flatten()
        assert (len(rows), len(columns), int(mask.sum())) == (5, 5, 25)
    corners = black[:, 0].flatten(1).float().argmax(1)
    places = torch.stack([corners // 16, corners % 16])
    assert places.min() == 0
    assert places.max() == 11
    assert len(corners.unique()) > 80  # of 144 places
    assert torch.equal(holed, without_patch(x, 5, torch.Generator().manual_seed(1)))


def test_the_patch_grows_with_the_image():
    for size, side in ((64, 10), (128, 20), (32, 5)):
        assert round(10 * size / 64) == side
        x = torch.zeros(1, 1, size, size)
        hole = without_patch(x, side, torch.Generator().manual_seed(0)) == -1
        assert int(hole.sum()) == side**2
