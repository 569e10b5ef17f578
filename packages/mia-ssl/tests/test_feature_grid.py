"""Place of cells in the image, against the gradient of networks that only average."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import pytest
import torch
import torchvision
from mia_ssl.feature_grid import Axis, FeatureGrid, recorded_grids
from scipy.ndimage import map_coordinates
from torch import nn

LAYERS = {
    "resnet18": ("conv1", "maxpool", "layer1", "layer2", "layer3", "layer4", "layer3.0.downsample"),
    "resnet50": ("layer2.0.conv2", "layer3"),
    "vgg11": ("features.2", "features.5", "features.10"),
    "densenet121": ("features.pool0", "features.transition1", "features.transition2"),
    "mobilenet_v2": ("features.0", "features.4", "features.10"),
    "timm:tf_efficientnet_lite0": ("conv_stem", "blocks.1.0.conv_dw", "blocks.2", "blocks.4"),
    "inception_v3": ("Conv2d_2a_3x3", "maxpool2", "Mixed_5d"),
}


@lru_cache(maxsize=1)  # the layers of a network come after each other
def averaging(name):
    """The network with equal positive weights everywhere: its gradients show what a cell sees."""
    options = {"aux_logits": False, "init_weights": False} if name == "inception_v3" else {}
    if name.startswith("timm:"):
        network = pytest.importorskip("timm").create_model(name.removeprefix("timm:")).eval()
    else:
        network = torchvision.models.get_model(name, weights=None, **options).eval()
    for module in list(network.modules()):
        for child, layer in module.named_children():
            if isinstance(layer, nn.MaxPool2d):  # its gradient is that of one pixel alone
                window = (layer.kernel_size, layer.stride, layer.padding)
                setattr(module, child, nn.AvgPool2d(*window))
    with torch.no_grad():
        for path, parameter in network.named_parameters():
            whole = 1 / parameter[0].numel() if parameter.ndim > 1 else 1
            parameter.fill_(0 if path.endswith("bias") else whole)
    return network


def grid_and_features(network, layer, image):
    """What the recorder says of a layer, and what the layer gives."""
    kept = []
    hook = network.get_submodule(layer).register_forward_hook(lambda *a: kept.append(a[2]))
    with recorded_grids(network, *image.shape[2:]) as grids:
        network(image)
    hook.remove()
    return grids.find(*kept[0].shape[2:]), kept[0]


@pytest.mark.parametrize(("name", "layer"), [(n, x) for n in LAYERS for x in LAYERS[n]])
def test_cell_is_centered_where_the_pixels_that_it_sees_are(name, layer):
    size = {"layer3": 320, "layer4": 320, "blocks.4": 416}.get(layer, 224)
    image = torch.full((1, 3, size, size), 0.01, requires_grad=True)
    grid, features = grid_and_features(averaging(name), layer, image)
    row, column = features.shape[2] // 2, features.shape[3] // 2 + 1
    features[0, :, row, column].sum().backward()
    seen = image.grad[0].abs().sum(0).double()
    along = torch.arange(size, dtype=torch.float64)
    center = [(seen.sum(1 - axis) * along).sum() / seen.sum() for axis in (0, 1)]
    expected = [
        axis.first + axis.stride * cell for axis, cell in ((grid.rows, row), (grid.columns, column))
    ]
    tolerance = 3 if layer == "layer4" else 0.6  # its windows reach beyond the image's border
    assert np.abs(np.subtract(center, expected)).max() < tolerance


def test_cells_of_a_resnet_are_centered_on_multiples_of_the_stride():
    network = torchvision.models.resnet18(weights=None).eval()
    for layer, stride in (("conv1", 2), ("layer1", 4), ("layer2", 8), ("layer3", 16)):
        for size in (224, 225, 96):
            grid, features = grid_and_features(network, layer, torch.zeros(1, 3, size, size))
            cells = features.shape[2]
            assert grid == FeatureGrid(Axis(cells, 0, stride), Axis(cells, 0, stride))


@pytest.mark.parametrize(("first", "stride"), [(0, 16), (1.5, 4), (3, 8)])
def test_enlarged_as_scipy_interpolates(first, stride):
    values = np.random.default_rng(0).normal(size=(3, 5, 6))
    grid = FeatureGrid(Axis(5, first, stride), Axis(6, first, stride))
    enlarged = grid.enlarge(torch.from_numpy(values), 70, 90)
    places = np.meshgrid(
        (np.arange(70) - first) / stride, (np.arange(90) - first) / stride, indexing="ij"
    )
    for ours, cells in zip(enlarged, values, strict=True):
        expected = map_coordinates(cells, places, order=1, mode="nearest")
        np.testing.assert_allclose(ours, expected, atol=1e-12)


def test_features_are_interpolated_at_the_centers_of_another_grid():
    coarse = FeatureGrid(Axis(7, 0, 16), Axis(6, 15, 16))
    fine = FeatureGrid(Axis(14, 0, 8), Axis(13, 7, 8))
    features = torch.from_numpy(np.random.default_rng(0).normal(size=(2, 3, 7, 6)))
    moved = coarse.onto(fine, features)
    places = np.meshgrid(np.arange(14) * 8 / 16, (np.arange(13) * 8 + 7 - 15) / 16, indexing="ij")
    expected = map_coordinates(features[1, 2].numpy(), places, order=1, mode="nearest")
    np.testing.assert_allclose(moved[1, 2], expected, atol=1e-12)
    assert coarse.onto(coarse, features) is features


@pytest.mark.parametrize("cells", [(28, 14), (25, 13), (7, 28), (5, 1)])
def test_grids_of_one_image_are_interpolated_as_any_others(cells):
    before, after = (FeatureGrid(Axis.even(n, 200), Axis.even(2 * n, 200)) for n in cells)
    features = torch.randn(2, 3, cells[0], 2 * cells[0], dtype=torch.float64)
    rows = before.rows.interpolation(after.rows.centers)
    columns = before.columns.interpolation(after.columns.centers)
    expected = rows @ features @ columns.T
    torch.testing.assert_close(before.onto(after, features), expected)
    in_channels_last = features.contiguous(memory_format=torch.channels_last)
    torch.testing.assert_close(before.onto(after, in_channels_last), expected)


def test_size_that_no_layer_gave_is_not_known():
    network = torchvision.models.resnet18(weights=None).eval()
    with recorded_grids(network, 64, 64) as grids:
        network(torch.zeros(1, 3, 64, 64))
    assert grids.find(5, 5) is None
    assert not network.conv1._forward_hooks


def test_cells_of_equal_length_cover_the_side():
    axis = Axis.even(14, 224)
    edges = torch.cat((axis.centers - axis.stride / 2, axis.centers[-1:] + axis.stride / 2))
    np.testing.assert_allclose(edges, np.arange(15) * 16 - 0.5)
    values = torch.randn(1, 1, 14, 14, dtype=torch.float64)
    ours = FeatureGrid(axis, axis).enlarge(values[0], 224, 224)
    torches = nn.functional.interpolate(values, size=224, mode="bilinear", align_corners=False)
    np.testing.assert_allclose(ours, torches[0], atol=1e-12)
