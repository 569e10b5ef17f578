"""Masks are exact: outside of them a lesion changes little, inside it changes the image."""

import numpy as np
import pytest
from mia_data.phantoms.head import BRAIN, draw_head
from mia_data.phantoms.lesions import KINDS, draw_lesions, paint, push

SIZE = 96


def _draw(kind, count=12):
    axis = (np.arange(SIZE, dtype=np.float32) + 0.5) * np.float32(2 / SIZE) - 1
    shape = (count, SIZE, SIZE)
    x, y = np.broadcast_to(axis, shape), np.broadcast_to(axis[:, None], shape)
    rngs = [np.random.default_rng([7, i]) for i in range(count)]
    kinds = np.full(count, KINDS.index(kind))
    lesions = draw_lesions(rngs, kinds, smallest=2 / SIZE)
    states = [rng.bit_generator.state for rng in rngs]
    healthy = draw_head(rngs, x, y, 3 / SIZE)
    for rng, state in zip(rngs, states, strict=True):
        rng.bit_generator.state = state
    head = draw_head(rngs, *push(lesions, x, y), 3 / SIZE)
    image, masks = paint(lesions, head.image, x, y, head.brain < BRAIN, 3 / SIZE)
    return healthy, image, masks


@pytest.mark.parametrize("kind", KINDS)
def test_the_change_is_in_the_mask(kind):
    healthy, image, masks = _draw(kind)
    change = np.abs(image - healthy.image)
    assert masks.any(axis=(1, 2)).all()
    assert masks.mean() < 0.15
    inside = (change * masks).sum(axis=(1, 2)) / masks.sum(axis=(1, 2))
    outside = (change * ~masks).sum(axis=(1, 2)) / (~masks).sum(axis=(1, 2))
    assert (inside > 8 * outside).all()
    # Every lesion is there to be found.
    assert (inside > 0.01).all()


@pytest.mark.parametrize(
    ("kind", "sign"), [("bright", 1), ("diffuse", 1), ("spots", 1), ("dark", -1)]
)
def test_bright_is_brighter_and_dark_darker(kind, sign):
    healthy, image, masks = _draw(kind)
    change = (image - healthy.image) * masks
    assert (sign * change.sum(axis=(1, 2)) > 0).all()


def test_a_ring_is_bright_around_a_dark_core():
    healthy, image, masks = _draw("ring")
    change = (image - healthy.image) * masks
    assert (change.max(axis=(1, 2)) > 0).all()
    assert (change.min(axis=(1, 2)) < 0).all()


def test_masks_stay_in_the_brain():
    for kind in KINDS:
        healthy, _, masks = _draw(kind)
        # A swelling moves the border of the brain a little.
        assert not (masks & (healthy.brain > BRAIN + 0.15)).any(), kind
