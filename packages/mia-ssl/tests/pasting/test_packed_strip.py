import numpy as np
import pytest
import torch
from mia_ssl.pasting.boxes import Boxes
from mia_ssl.pasting.packed_strip import WIDTH, PackedStrip

MARGIN = 2
HEIGHT, BREADTH = 50, 170


@pytest.fixture(params=["cpu", "elsewhere"])
def either(request, monkeypatch):
    """The way of the CPU, and that of other devices, taken on the CPU."""
    if request.param == "elsewhere":
        for module in ("pasting.packed_strip", "pasting.paste_regions"):
            monkeypatch.setattr(f"mia_ssl.{module}.on_cpu", lambda _: False)


@pytest.fixture
def boxes():
    """(image, boxes): many anywhere, then the whole image and its four corners."""
    rng = np.random.default_rng(0)
    height, width = rng.integers(1, HEIGHT, 60), rng.integers(1, BREADTH, 60)
    top, left = rng.integers(0, HEIGHT - height + 1), rng.integers(0, BREADTH - width + 1)
    special = [(0, 0, HEIGHT, BREADTH)]
    special += [(row, column, 1, 1) for row in (0, HEIGHT - 1) for column in (0, BREADTH - 1)]
    table = np.concatenate((np.stack((top, left, height, width), 1), special))
    image = torch.from_numpy(rng.integers(0, 5, len(table)))
    return image, Boxes(*torch.from_numpy(table).unbind(1))


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.usefixtures("either")
def test_boxes_lie_in_the_strip_with_what_is_around_them(channels, boxes):
    images = np.random.default_rng(1).integers(0, 256, (channels, 5, HEIGHT, BREADTH), np.uint8)
    strip = PackedStrip(*boxes, MARGIN)
    first, second = strip.cut(torch.from_numpy(images), torch.from_numpy(255 - images))
    assert first.shape == (channels, strip.rows, WIDTH)
    around = np.pad(images, ((0, 0), (0, 0), (MARGIN, MARGIN), (MARGIN, MARGIN)), mode="edge")
    row = 0
    for image, top, left, height, width in _of(strip):
        rows, columns = height + 2 * MARGIN, width + 2 * MARGIN
        assert columns <= WIDTH
        expected = around[:, image, top : top + rows, left : left + columns]
        np.testing.assert_array_equal(first[:, row : row + rows, :columns], expected)
        np.testing.assert_array_equal(second[:, row : row + rows, :columns], 255 - expected)
        row += rows
    assert row == strip.rows


@pytest.mark.parametrize("dtype", [torch.uint8, torch.float32])
@pytest.mark.usefixtures("either")
def test_writing_back_covers_the_boxes_and_nothing_else(dtype, boxes):
    images = torch.from_numpy(
        np.random.default_rng(2).integers(1, 256, (1, 5, HEIGHT, BREADTH), np.uint8)
    )
    factor = torch.rand(5, generator=torch.Generator().manual_seed(0))
    every = torch.arange(len(boxes[0]) - 5)  # without the whole image
    image, chosen = boxes[0][every], boxes[1][every]
    strip = PackedStrip(image, chosen, MARGIN)
    middle = strip.cut(images)[0][0, MARGIN:-MARGIN, MARGIN:-MARGIN]
    out = torch.zeros(images.shape[1:], dtype=dtype)
    strip.write(out, middle, factor if dtype == torch.float32 else None)
    expected = torch.zeros_like(out)
    for number, (rows, columns) in chosen.slices(image):
        scale = factor[number] if dtype == torch.float32 else 1
        expected[number, rows, columns] = images[0, number, rows, columns] * scale
    torch.testing.assert_close(out, expected, rtol=0, atol=0)
    assert (out == 0).any()


def test_wide_boxes_become_several_of_the_same_pixels(boxes):
    strip = PackedStrip(*boxes, MARGIN)
    assert int(strip.boxes.areas.sum()) == int(boxes[1].areas.sum())
    assert len(strip.image) > len(boxes[0])


def _of(strip):
    boxes = strip.boxes
    parts = (strip.image, boxes.top, boxes.left, boxes.height, boxes.width)
    return torch.stack(parts, 1).tolist()


@pytest.mark.parametrize("lost", [0, 2])
@pytest.mark.usefixtures("either")
def test_margins_outside_the_image_get_its_border_again(lost, boxes):
    """As if a filter of the whole image had been cut, its border repeated."""
    rng = np.random.default_rng(3)
    filtered = rng.integers(0, 256, (5, HEIGHT, BREADTH), np.uint8)
    margin = 5
    strip = PackedStrip(*boxes, margin)
    kept = margin - lost
    around = np.pad(filtered, ((0, 0), (kept, kept), (kept, kept)), mode="edge")
    packed = torch.from_numpy(
        rng.integers(0, 256, (strip.rows - 2 * lost, WIDTH - 2 * lost), np.uint8)
    )
    first = 0
    for image, top, left, height, width in _of(strip):
        block = packed[first : first + height + 2 * kept, : width + 2 * kept]
        rows, columns = (
            np.arange(n - kept, n + m + kept) for n, m in ((top, height), (left, width))
        )
        inside = ((rows >= 0) & (rows < HEIGHT))[:, None] & (columns >= 0) & (columns < BREADTH)
        cut = around[image, top : top + len(rows), left : left + len(columns)]
        block[torch.from_numpy(inside)] = torch.from_numpy(cut[inside])
        first += height + 2 * margin
    strip.repeat_border(packed, HEIGHT, BREADTH, lost=lost)
    first = 0
    for image, top, left, height, width in _of(strip):
        block = packed[first : first + height + 2 * kept, : width + 2 * kept]
        cut = around[image, top : top + height + 2 * kept, left : left + width + 2 * kept]
        np.testing.assert_array_equal(block, cut)
        first += height + 2 * margin
