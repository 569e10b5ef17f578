import torch
from mia_ssl.pasting.boxes import Boxes, corners, integer


def test_integers_stay_below_their_count():
    largest = torch.tensor(1 - 2.0**-24)  # the largest number that torch.rand gives
    assert integer(largest, 224).item() == 223
    assert integer(torch.tensor(0.0), 224).item() == 0


def test_corners_reach_every_place_inside_and_no_other():
    uniform = torch.rand(2000, 2, generator=torch.Generator().manual_seed(0))
    height, width = torch.full((2000,), 4), torch.full((2000,), 7)
    top, left = corners(uniform, height, width, (6, 9))
    assert top.unique().tolist() == [0, 1, 2]
    assert left.unique().tolist() == [0, 1, 2]
    ends = torch.tensor([[0.0, 0.0], [0.999999, 0.999999]], dtype=torch.float64)
    top, left = corners(ends, torch.tensor([10, 10]), torch.tensor([20, 20]), (64, 100))
    assert (top.tolist(), left.tolist()) == ([0, 54], [0, 80])


def test_slices_select_the_pixels():
    boxes = Boxes(*(torch.tensor(values) for values in ([1, 0], [2, 3], [4, 1], [5, 6])))
    assert boxes.areas.tolist() == [20, 6]
    chosen = list(boxes.slices(torch.tensor([7, 2])))
    assert chosen == [(7, (slice(1, 5), slice(2, 7))), (2, (slice(0, 1), slice(3, 9)))]
    assert list(boxes[1:].slices(torch.tensor([2]))) == chosen[1:]
