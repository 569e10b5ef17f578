"""Compiling changes no result, and bf16 none that matters."""

from functools import partial

import numpy as np
import pytest
import torch

# AUROC points by which trainings in bf16 may differ, on average over the seeds.
TOLERANCE = 0.03
SEEDS = (0, 2)
# Of each kind: with 100, the AUROC of one training depends on the images by 0.03 and more.
TEST_IMAGES = 500


@pytest.fixture(scope="module")
def blobs():
    """Normal images are smooth discs, abnormal ones have a small bright square as well."""
    rng = np.random.default_rng(0)
    rows, columns = np.mgrid[:32, :32]

    def disc():
        y, x, radius = rng.uniform(12, 20), rng.uniform(12, 20), rng.uniform(6, 11)
        distance = np.hypot(rows - y, columns - x)
        return 150 / (1 + np.exp(distance - radius)) + rng.normal(20, 4, (32, 32))

    def square():
        image = disc()
        y, x = rng.integers(4, 24, 2)
        image[y : y + 4, x : x + 4] += 90
        return image

    def stack(images):
        return np.clip(np.array(images), 0, 255).astype(np.uint8)[:, None]

    train = stack([disc() for _ in range(256)])
    test = stack([disc() for _ in range(TEST_IMAGES)] + [square() for _ in range(TEST_IMAGES)])
    return train, test, np.repeat([0, 1], TEST_IMAGES)


def auroc(labels, scores):
    """The share of pairs of a normal and an abnormal image that the scores order rightly."""
    normal, abnormal = scores[labels == 0], scores[labels == 1]
    return (abnormal[:, None] > normal).mean() + (abnormal[:, None] == normal).mean() / 2


@pytest.mark.parametrize("name", ["ae", "vae"])
def test_bf16_ranks_images_as_float32_does(name, device, small, blobs):
    train, test, labels = blobs
    result = {}
    for precision in ("32-true", "bf16-mixed"):
        detectors = [
            small(name, precision=precision, batch_size=32).fit(
                train, epochs=15, seed=seed, device=device
            )
            for seed in SEEDS
        ]
        scores = [detector.predict(test, device=device).score for detector in detectors]
        result[precision] = np.mean([auroc(labels, score) for score in scores])
    assert result["32-true"] > 0.75  # or there would be nothing to lose
    assert result["bf16-mixed"] == pytest.approx(result["32-true"], abs=TOLERANCE)


# A smaller last batch, of 4 in 20, is traced once more: that is tested with one method.
@pytest.mark.parametrize(
    ("name", "count"),
    [("ae-ssim", 16), ("vae", 20), ("aeu", 16), ("memae", 16), ("ceae", 16), ("ganomaly", 16)],
)
def test_a_compiled_training_is_the_same_training(name, count, small, images, monkeypatch):
    # Traced as for any compiler, then run by PyTorch's own kernels: needs no C++ compiler.
    monkeypatch.setattr(torch, "compile", partial(torch.compile, backend="aot_eager"))
    plain = small(name).fit(images[:count], epochs=1, device="cpu")
    traced = small(name, compile=True).fit(images[:count], epochs=1, device="cpu")
    for expected, epoch in zip(plain.history, traced.history, strict=True):
        assert epoch == pytest.approx(expected, rel=1e-3)
