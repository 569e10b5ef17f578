"""Pixels of boxes, cut and written, against plain slices; both ways of reaching them."""

import sys

import mia_ssl
import numpy as np
import pytest
import torch
from mia_ssl.one_stage import METHODS
from mia_ssl.pasting.boxes import Boxes
from mia_ssl.pasting.paste_regions import Regions
from mia_ssl.two_stage import SYNTHESES


@pytest.fixture
def as_elsewhere(monkeypatch):
    """Go the way of other devices than the CPU, in every module that asks."""

    def go():
        for name, module in list(sys.modules.items()):
            if name.startswith("mia_ssl.") and hasattr(module, "on_cpu"):
                monkeypatch.setattr(module, "on_cpu", lambda _: False)

    return go


@pytest.fixture(params=["slices", "index"])
def regions(request, as_elsewhere):
    """Three boxes in images 2, 0 and 2."""
    if request.param == "index":
        as_elsewhere()
    sides = ([1, 0, 5], [2, 3, 0], [4, 1, 3], [5, 6, 9])
    return Regions(torch.tensor([2, 0, 2]), Boxes(*map(torch.tensor, sides)))


@pytest.fixture(params=["contiguous", "images first", "a view of larger memory"])
def planes(request):
    """uint8 [2, 3, 8, 9]."""
    whole = torch.randint(0, 256, (3, 2, 10, 12), dtype=torch.uint8)
    if request.param == "contiguous":
        return whole.transpose(0, 1)[..., :8, :9].contiguous()
    if request.param == "images first":
        return whole[..., :8, :9].contiguous().transpose(0, 1)
    return whole.transpose(0, 1)[..., 1:9, 2:11]


def test_cut_is_slices_one_after_the_other(regions, planes):
    parts = (planes[:, 2, 1:5, 2:7], planes[:, 0, :1, 3:], planes[:, 2, 5:8, :9])
    expected = torch.cat([part.reshape(2, -1) for part in parts], 1)
    assert torch.equal(regions.cut(planes), expected)
    assert regions.sizes == [20, 6, 27]


def test_write_changes_the_boxes_and_nothing_else(regions, planes):
    expected = planes.clone()
    for place in ((2, slice(1, 5), slice(2, 7)), (0, slice(1), slice(3, 9)), (2, slice(5, 8))):
        expected[(slice(None), *place)] ^= 255
    regions.write(planes, regions.cut(planes) ^ 255)
    assert torch.equal(planes, expected)


def test_padded_boxes_lie_in_the_corner_and_go_back(regions, planes):
    padded = regions.cut_padded(planes, 6, 10)
    expected = torch.zeros(2, 3, 6, 10, dtype=torch.uint8)
    expected[:, 0, :4, :5] = planes[:, 2, 1:5, 2:7]
    expected[:, 1, :1, :6] = planes[:, 0, :1, 3:]
    expected[:, 2, :3] = torch.nn.functional.pad(planes[:, 2, 5:8], (0, 1))
    assert torch.equal(padded, expected)
    before = planes.clone()
    regions.write_padded(planes, 255 - padded)
    written = regions.cut(planes)
    regions.write(planes, 255 - written)
    assert torch.equal(planes, before)
    assert (written != regions.cut(before)).any()


def test_spread_repeats_each_value_over_its_box(regions):
    values = torch.tensor([0.5, 2.0, -1.0])
    assert regions.spread(values).tolist() == [0.5] * 20 + [2.0] * 6 + [-1.0] * 27


def test_means_are_those_of_each_box(regions):
    pixels = torch.rand(53, generator=torch.Generator().manual_seed(0))
    expected = [part.mean().item() for part in pixels.split([20, 6, 27])]
    np.testing.assert_allclose(regions.means(pixels), expected, rtol=1e-6)


def test_steps_count_rows_and_columns_of_each_box(regions):
    row, column = regions.steps()
    assert row.tolist() == [i // 5 for i in range(20)] + [0] * 6 + [i // 9 for i in range(27)]
    assert column.tolist() == [*range(5)] * 4 + [*range(6)] + [*range(9)] * 3


@pytest.mark.parametrize("name", [*METHODS, *SYNTHESES])
@pytest.mark.parametrize("channels", [1, 3])
def test_other_devices_paste_the_same(name, channels, as_elsewhere):
    images = np.random.default_rng(0).integers(0, 256, (5, channels, 12, 16), np.uint8)
    images = images.repeat(8, axis=2).repeat(5, axis=3)
    pasted, label = mia_ssl.synthesize(name, images, seed=1)
    as_elsewhere()
    again, same = mia_ssl.synthesize(name, images, seed=1)
    # A mean that is summed in another order may round a gray level the other way.
    assert (np.asarray(pasted) != np.asarray(again)).mean() < 1e-3
    np.testing.assert_allclose(again, pasted, atol=1)
    np.testing.assert_array_equal(label, same)
    assert (np.asarray(pasted) != np.resize(images, pasted.shape)).any()
