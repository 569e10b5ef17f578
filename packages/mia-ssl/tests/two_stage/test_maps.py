"""Maps from patch embeddings."""

from __future__ import annotations

import mia_ssl
import numpy as np
import pytest
import torch


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


def test_map_is_high_where_the_image_differs(detector, normals):
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
    assert 64 <= row < 128  # within a cell of the grid
    assert 0 <= column < 64


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
    expected = torch.nn.functional.interpolate(
        torch.from_numpy(scores).view(1, 1, 8, 8), (128, 128), mode="bilinear"
    )[0, 0]
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
