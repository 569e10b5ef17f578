import torch
from mia_ssl.one_stage.draws import Draws, integer
from mia_ssl.one_stage.options import PatchOptions


def test_first_images_draw_the_same_whatever_the_count():
    few, many = (
        Draws.draw(count, PatchOptions(), torch.Generator().manual_seed(3)) for count in (5, 70)
    )
    assert torch.equal(few.source, many.rows(slice(0, 5)).source)
    assert torch.equal(few.target, many.rows(slice(0, 5)).target)
    assert torch.equal(few.factor, many.factor[:5])


def test_every_number_is_drawn_once():
    draws = Draws.draw(4, PatchOptions(), torch.Generator().manual_seed(0))
    numbers = torch.cat([value.flatten() for value in vars(draws).values()])
    assert len(numbers) == 4 * (2 + 3 * (1 + 4 + 1 + 400 + 400))
    assert len(numbers.unique()) > 0.999 * len(numbers)


def test_integers_stay_below_their_count():
    largest = torch.tensor(1 - 2.0**-24)  # the largest number that torch.rand gives
    assert integer(largest, 224).item() == 223
    assert integer(torch.tensor(0.0), 224).item() == 0
