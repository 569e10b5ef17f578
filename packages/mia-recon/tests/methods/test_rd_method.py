"""Loss, map and score of rd, by their definitions."""

from __future__ import annotations

import mia_recon
import numpy as np
import pytest
import torch
from mia_recon.registry import RECORDS
from scipy.ndimage import gaussian_filter
from torch.nn import functional as F


def distance(a, b):
    """1 - cosine along the first dimension."""
    return 1 - (a * b).sum(0) / (a.square().sum(0) * b.square().sum(0)).sqrt()


class Echo:
    """Stands for a network whose student gives multiples of the teacher's features."""

    def __init__(self, *factors):
        self.factors = factors

    def __call__(self, x):
        teacher = [x, x[..., ::2, ::2], x[..., ::4, ::4]]
        return teacher, [k * f for k, f in zip(self.factors, teacher, strict=True)]


@pytest.mark.parametrize(("factors", "expected"), [((1, 2, 3), 0), ((1, -1, -2), 4)])
def test_the_loss_sums_the_levels_whatever_the_lengths(factors, expected, x):
    options = RECORDS["rd"].options()
    loss = RECORDS["rd"].loss(Echo(*factors), x, options, torch.Generator())["loss"]
    assert float(loss) == pytest.approx(expected, abs=1e-5)


@pytest.mark.parametrize("score", ["max", "mean"])
def test_map_and_score_are_the_distances_of_the_levels(score, small, images):
    detector = small("rd", score=score)
    prediction = detector.predict(images[:3], device="cpu")
    network = detector.network.eval()
    with torch.no_grad():
        teacher, student = network(torch.from_numpy(images[:3]).float() / 127.5 - 1)
    for number in range(3):
        whole = torch.zeros(32, 32)
        for a, b in zip(teacher, student, strict=True):
            level = distance(a[number], b[number])[None, None]
            whole += F.interpolate(level, size=(32, 32), mode="bilinear", align_corners=True)[0, 0]
        expected = gaussian_filter(whole.double().numpy(), 4)
        np.testing.assert_allclose(prediction.map[number], expected, rtol=1e-4)
        reduced = getattr(expected, score)()
        assert prediction.score[number] == pytest.approx(reduced, rel=1e-4)


def test_training_lowers_the_loss_by_adam_with_the_originals_betas(small, images):
    detector = small("rd", steps_per_epoch=4)
    detector.fit(images, epochs=3, device="cpu")
    losses = [epoch["loss"] for epoch in detector.history]
    assert losses[-1] < 0.85 * losses[0]
    task = RECORDS["rd"].make_task(detector.network, detector.options, detector.settings, None)
    assert task.optimizers["optimizer"].param_groups[0]["betas"] == (0.5, 0.999)


def test_wrong_options_are_refused():
    with pytest.raises(ValueError, match="image_size to be a multiple of 32, got 48"):
        mia_recon.build("rd", image_size=48)
    with pytest.raises(ValueError, match="did you mean 'mean'"):
        mia_recon.build("rd", score="men")
    with pytest.raises(ValueError, match="smoothing to be finite and 0 or above, got -1"):
        mia_recon.build("rd", smoothing=-1.0)
