import cv2
import numpy as np
import pytest
import torch
from mia_ssl.pasting.blending.laplace import sines, solve
from mia_ssl.pasting.blending.poisson import clone, mixed_gradients, normal_gradients, weights
from mia_ssl.pasting.boxes import Boxes
from mia_ssl.pasting.canvas import Canvas
from mia_ssl.pasting.patches import Patches


def opencv(image, patch, top, left, level, mixed):
    """Clone all of the patch but its outermost pixels, around the middle of its box."""
    height, width = patch.shape[1:]
    weight = np.pad(np.full((height - 2, width - 2), level, np.uint8), 1)
    center = left + width - width // 2, top + height // 2
    image, patch = (x.transpose(1, 2, 0) for x in (image, patch))
    if image.shape[2] == 1:
        image, patch = (x.repeat(3, axis=2) for x in (image, patch))
    flag = cv2.MIXED_CLONE if mixed else cv2.NORMAL_CLONE
    cloned = cv2.seamlessClone(patch.copy(), image.copy(), weight, center, flag)
    return cloned.transpose(2, 0, 1)[: len(image.transpose(2, 0, 1))]


def corner(rng, length, number):
    """Now and then at the very border."""
    last = 224 - length
    return int([rng.integers(0, last + 1), 0, last][number % 3])


@pytest.mark.parametrize("mixed", [False, True])
@pytest.mark.parametrize("channels", [1, 3])
def test_within_one_gray_level_of_opencv(brain, mixed, channels):
    images = brain(40, 224).repeat(channels, axis=1)
    rng = np.random.default_rng(10 * channels + mixed)
    if channels == 3:
        images = np.uint8(images * rng.uniform(0.5, 1, (40, 3, 1, 1)))
    image, origin = rng.integers(len(images), size=(2, 100))
    sides = np.where(np.arange(100) % 2, 150, 40)
    height, width = (rng.integers(10, sides) for _ in range(2))
    top = [corner(rng, h, k) for k, h in enumerate(height)]
    left = [corner(rng, w, k // 3) for k, w in enumerate(width)]
    rows, columns = rng.integers(0, 225 - height), rng.integers(0, 225 - width)
    level = np.where(np.arange(100) % 5, 255, rng.integers(13, 243, 100))
    source, target = (
        Boxes(*map(torch.tensor, (first, second, height, width)))
        for first, second in ((rows, columns), (top, left))
    )
    planes = torch.from_numpy(images).transpose(0, 1).contiguous()
    masks = torch.ones(planes.shape[1:], dtype=torch.uint8)
    origin = torch.from_numpy(origin)
    canvas = Canvas(
        pasted=planes[:, image].clone(),
        mask=masks[image],
        sources=planes,
        source_mask=masks,
        factor=torch.from_numpy(level / 255).float(),
    )
    number, every = torch.zeros(100).long(), torch.arange(100)
    patches = Patches.of(masks, number, every, origin, source, target)
    (mixed_gradients if mixed else normal_gradients)(canvas, patches)
    for k in range(100):
        patch = images[origin[k], :, rows[k] : rows[k] + height[k], columns[k] :][..., : width[k]]
        expected = opencv(images[image[k]], patch, top[k], left[k], level[k], mixed)[:channels]
        off = np.abs(canvas.pasted[:, k].numpy().astype(int) - expected)
        assert off.max() <= 1, (height[k], width[k], top[k], left[k], level[k], k)


def test_solution_has_the_laplacian_and_no_border():
    """Against five-point differences: three sizes in a batch, one of them longer than the table."""
    rng = np.random.default_rng(0)
    tops, heights = torch.tensor([0, 1, 3]), torch.tensor([5, 9, 2])
    lefts, widths = torch.tensor([1, 0, 4]), torch.tensor([130, 31, 3])
    divergence = torch.zeros(2, 3, 12, 140, dtype=torch.float64)
    boxes = [
        (slice(top, top + height), slice(left, left + width))
        for top, height, left, width in zip(tops, heights, lefts, widths, strict=True)
    ]
    for p, (rows, columns) in enumerate(boxes):
        values = divergence[:, p, rows, columns]
        values.copy_(torch.from_numpy(rng.normal(size=values.shape)))
    found = solve(divergence, (tops, heights), (lefts, widths))
    for p, (rows, columns) in enumerate(boxes):
        inside = found[:, p, rows, columns]
        u = torch.nn.functional.pad(inside, (1, 1, 1, 1))
        laplacian = u[:, :-2, 1:-1] + u[:, 2:, 1:-1] + u[:, 1:-1, :-2] + u[:, 1:-1, 2:] - 4 * inside
        torch.testing.assert_close(laplacian, divergence[:, p, rows, columns], atol=1e-10, rtol=0)
        assert found[:, p].abs().sum() == pytest.approx(inside.abs().sum().item())


@pytest.mark.parametrize("length", [20, 128, 150])
def test_sine_transforms_are_orthonormal(length):
    count = torch.tensor([length - 2, 1, 0])
    matrices, _ = sines(length, torch.tensor([1, 0, 0]), count)
    for matrix, n in zip(matrices, count, strict=True):
        expected = torch.diag((torch.arange(length) < n).double())
        torch.testing.assert_close(matrix.mT @ matrix, expected, atol=1e-12, rtol=0)


def test_gradients_count_where_opencvs_eroded_mask_does():
    height, width = torch.tensor([7, 12, 30, 9]), torch.tensor([9, 11, 8, 35])
    zeros = torch.zeros_like(height)
    got = weights(Boxes(zeros, zeros, height, width), 31, 36)
    options = {"iterations": 3, "borderType": cv2.BORDER_CONSTANT, "borderValue": 0}
    for weight, h, w in zip(got, height, width, strict=True):
        eroded = cv2.erode(np.ones((h, w), np.uint8), np.ones((3, 3), np.uint8), **options)
        expected = np.pad(eroded, ((0, 31 - h), (0, 36 - w)))[:30, :35]
        np.testing.assert_array_equal(weight, expected)


def test_equal_patch_changes_nothing():
    image = torch.rand(1, 2, 20, 20, generator=torch.Generator().manual_seed(0)) * 255
    sides = torch.tensor([20, 17])
    regions = Boxes(torch.zeros(2).long(), torch.zeros(2).long(), sides, sides)
    change = clone(image, image + 9, regions, torch.ones(2), mixed=False)  # gradients are equal
    torch.testing.assert_close(change, torch.zeros_like(change), atol=1e-3, rtol=0)


@pytest.mark.parametrize(("height", "width", "pasted"), [(9, 9, False), (9, 10, True)])
def test_regions_under_fifty_pixels_are_not_pasted(height, width, pasted):
    image = np.random.default_rng(0).integers(0, 256, (1, 2, 40, 40), dtype=np.uint8)
    planes, zero = torch.from_numpy(image), torch.tensor([0])
    box = Boxes(*map(torch.tensor, ([5], [6], [height], [width])))
    masks = torch.ones(2, 40, 40, dtype=torch.uint8)
    canvas = Canvas(
        pasted=planes.clone(), mask=masks, sources=planes, source_mask=masks, factor=torch.ones(2)
    )
    normal_gradients(canvas, Patches.of(masks, zero, zero, zero + 1, box, box))
    assert (canvas.pasted != planes).any() == pasted
