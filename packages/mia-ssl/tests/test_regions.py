"""Pixels of boxes, cut and written, against plain slices; both ways of reaching them."""

import pytest
import torch
from mia_ssl.boxes import Boxes
from mia_ssl.regions import Regions


class ByIndex(Regions):
    """Regions that use the index of other devices on the CPU too."""

    def cut(self, planes):
        return self._cut_by_index(planes)

    def write(self, planes, pixels):
        self._write_by_index(planes, pixels)


@pytest.fixture(params=[Regions, ByIndex])
def regions(request):
    """Three boxes in images 2, 0 and 2."""
    sides = ([1, 0, 5], [2, 3, 0], [4, 1, 3], [5, 6, 9])
    return request.param(torch.tensor([2, 0, 2]), Boxes(*map(torch.tensor, sides)))


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


def test_spread_repeats_each_value_over_its_box(regions):
    values = torch.tensor([0.5, 2.0, -1.0])
    assert regions.spread(values).tolist() == [0.5] * 20 + [2.0] * 6 + [-1.0] * 27
