import cv2
import numpy as np
import pytest
import torch
from mia_ssl.pasting.boxes import Boxes
from mia_ssl.pasting.canvas import Canvas
from mia_ssl.pasting.patches import Patches
from mia_ssl.pasting.resampling import resampled


@pytest.mark.parametrize("scale", [0.7, 1.0, 1.17, 1.3])
def test_resized_patches_are_opencvs(brain, scale):
    images = brain(8, 128)
    mask = np.uint8(images[:, 0] > 20)
    heights, widths = np.array([12, 31, 40]), np.array([50, 9, 22])
    new = [np.round(scale * n).astype(int) for n in (heights, widths)]
    corner = torch.tensor([40, 10, 33])
    canvas = Canvas(
        pasted=torch.from_numpy(images).transpose(0, 1),
        mask=torch.from_numpy(mask),
        sources=torch.from_numpy(images).transpose(0, 1),
        source_mask=torch.from_numpy(mask),
        factor=torch.ones(8),
    )
    source = Boxes(corner, corner, torch.from_numpy(heights), torch.from_numpy(widths))
    target = Boxes(corner, corner, *map(torch.from_numpy, new))
    origin = torch.tensor([3, 0, 7])
    patches = Patches(torch.zeros(3).long(), origin, origin, source, target)
    rows, columns = int(new[0].max()), int(new[1].max())
    got, got_mask = resampled(canvas, patches, rows, columns)
    for k in range(3):
        h, w = int(new[0][k]), int(new[1][k])
        box = np.s_[corner[k] : corner[k] + heights[k], corner[k] : corner[k] + widths[k]]
        image, where = images[origin[k], 0][box], mask[origin[k]][box]
        expected = cv2.resize(image.astype(np.float32), (w, h))
        np.testing.assert_allclose(got[0, k, :h, :w].numpy(), expected, atol=0.02)
        nearest = cv2.resize(where, (w, h), interpolation=cv2.INTER_NEAREST)
        assert (got_mask[k, :h, :w].numpy() != nearest).mean() < 0.02  # ties round either way
