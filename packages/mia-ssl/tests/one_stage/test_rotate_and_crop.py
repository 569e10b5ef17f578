import numpy as np
import pytest
import torch
from mia_ssl.one_stage.options import Options, Sides
from mia_ssl.one_stage.rotate_and_crop import rotate_and_crop
from scipy.ndimage import rotate


def test_sides_are_the_studys_and_in_proportion():
    sides = Sides.of(256, Options())
    assert (sides.middle, sides.crop, sides.border) == (230, 224, 16)
    assert Sides.of(128, Options()).crop == 112


def test_without_a_turn_crops_are_cut_out_of_the_middle():
    images = torch.randint(0, 256, (64, 1, 64, 64), dtype=torch.uint8)
    sides = Sides(image=64, middle=58, crop=56)
    crops = rotate_and_crop(images, sides, 0.0, torch.Generator().manual_seed(0))
    corners = set()
    for image, crop in zip(images, crops, strict=True):
        found = [
            (r, c)
            for r in range(9)
            for c in range(9)
            if torch.equal(image[:, r : r + 56, c : c + 56], crop)
        ]
        assert len(found) == 1
        corners.add(found[0])
    assert corners == {(r, c) for r in (3, 4, 5) for c in (3, 4, 5)}


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("interpolation", ["nearest", "bilinear"])
def test_rotation_is_scipys_around_the_center(channels, interpolation):
    row, column = np.mgrid[:96, :96]
    smooth = np.uint8(127 + 60 * np.sin(row / 9) + 60 * np.cos(column / 7))
    images = torch.from_numpy(smooth).expand(40, channels, 96, 96)
    sides = Sides(image=96, middle=80, crop=80)
    crops = rotate_and_crop(images, sides, 3.0, torch.Generator().manual_seed(0), interpolation)
    crops = crops.double()
    order = 0 if interpolation == "nearest" else 1
    degrees = np.arange(-3.2, 3.21, 0.05)
    turned = [rotate(smooth.astype(float), d, reshape=False, order=order) for d in degrees]
    turned = torch.from_numpy(np.stack(turned)[:, 8:88, 8:88])
    errors = (crops[:, None, 0] - turned).abs().mean((2, 3))
    found = degrees[errors.argmin(1).numpy()]
    assert errors.amin(1).max() < 1
    assert np.abs(found).max() <= 3.05
    assert found.min() < -2
    assert found.max() > 2


def test_nearest_crops_are_as_sharp_as_the_images(brain):
    """The deviation of the Laplacian, in which the linear rotation loses a fifth."""
    images = torch.from_numpy(brain(32, 256))
    sides = Sides.of(256, Options())

    def sharpness(crops):
        crops = crops.double()[:, 0, 2:-2, 2:-2]
        middle = crops[:, 1:-1, 1:-1]
        around = crops[:, :-2, 1:-1] + crops[:, 2:, 1:-1] + crops[:, 1:-1, :-2] + crops[:, 1:-1, 2:]
        return (around - 4 * middle).std().item()

    nearest, linear = (
        sharpness(rotate_and_crop(images, sides, 3.0, torch.Generator().manual_seed(0), kind))
        for kind in ("nearest", "bilinear")
    )
    whole = sharpness(images[..., 16:-16, 16:-16])
    assert nearest > 0.95 * whole
    assert linear < 0.9 * whole
