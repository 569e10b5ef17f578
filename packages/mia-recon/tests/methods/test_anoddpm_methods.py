"""The diffusion against diffusers' schedulers, and the detectors made of it."""

import mia_recon
import numpy as np
import pytest
import torch
from mia_recon.diffusion import Diffusion
from mia_recon.registry import RECORDS

SMALL = {"width": 32, "depth": 2, "attention": 1, "image_size": 32, "ddim_steps": 4}


class Echo(torch.nn.Module):
    """Predicts a noise that depends on the image and the step, outside of [-1, 1] at times."""

    def forward(self, x, steps):
        return torch.sin(3 * x) + steps.view(-1, 1, 1, 1) / 500


def diffusion(**settings):
    how = {"steps": 1000, "level": 200, "noise": "gaussian", "ddim_steps": 0, "draws": 1}
    return Diffusion(Echo(), **{**how, **settings})


@pytest.fixture
def images():
    return torch.rand(2, 1, 8, 8, generator=torch.Generator().manual_seed(0))


def schedule(**settings):
    diffusers = pytest.importorskip("diffusers")
    how = {"num_train_timesteps": 1000, "beta_start": 1e-4, "beta_end": 2e-2, "clip_sample": True}
    return diffusers, {**how, "beta_schedule": "linear", **settings}


def test_noise_is_added_as_by_diffusers(images):
    diffusers, how = schedule()
    noise, steps = torch.randn(images.shape), torch.tensor([0, 750])
    expected = diffusers.DDPMScheduler(**how).add_noise(images, noise, steps)
    torch.testing.assert_close(diffusion().add_noise(images, noise, steps), expected)


def test_every_step_is_that_of_diffusers(images, monkeypatch):
    diffusers, how = schedule(variance_type="fixed_small")
    scheduler = diffusers.DDPMScheduler(**how)
    model, drawn = diffusion(), []
    draw = model.draw_noise
    monkeypatch.setattr(model, "draw_noise", lambda *given: drawn.append(draw(*given)) or drawn[-1])
    found = model.reconstruct(images)
    noises = iter(drawn)
    x = scheduler.add_noise(images, next(noises).expand_as(images), torch.tensor([199, 199]))
    for step in range(199, -1, -1):
        predicted = Echo()(x, torch.tensor([step]))
        noise = next(noises).expand_as(x) if step else torch.zeros_like(x)
        monkeypatch.setattr(
            "diffusers.schedulers.scheduling_ddpm.randn_tensor", lambda *_, n=noise, **__: n
        )
        x = scheduler.step(predicted, step, x).prev_sample
    assert next(noises, None) is None
    torch.testing.assert_close(found, x, rtol=1e-4, atol=1e-5)


def test_steps_of_ddim_are_those_of_diffusers(images):
    diffusers, how = schedule(set_alpha_to_one=True)
    scheduler = diffusers.DDIMScheduler(**how)
    scheduler.set_timesteps(20)  # every fiftieth
    model = diffusion(level=200, ddim_steps=4)
    x = torch.randn(images.shape, generator=torch.Generator().manual_seed(1))
    assert model.way_back(200) == [(199, 149), (149, 99), (99, 49), (49, -1)]
    assert model.way_back(100) == [(99, 49), (49, -1)]
    for step, before in model.way_back(200):
        found = model.denoise(x, step, before, noise=None)
        x = scheduler.step(Echo()(x, torch.tensor([step])), step, x, use_clipped_model_output=True)
        x = x.prev_sample
        torch.testing.assert_close(found, x, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("noise", ["gaussian", "simplex"])
def test_the_loss_is_the_error_of_the_noise(images, noise):
    model = diffusion(noise=noise)
    found = model.noise_error(images, torch.Generator().manual_seed(3))
    again = torch.Generator().manual_seed(3)
    steps = torch.randint(1000, (2,), generator=again)
    drawn = model.draw_noise(images.shape, steps, again)
    kept = np.cumprod(1 - np.linspace(1e-4, 2e-2, 1000))[steps.numpy()].reshape(2, 1, 1, 1)
    noisy = np.sqrt(kept) * images.double().numpy() + np.sqrt(1 - kept) * drawn.double().numpy()
    predicted = np.sin(3 * noisy) + steps.double().numpy().reshape(2, 1, 1, 1) / 500
    assert found == pytest.approx(((predicted - drawn.double().numpy()) ** 2).mean(), rel=1e-5)


def test_draws_have_different_noise_and_are_averaged(images):
    one, two = diffusion(ddim_steps=3), diffusion(ddim_steps=3, draws=2)
    first, second = one.reconstruct(images, 0), one.reconstruct(images, 1)
    assert not torch.allclose(first, second)
    torch.testing.assert_close(two(images), (first + second) / 2)


@pytest.mark.parametrize("name", ["anoddpm", "anoddpm-simplex"])
def test_a_model_of_perfect_noise_gives_back_the_image(name):
    method = RECORDS[name]
    network = method.network(1, 32, method.options(width=32, depth=2, attention=1, ddim_steps=5))
    x = torch.rand(2, 1, 32, 32) * 2 - 1
    clean = (x + 1) / 2

    class Perfect(torch.nn.Module):
        def forward(self, noisy, steps):
            kept = torch.tensor(network.kept)[steps].view(-1, 1, 1, 1).float()
            return (noisy - kept.sqrt() * clean) / (1 - kept).sqrt()

    network.unet = Perfect()
    torch.testing.assert_close(method.reconstruct(network, x), x, rtol=0, atol=1e-4)
    assert method.anomaly_map(network, x, None).max() < 1e-4


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"width": 48}, "expected width to be a multiple of 32, got 48"),
        ({"noise": "perlin"}, "unknown noise 'perlin'"),
        ({"level": 1001}, r"expected level to be at most steps \(1000\), got 1001"),
        ({"ddim_steps": 201}, r"expected ddim_steps to be from 0 to level \(200\), got 201"),
        ({"attention": 4}, r"expected attention to be from 0 to depth \(3\), got 4"),
        ({"heads": 3}, r"expected width to be a multiple of heads \(3\), got 128"),
        ({"image_size": 30}, "expected image_size to be a multiple of 4, got 30"),
    ],
)
def test_bad_options_are_refused(options, message):
    with pytest.raises(ValueError, match=message):
        mia_recon.build("anoddpm", **options)


@pytest.mark.parametrize("name", ["anoddpm", "anoddpm-simplex"])
def test_training_learns_the_noise(name):
    rng = np.random.default_rng(0)
    y, x = np.mgrid[:32, :32] - 16
    disks = np.stack([200.0 * (np.hypot(y, x) < r) for r in rng.uniform(6, 13, 24)])
    images = (disks + rng.normal(20, 3, disks.shape)).clip(0, 255).astype(np.uint8)[:, None]
    losses = []
    detector = mia_recon.build(name, epochs=12, batch_size=8, learning_rate=1e-3, **SMALL)
    detector.fit(images, device="cpu", on_epoch=lambda e: losses.append(e.losses["loss"]))
    assert np.mean(losses[-3:]) < 0.6 * losses[0]
    found = detector.predict(images[:4], device="cpu")
    assert found.map.shape == (4, 32, 32)
    np.testing.assert_allclose(found.score, found.map.mean((1, 2)), rtol=1e-5)
