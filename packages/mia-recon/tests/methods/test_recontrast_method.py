"""Loss, schedule, map and score of recontrast, by their definitions; a training on real images."""

from __future__ import annotations

import copy
import math

import mia_recon
import numpy as np
import pytest
import torch
from mia_recon import training_task
from mia_recon._engine.device import make_fabric
from mia_recon.losses.cosine import hard_cosine_distance
from mia_recon.methods.recontrast import alpha_of
from mia_recon.registry import RECORDS
from scipy.ndimage import gaussian_filter
from torch.nn import functional as F

METHOD = RECORDS["recontrast"]


def distances(a, b):
    """1 - cosine of the channels at each place, in NumPy."""
    dot = (a * b).sum(1)
    return 1 - dot / np.sqrt((a**2).sum(1) * (b**2).sum(1))


def mined_gradient(target, prediction, alpha):
    """The gradient of the mean of 1 - cosine of whole images, set to 0 at easy places."""
    places = distances(target, prediction)
    is_hard = places >= places.mean() + alpha * places.std(ddof=1)
    gradient = np.empty_like(prediction)
    for number, (a, b) in enumerate(zip(target, prediction, strict=True)):
        na, nb = np.sqrt((a**2).sum()), np.sqrt((b**2).sum())
        cosine = (a * b).sum() / (na * nb)
        gradient[number] = -(a / (na * nb) - cosine * b / nb**2) / len(target)
    return gradient * is_hard[:, None], is_hard.mean()


@pytest.mark.parametrize(("alpha", "share"), [(-3.0, 1.0), (0.0, 0.5), (1.0, 0.17)])
def test_only_hard_places_are_learned_from(alpha, share):
    rng = np.random.default_rng(0)
    target, prediction = rng.normal(size=(2, 3, 5, 8, 9))
    got = torch.from_numpy(prediction).requires_grad_()
    fixed = torch.from_numpy(target).requires_grad_()
    value = hard_cosine_distance(fixed, got, torch.tensor(alpha))
    value.mean().backward()
    expected, hard = mined_gradient(target, prediction, alpha)
    assert hard == pytest.approx(share, abs=0.08)
    np.testing.assert_allclose(got.grad, expected, rtol=1e-4, atol=1e-7)
    assert fixed.grad is None
    flat = [x.reshape(3, -1, 1, 1) for x in (target, prediction)]
    np.testing.assert_allclose(value.detach(), distances(*flat)[:, 0, 0], rtol=1e-5)


def test_the_threshold_rises_in_the_first_tenth_of_the_training():
    assert [alpha_of(step, 200) for step in (0, 5, 10, 20, 199)] == [-3, -2, -1, 1, 1]


class Pairs:
    """Stands for a network that gives these features."""

    def __init__(self, pairs):
        self.pairs = pairs

    def __call__(self, x):
        return self.pairs


def test_the_loss_is_half_the_sum_of_both_directions():
    rng = np.random.default_rng(1)
    shapes = [(2, 4, 8, 8), (2, 6, 4, 4), (2, 8, 2, 2)] * 2
    pairs = [rng.normal(size=(2, *shape)) for shape in shapes]
    expected = sum(distances(*(x.reshape(2, -1, 1, 1) for x in pair)).mean() / 2 for pair in pairs)
    network = Pairs([tuple(map(torch.from_numpy, pair)) for pair in pairs])
    x = torch.zeros(2, 1, 32, 32)
    got = METHOD.loss(network, x, METHOD.options(), torch.Generator())["loss"]
    assert float(got) == pytest.approx(expected, rel=1e-5)


def test_each_direction_is_rebuilt_from_the_other_encoder(small, x):
    network = small("recontrast").network.train()
    network.start()
    pairs = network(x)
    assert [tuple(a.shape[1:]) for a, _ in pairs] == [(24, 8, 8), (40, 4, 4), (112, 2, 2)] * 2
    assert not any(target.requires_grad for target, _ in pairs[:3])
    # The weights of an output belong to one direction alone.
    for own, other, wanted in (
        (network.to_frozen, network.to_trained, pairs[:3]),
        (network.to_trained, network.to_frozen, pairs[3:]),
    ):
        total = torch.stack([prediction.sum() for _, prediction in wanted]).sum()
        mine = torch.autograd.grad(total, list(own.parameters()), retain_graph=True)
        assert all(float(gradient.abs().sum()) > 0 for gradient in mine)
        rest = torch.autograd.grad(
            total, list(other.parameters()), retain_graph=True, allow_unused=True
        )
        assert rest == (None,) * 6
    # The trained encoder learns as it gives the features that the frozen one's are rebuilt from.
    total = torch.stack([prediction.sum() for _, prediction in pairs[:3]]).sum()
    (gradient,) = torch.autograd.grad(total, [next(network.encoder.parameters())])
    assert float(gradient.abs().sum()) > 0


