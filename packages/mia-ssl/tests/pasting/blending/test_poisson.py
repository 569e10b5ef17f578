import cv2
import numpy as np
import pytest
import torch
from mia_ssl.pasting.blending.laplace import sines, solve
from mia_ssl.pasting.blending.poisson import clone, eroded


def opencv(image, patch, weight, top, left, mixed):
    """seamlessClone with the mask's bounding box where it is meant to be."""
    rows, columns = np.nonzero(weight)
    center = (
        left + int(columns.min()) + (int(np.ptp(columns)) + 1) // 2,
        top + int(rows.min()) + (int(np.ptp(rows)) + 1) // 2,
    )
    image, patch = (x.transpose(1, 2, 0) for x in (image, patch))
    if image.shape[2] == 1:
        image, patch = (x.repeat(3, axis=2) for x in (image, patch))
    flag = cv2.MIXED_CLONE if mixed else cv2.NORMAL_CLONE
    cloned = cv2.seamlessClone(patch.copy(), image.copy(), weight, center, flag)
    return cloned.transpose(2, 0, 1)


def ours(image, patch, mask, factor, top, left, mixed):
    out = image.copy()
    height, width = mask.shape
    target = out[:, top : top + height, left : left + width]
    before, patch = (torch.from_numpy(x[:, None].astype(np.float32)) for x in (target, patch))
    change = clone(before, patch, torch.from_numpy(mask)[None], torch.tensor([factor]), mixed=mixed)
    inner = before[:, 0, 1:-1, 1:-1] + change[:, 0]
    target[:, 1:-1, 1:-1] = inner.round().clamp(0, 255).numpy()
    return out


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
    compared = 0
    while compared < 100:
        image, source = images[rng.integers(len(images), size=2)]
        height, width = rng.integers(8, 150 if compared % 2 else 40, 2)
        top, left = corner(rng, height, compared), corner(rng, width, compared // 3)
        rows, columns = rng.integers(0, 225 - height), rng.integers(0, 225 - width)
        patch = source[:, rows : rows + height, columns : columns + width]
        target = image[:, top : top + height, left : left + width]
        mask = np.ones((height, width), np.uint8)
        if compared % 4 == 0:  # a ragged one, as the foreground makes it
            mask = np.uint8((patch.mean(0) > 20) | (target.mean(0) > 20))
        mask[[0, -1]] = mask[:, [0, -1]] = 0
        level = 255 if compared % 5 else int(rng.integers(13, 243))
        if mask.sum() < 50:  # OpenCV cannot clone into a region without an inside
            continue
        expected = opencv(image, patch, mask * np.uint8(level), top, left, mixed)
        got = ours(image, patch, mask, level / 255, top, left, mixed)
        off = np.abs(got.astype(int) - expected).max()
        assert off <= 1, (height, width, top, left, level, compared)
        compared += 1


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


def test_erosion_is_opencvs_with_zeros_outside():
    mask = np.uint8(np.random.default_rng(0).random((4, 30, 35)) > 0.01)
    kernel = np.ones((3, 3), np.uint8)
    options = {"iterations": 3, "borderType": cv2.BORDER_CONSTANT, "borderValue": 0}
    expected = np.stack([cv2.erode(m, kernel, **options) for m in mask])
    np.testing.assert_array_equal(eroded(torch.from_numpy(mask)).numpy(), expected)


def test_equal_patch_changes_nothing():
    image = torch.rand(1, 2, 20, 20, generator=torch.Generator().manual_seed(0)) * 255
    mask = torch.ones(2, 20, 20, dtype=torch.uint8)
    change = clone(image, image + 9, mask, torch.ones(2), mixed=False)  # gradients are equal
    torch.testing.assert_close(change, torch.zeros_like(change), atol=1e-3, rtol=0)
