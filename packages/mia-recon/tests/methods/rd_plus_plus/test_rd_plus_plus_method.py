"""Projections, noise, losses and steps of rd++, by their definitions."""

from __future__ import annotations

import copy

import mia_recon
import numpy as np
import pytest
import torch
from mia_recon._engine.backbones import Backbone
from mia_recon._engine.device import make_fabric
from mia_recon.methods.rd_plus_plus.method import contrast, transport
from mia_recon.methods.rd_plus_plus.network import ProjectedDistillation
from mia_recon.methods.rd_plus_plus.noise import add_noise, draw_octaves, draw_rectangles
from mia_recon.registry import RECORDS
from mia_recon.simplex_noise import simplex_noise
from torch import nn
from torch.nn import functional as F

METHOD = RECORDS["rd++"]


def seeded(seed=0):
    return torch.Generator().manual_seed(seed)


def test_the_projections_are_those_of_the_original():
    with torch.device("meta"):
        network = ProjectedDistillation(Backbone("wide_resnet50_2"))
    for layers, n in zip(network.projections, (256, 512, 1024), strict=True):
        found = [
            (m.in_channels, m.out_channels, m.kernel_size, m.padding)
            for m in layers
            if isinstance(m, nn.Conv2d)
        ]
        widths = [(n, n // 2), (n // 2, n // 4), (n // 4, n // 2), (n // 2, n)]
        assert found == [(*pair, (3, 3), (1, 1)) for pair in widths]
        norms = [m for m in layers if isinstance(m, nn.InstanceNorm2d)]
        assert len(norms) == len([m for m in layers if isinstance(m, nn.LeakyReLU)]) == 4
        assert not any(m.affine or m.track_running_stats for m in norms)


def test_rectangles_are_as_large_as_the_originals_and_lie_inside():
    top, left, height, width = draw_rectangles(20_000, 256, seeded())
    for start, side in ((top, height), (left, width)):
        assert (int(side.min()), int(side.max())) == (10, 31)
        assert int(start.min()) == 1
        assert int((start + side).max()) == 255
    counts = torch.bincount(height, minlength=32)[10:]
    assert int(counts.min()) > 0.8 * 20_000 / 22
    small = draw_rectangles(100, 32, seeded())
    assert (int(small.height.min()), int(small.height.max())) == (1, 3)


def test_octaves_are_summed_number_by_number():
    got = draw_octaves(2, 5, 4.0, seeded(1))
    generator = seeded(1)
    for image in range(2):
        hashes = torch.randperm(256, generator=generator)[None]
        for channel, row, column in ((0, 0, 3), (1, 4, 2), (2, 1, 1)):
            expected = 0.0
            for octave in range(6):
                unit = 4.0 / 2**octave
                place = torch.tensor([[[column / unit, row / unit, channel / unit]]])
                expected += 0.6**octave * float(simplex_noise(place, hashes))
            assert float(got[image, channel, row, column]) == pytest.approx(expected, abs=1e-5)


@pytest.mark.parametrize("channels", [1, 3])
def test_noise_changes_one_rectangle_of_each_image_alone(channels):
    images = torch.rand(6, channels, 96, 96, generator=seeded(2))
    noisy = add_noise(images, 0.2, seeded(3))
    noise = (noisy - images.expand(-1, 3, -1, -1)).numpy() / 0.2
    top, left, height, width = draw_rectangles(6, 96, seeded(3))
    for n in range(6):
        inside = np.zeros((96, 96), bool)
        inside[top[n] : top[n] + height[n], left[n] : left[n] + width[n]] = True
        assert np.abs(noise[n][:, ~inside]).max() < 1e-6
        assert (np.abs(noise[n][:, inside]) > 1e-6).mean() > 0.95
        assert not np.allclose(noise[n, 0], noise[n, 1])  # colored, on gray images too
    again = add_noise(images, 0.2, seeded(3))
    assert torch.equal(noisy, again)
    assert not torch.equal(noisy, add_noise(images, 0.2, seeded(4)))


def cosine(a, b):
    return float((a * b).sum() / np.sqrt((a**2).sum() * (b**2).sum()))


def written_out(network, x, generator):
    """The terms of the loss, place by place and image by image."""
    with torch.no_grad():
        images = (x + 1) / 2
        clean = network.features(images)
        noisy = network.features(add_noise(images, 0.2, generator))
        normal, abnormal = network.project(clean), network.project(noisy)
        rebuilt = network.rebuild(normal)
    levels = [[z.double().numpy() for z in group] for group in (clean, noisy, normal, abnormal)]
    levels.append([z.double().numpy() for z in rebuilt])
    distillation = reconstruction = apart = 0.0
    for f, n, p, q, r in zip(*levels, strict=True):
        count, _, rows, columns = f.shape
        distillation += np.mean([1 - cosine(f[i], r[i]) for i in range(count)])
        apart += np.mean([max(0, cosine(n[i], p[i]) - 0.5) for i in range(count)])
        places = [(i, y, z) for i in range(count) for y in range(rows) for z in range(columns)]
        reconstruction += np.mean([1 - cosine(q[i, :, y, z], p[i, :, y, z]) for i, y, z in places])
    return distillation, reconstruction, apart


def test_the_loss_is_its_terms_written_out(small, x):
    detector = small("rd++")
    network = detector.network.train()
    losses = METHOD.loss(network, x, detector.options, seeded(5))
    distillation, reconstruction, apart = written_out(network, x, seeded(5))
    got = {name: float(value.detach()) for name, value in losses.items()}
    assert got["distillation"] == pytest.approx(distillation, rel=1e-4)
    assert got["reconstruction"] == pytest.approx(reconstruction, rel=1e-4)
    assert got["contrast"] == pytest.approx(apart, abs=1e-5)
    projection = (0.01 * reconstruction + 0.1 * apart) / 1.11
    assert got["loss"] == pytest.approx(distillation + 0.2 * projection, rel=1e-4)


def test_contrast_is_pytorchs_cosine_embedding_loss():
    a = torch.randn(5, 3, 2, 2, generator=seeded())
    b = 1.5 * a + torch.randn(5, 3, 2, 2, generator=seeded(1))
    apart = -torch.ones(5)
    expected = F.cosine_embedding_loss(a.flatten(1), b.flatten(1), apart, margin=0.5)
    assert float(expected) > 0.05
    torch.testing.assert_close(contrast(a, b).mean(), expected)


def test_the_originals_transport_term_is_an_option_that_changes_nothing(small, x):
    plain, whole = small("rd++"), small("rd++", transport_weight=1.0)
    losses = [METHOD.loss(d.network.train(), x, d.options, seeded(6)) for d in (plain, whole)]
    assert float(losses[1]["transport"].detach()) == pytest.approx(0, abs=1e-6)
    for term in losses:
        term["loss"].backward()
    for a, b in zip(plain.network.parameters(), whole.network.parameters(), strict=True):
        torch.testing.assert_close(a.grad, b.grad, rtol=1e-4, atol=1e-7)
    levels = [torch.randn(4, 3, 2, 2, generator=seeded())]
    assert float(transport(levels, torch.tensor([1, 2, 3, 0]))) == pytest.approx(0, abs=1e-6)


def test_gradients_of_two_batches_are_summed_for_each_step(small, images, deviation):
    detector = small("rd++", learning_rate=1e-3)
    network = detector.network.train()
    reference, start = copy.deepcopy(network), copy.deepcopy(network)
    task = METHOD.make_task(network, detector.options, detector.settings, make_fabric("cpu"))
    student = [*reference.embedding.parameters(), *reference.student.parameters()]
    optimizers = [
        torch.optim.Adam(student, lr=1e-3, betas=(0.5, 0.999)),
        torch.optim.Adam(reference.projections.parameters(), lr=1e-3, betas=(0.5, 0.999)),
    ]
    for number in range(3):
        batch = torch.from_numpy(images[4 * number : 4 * number + 4])
        task.step(batch, seeded(number))
        normal = batch.float() / 127.5 - 1
        METHOD.loss(reference, normal, detector.options, seeded(number))["loss"].backward()
        if number != 1:  # the last one waits until the epoch ends
            continue
        for optimizer in optimizers:
            optimizer.step()
            optimizer.zero_grad()
    for optimizer in optimizers:
        optimizer.step()
    before = [p.clone() for p in network.parameters()]
    task.end_epoch({})
    assert not any(map(torch.equal, network.parameters(), before))
    # A bias before a normalization has no gradient but rounding error.
    assert deviation(network, reference, start) < 0.05


def test_map_and_score_are_those_of_rd(small, images):
    detector = small("rd++")
    prediction = detector.predict(images[:2], device="cpu")
    x = torch.from_numpy(images[:2]).float() / 127.5 - 1
    network = detector.network.eval()
    with torch.no_grad():
        teacher, student = network(x)
        expected = RECORDS["rd"].anomaly_map(lambda x: (teacher, student), x, detector.options)
    np.testing.assert_allclose(prediction.map, expected[:, 0], rtol=1e-4)
    np.testing.assert_allclose(prediction.score, prediction.map.max((1, 2)), rtol=1e-4)
    # The student sees projected features, and is compared with those of the teacher.
    projected = network.project(network.features((x + 1) / 2))
    for a, b in zip(network.rebuild(projected), student, strict=True):
        torch.testing.assert_close(a.detach(), b)


def test_wrong_options_are_refused():
    for options, message in (
        ({"image_size": 48}, "image_size to be a multiple of 32, got 48"),
        ({"projection_weight": -1.0}, "projection_weight to be finite and 0 or above, got -1"),
        ({"accumulated_batches": 0}, "accumulated_batches"),
        ({"projection_learning_rate": 0.0}, "projection_learning_rate to be above 0"),
        ({"score": "men"}, "did you mean 'mean'"),
    ):
        with pytest.raises(ValueError, match=message):
            mia_recon.build("rd++", backbone="efficientnet-lite0", **options)


def test_training_on_real_images_beats_the_untrained_network(brains, auroc):
    train, test = brains
    options = {"backbone": "efficientnet-lite0", "image_size": 64, "batch_size": 8}
    detector = mia_recon.build("rd++", steps_per_epoch=12, score="mean", **options)
    untrained = auroc(detector.predict(test, device="cpu").score)
    detector.fit(train, epochs=1, device="cpu")
    assert auroc(detector.predict(test, device="cpu").score) > untrained + 0.05