def test_both_encoders_start_from_the_same_weights_and_one_learns(small, images):
    detector = small("recontrast").fit(images, epochs=0, device="cpu")
    network = detector.network.eval()
    x = torch.from_numpy(images).float() / 127.5 - 1
    with torch.no_grad():
        before = network(x)
        for (frozen, _), (trained, _) in zip(before[:3], before[3:], strict=True):
            torch.testing.assert_close(frozen, trained)
    detector.fit(images, epochs=1, device="cpu")
    with torch.no_grad():
        after = network.eval()(x)
    for number in range(3):
        torch.testing.assert_close(before[number][0], after[number][0])
        assert not torch.allclose(before[3 + number][0], after[3 + number][0])
    again = small("recontrast").fit(images, epochs=1, device="cpu")
    refitted = detector.fit(images, epochs=1, device="cpu").network.state_dict()
    for key, value in again.network.state_dict().items():
        assert torch.equal(value, refitted[key])


@pytest.mark.parametrize("score", ["max", "mean"])
def test_map_and_score_are_the_distances_of_six_levels(score, small, images):
    detector = small("recontrast", score=score)
    prediction = detector.predict(images[:2], device="cpu")
    network = detector.network.eval()
    with torch.no_grad():
        pairs = network(torch.from_numpy(images[:2]).float() / 127.5 - 1)
    whole = np.zeros((2, 32, 32))
    for a, b in pairs:
        level = torch.from_numpy(distances(a.double().numpy(), b.double().numpy()))[:, None]
        whole += F.interpolate(level, size=32, mode="bilinear", align_corners=True)[:, 0].numpy()
    for number in range(2):
        expected = gaussian_filter(whole[number], 4)
        np.testing.assert_allclose(prediction.map[number], expected, rtol=1e-4)
        reduced = getattr(expected, score)()
        assert prediction.score[number] == pytest.approx(reduced, rel=1e-4)


def test_steps_are_those_of_two_adamw_written_out(small, images, monkeypatch):
    # In float64: Adam's first steps are as long where a gradient is rounding error.
    monkeypatch.setattr(training_task, "normalize", lambda x: x.double() / 127.5 - 1)
    detector = small("recontrast", steps_per_epoch=10, epochs=2, learning_rate=1e-3)
    network = detector.network.double().train()
    network.start()
    network.backbone(torch.zeros(1, 1, 32, 32), network.stages)
    network.backbone._network[0].double()
    reference = copy.deepcopy(network)
    task = METHOD.make_task(network, detector.options, detector.settings, make_fabric("cpu"))
    encoder = list(reference.encoder.parameters())
    rest = [p for p in reference.parameters() if not any(p is other for other in encoder)]
    optimizers = [
        torch.optim.AdamW(rest, lr=1e-3, weight_decay=1e-5),
        torch.optim.AdamW(encoder, lr=1e-5, weight_decay=1e-5),
    ]
    for step in range(3):  # the threshold is -3, -1, 1 in the first two of 20 steps
        batch = torch.from_numpy(images[4 * step : 4 * step + 4])
        task.step(batch, torch.Generator())
        pairs = reference(batch.double() / 127.5 - 1)
        total = torch.zeros((), dtype=torch.float64)
        for target, prediction in pairs:
            place = 1 - F.cosine_similarity(target.detach(), prediction.detach())
            easy = place < place.mean() + (-3 + 2 * step) * place.std()
            prediction.register_hook(lambda g, easy=easy: g * ~easy[:, None])
            flat = target.detach().flatten(1), prediction.flatten(1)
            total = total + (1 - F.cosine_similarity(*flat)).mean() / 2
        for optimizer in optimizers:
            optimizer.zero_grad()
        total.backward()
        for optimizer in optimizers:
            optimizer.step()
    assert math.isclose(alpha_of(2, 20), 1)
    for key, value in reference.state_dict().items():
        torch.testing.assert_close(network.state_dict()[key], value, rtol=1e-6, atol=1e-8)


def test_wrong_options_are_refused():
    for options, message in (
        ({"image_size": 48}, "image_size to be a multiple of 32, got 48"),
        ({"score": "men"}, "did you mean 'mean'"),
        ({"encoder_learning_rate": 0.0}, "encoder_learning_rate to be above 0, got 0.0"),
        ({"steps_per_epoch": 0}, "steps_per_epoch"),
    ):
        with pytest.raises(ValueError, match=message):
            mia_recon.build("recontrast", backbone="efficientnet-lite0", **options)


def test_training_on_real_images_beats_the_untrained_network(brains, auroc):
    train, test = brains
    options = {"backbone": "efficientnet-lite0", "image_size": 64, "batch_size": 8}
    detector = mia_recon.build("recontrast", steps_per_epoch=12, **options)
    untrained = auroc(detector.predict(test, device="cpu").score)
    detector.fit(train, epochs=1, device="cpu")
    trained = auroc(detector.predict(test, device="cpu").score)
    assert trained > untrained + 0.05
