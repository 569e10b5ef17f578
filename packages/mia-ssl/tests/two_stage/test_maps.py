"""Maps from patch embeddings."""

from __future__ import annotations

import mia_ssl
import numpy as np
import pytest
import torch
from scipy.ndimage import map_coordinates
from torch import nn


@pytest.fixture(scope="module")
def normals():
    """Images alike but for noise: uint8 (12, 1, 128, 128)."""
    rng = np.random.default_rng(0)
    x = np.linspace(0, 6, 128)
    wave = 120 + 40 * np.sin(x)[:, None] * np.cos(x)
    return (wave + rng.normal(0, 3, (12, 1, 128, 128))).astype(np.uint8)


@pytest.fixture(scope="module")
def detector(normals):
    built = mia_ssl.build("cutpaste-2stage", image_size=128, with_map=True)
    return built.fit(normals, epochs=0, device="cpu")


LINE = {1: [1], 3: [1, 6, 1], 7: [0, 0, 1, 6, 1, 0, 0]}


def average(trunk):
    """Give the trunk weights that only average, most of all the middle: what it sees is even."""
    with torch.no_grad():
        for layer in trunk.modules():
            if isinstance(layer, nn.Conv2d):
                line = torch.tensor(LINE[layer.kernel_size[0]], dtype=torch.float32)
                line /= line.sum()
                layer.weight.copy_(line[:, None] * line / layer.in_channels)
            elif isinstance(layer, nn.BatchNorm2d):
                layer.bias.fill_(2)  # nothing below zero, which a ReLU would take


def test_map_is_high_where_the_image_differs(normals):
    options = {"density": "neighbors", "metric": "euclidean"}
    detector = mia_ssl.build("cutpaste-2stage", image_size=128, with_map=True, **options)
    average(detector.network.trunk)
    detector.fit_density(normals, device="cpu")
    image = normals[:1].copy()
    image[:, :, 80:112, 16:48] = 250
    assert detector.info.has_map
    anomalous = detector.predict(image, device="cpu").map
    normal = detector.predict(normals[:1], device="cpu").map
    assert anomalous.shape == (1, 128, 128)
    assert anomalous.dtype == np.float32
    raised = anomalous[0] - normal[0]
    assert raised[88:104, 24:40].mean() > 5 * np.abs(raised[:32, 96:]).mean()
    row, column = np.unravel_index(raised.argmax(), raised.shape)
    assert 80 <= row < 112
    assert 16 <= column < 48


@pytest.mark.parametrize(
    ("layer", "stride"),
    [
        *(("conv1", 2), ("bn1", 2), ("relu", 2), ("maxpool", 4), ("layer1", 4), ("layer2", 8)),
        *(("layer3", 16), ("layer3.0.conv2", 16), ("layer4", 32)),
    ],
)
def test_one_bright_spot_is_where_the_map_says(layer, stride):
    """At places that lie anywhere between the cells' centers."""
    options = {"map_layer": layer, "density": "neighbors", "metric": "euclidean"}
    detector = mia_ssl.build("cutpaste-2stage", with_map=True, map_patches=200, **options)
    average(detector.network.trunk)
    normal = np.full((2, 1, 224, 224), 100, np.uint8)
    detector.fit_density(normal, device="cpu")
    places = np.array([(row, column) for row in (81, 100, 122) for column in (85, 107, 126)])
    images = normal[:1].repeat(len(places), axis=0)
    for image, (row, column) in zip(images[:, 0], places, strict=True):
        image[row - 2 : row + 3, column - 2 : column + 3] = 255
    base, spots = (detector.predict(x, device="cpu").map for x in (normal[:1], images))
    raised = spots - base
    along = np.arange(224)
    found = [(raised.sum(axis) * along).sum(1) / raised.sum((1, 2)) for axis in (2, 1)]
    off = np.stack(found, axis=1) - places
    assert np.abs(off.mean(0)).max() < 1.5  # half a stride is 8 pixels in layer3, 16 in layer4
    assert np.abs(off).max() < max(stride / 4, 1)


def test_map_does_not_depend_on_the_batch(detector, normals):
    whole = detector.predict(normals[:3], device="cpu").map
    alone = detector.predict(normals[2:3], batch_size=1, device="cpu").map
    np.testing.assert_allclose(alone[0], whole[2], rtol=1e-4)


def test_map_is_of_the_same_density_over_grid_embeddings(detector, normals):
    trunk = detector.network.trunk
    with torch.inference_mode():
        x = (torch.from_numpy(normals[:1]) / 255 - 0.5) / 0.5
        x = trunk.maxpool(trunk.relu(trunk.bn1(trunk.conv1(x.repeat(1, 3, 1, 1)))))
        grid = trunk.layer3(trunk.layer2(trunk.layer1(x)))[0]
    scores = detector.scorer.map_density.score(grid.flatten(1).T.numpy())
    places = np.meshgrid(np.arange(128) / 16, np.arange(128) / 16, indexing="ij")
    expected = map_coordinates(scores.reshape(8, 8), places, order=1, mode="nearest")
    actual = detector.predict(normals[:1], device="cpu").map[0]
    np.testing.assert_allclose(actual, expected, rtol=1e-4)


def test_saved_with_the_model(detector, normals, tmp_path):
    detector.save(tmp_path / "model")
    loaded = mia_ssl.load(tmp_path / "model").predict(normals[:2], device="cpu")
    np.testing.assert_array_equal(loaded.map, detector.predict(normals[:2], device="cpu").map)


def test_layer_must_exist_and_give_a_grid():
    with pytest.raises(ValueError, match="unknown map_layer 'layer5'; did you mean 'layer4'"):
        mia_ssl.build("cutpaste-2stage", with_map=True, map_layer="layer5")
    with pytest.raises(ValueError, match="map_layer to give a grid"):
        mia_ssl.build("cutpaste-2stage", image_size=128, with_map=True, map_layer="fc")
    channels_last = {"backbone": "swin_t", "map_layer": "features.1", "image_size": 64}
    with pytest.raises(ValueError, match="map_layer to give a grid"):
        mia_ssl.build("cutpaste-2stage", with_map=True, **channels_last)


@pytest.mark.parametrize("damage", [lambda points: points[:, :-1], lambda points: points * np.nan])
def test_damaged_map_density_is_refused(damage, normals, tmp_path):
    options = {"image_size": 128, "with_map": True, "density": "neighbors"}
    detector = mia_ssl.build("cutpaste-2stage", **options).fit(normals, epochs=0, device="cpu")
    density = detector.scorer.map_density
    density.points = damage(density.points)
    detector.save(tmp_path / "model")
    with pytest.raises(mia_ssl.ModelFileError, match="expected"):
        mia_ssl.load(tmp_path / "model")
    detector.scorer.map_density = None
    detector.save(tmp_path / "model")
    with pytest.raises(mia_ssl.ModelFileError, match="map_density"):
        mia_ssl.load(tmp_path / "model")
