import pytest
import torch
from mia_ssl.pasting.options import PatchOptions
from mia_ssl.pasting.random_numbers import ROUNDS, RandomNumbers


def draw(count, seed=3, **options):
    return RandomNumbers.draw(count, PatchOptions(**options), torch.Generator().manual_seed(seed))


def test_first_images_draw_the_same_whatever_the_count():
    few, many = draw(5), draw(70)
    for name in ("other", "factor", "gate", "size", "scale"):
        assert torch.equal(getattr(few, name), getattr(many, name)[:5])
    for number in range(len(few.source)):
        assert torch.equal(few.source[number], many.source[number][:5])
        assert torch.equal(few.target[number], many.target[number][:5])


def test_places_are_the_same_in_whatever_order_rounds_are_asked_for():
    first, second = draw(4), draw(4)
    backwards = {number: second.source[number] for number in (3, 2, 1, 0)}
    assert all(torch.equal(first.source[number], backwards[number]) for number in range(4))


def test_every_number_is_drawn_once():
    drawn = draw(4)
    numbers = [drawn.other, drawn.factor, drawn.gate, drawn.size, drawn.scale]
    numbers += [places[number] for places in (drawn.source, drawn.target) for number in range(4)]
    numbers = torch.cat([value.flatten() for value in numbers])
    assert len(numbers) == 4 * (2 + 3 * (1 + 4 + 1 + 400 + 400))
    assert len(numbers.unique()) > 0.999 * len(numbers)
    assert abs(numbers.mean() - 0.5) < 0.02


@pytest.mark.parametrize("tries", [1, *ROUNDS, 5, 200])
def test_rounds_have_all_the_tries_and_no_more(tries):
    drawn = draw(2, tries=tries)
    assert sum(drawn.source[n].shape[2] for n in range(len(drawn.source))) == tries
