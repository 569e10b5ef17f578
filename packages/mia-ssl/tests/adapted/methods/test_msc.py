"""The loss of msc against its definition, sum by sum."""

from __future__ import annotations

import math

import pytest
import torch
from mia_ssl.adapted.methods.msc import MSC, MSCOptions, contrastive_loss


def slow(first, second, temperature):
    """NT-Xent by three loops."""
    views = [v / v.norm() for v in (*first.double(), *second.double())]
    count, total = len(first), 0.0
    for i, view in enumerate(views):
        weights = [math.exp(float(view @ other) / temperature) for other in views]
        others = sum(w for j, w in enumerate(weights) if j != i)
        total -= math.log(weights[(i + count) % (2 * count)] / others)
    return total / (2 * count)


@pytest.mark.parametrize("temperature", [0.25, 1.0])
def test_the_contrast_is_its_definition(temperature):
    first, second = torch.randn(2, 5, 7, generator=torch.Generator().manual_seed(0))
    got = contrastive_loss(first, second, temperature)
    assert float(got) == pytest.approx(slow(first, second, temperature), rel=1e-5)


def test_equal_views_of_orthogonal_images_have_a_closed_form():
    first = torch.eye(4)
    # One cosine of 1 and 2 * 3 cosines of 0.
    expected = -math.log(math.exp(4) / (math.exp(4) + 6))
    assert float(contrastive_loss(first, 3 * first, 0.25)) == pytest.approx(expected, rel=1e-5)


class Fixed:
    """Stands for a network: gives features of one view, then of the other."""

    def __init__(self, *features):
        self.features = iter(features)

    def __call__(self, images):
        return next(self.features)


@pytest.mark.parametrize("angular", [False, True])
def test_views_are_seen_from_the_center(angular):
    generator = torch.Generator().manual_seed(0)
    features = torch.nn.functional.normalize(torch.randn(2, 5, 7, generator=generator), dim=2)
    center = torch.randn(7, generator=generator)
    images = torch.zeros(5, 1, 32, 32, dtype=torch.uint8)
    options = MSCOptions(angular=angular)
    got = MSC.loss(Fixed(*features), images, center, options, torch.Generator())
    if angular:
        center = center / center.norm()
    expected = slow(*(features - center), 0.25)
    if angular:
        away = (features - center).flatten(0, 1).tolist()
        expected += sum(number**2 for vector in away for number in vector) / 5
    assert float(got) == pytest.approx(expected, rel=1e-5)


def test_the_defaults_are_the_studys():
    info, options = MSC.info, MSCOptions()
    assert (info.epochs, info.batch_size, info.learning_rate) == (100, 64, 1e-3)
    assert (info.image_size, info.resample) == (224, "bicubic")
    assert (options.backbone, options.trained_stages) == ("resnet18", None)
    assert (options.temperature, options.angular) == (0.25, False)
    assert (options.weight_decay, MSC.momentum, MSC.clip_norm) == (5e-5, 0, None)
