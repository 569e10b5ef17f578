"""Checkpoints of the original project: sizes, wrong files, files of other methods."""

from __future__ import annotations

import mia_recon
import numpy as np
import pytest
import torch
from mia_recon.registry import RECORDS

OURS_ALONE = ("feature_mean", "feature_std", "backbone.weights_sha256")


class Payload:
    """What a pickle may hold and a state dict may not."""


def original_names(state):
    """Our autoencoder's state under the names of the original, for other sizes than the study's."""
    names = {}
    for key, value in state.items():
        part, index, rest = key.split(".", 2)
        block = f"{int(index) + 1}.model"
        renamed = {
            "encoder": f"en_block{block}.{rest}",
            "decoder": f"de_block{block}.{rest}",
            "to_code": f"bottle_neck.linear_enc.{index}.{rest}",
            "from_code": f"bottle_neck.linear_dec.{index}.{rest}",
        }
        names[renamed[part]] = value
    return names


NOT_OF_THE_ORIGINAL = {"fae-mse", "fae-ssim", "rd", "rd++", "recontrast", "f-anogan"}
NOT_OF_THE_ORIGINAL |= {"anoddpm", "anoddpm-simplex", "autoddpm"}


@pytest.mark.parametrize("name", sorted(RECORDS.keys() - NOT_OF_THE_ORIGINAL))
def test_every_parameter_of_the_original_arrives(name, checkpoint_of, original_state):
    detector = mia_recon.load_medianomaly(name, checkpoint_of(name))
    arrived = detector.network.state_dict()
    arrived = {k: v for k, v in arrived.items() if k not in OURS_ALONE}
    expected = original_state(name)
    assert len(arrived) == len(expected)
    sums = [sorted(float(v.double().sum()) for v in s.values()) for s in (arrived, expected)]
    np.testing.assert_allclose(*sums, rtol=1e-12, atol=1e-9)


def test_sizes_are_read_from_the_shapes(tmp_path):
    sizes = {"latent": 7, "width": 8, "depth": 3, "hidden": 40}
    ours = mia_recon.build("ae", in_channels=3, image_size=48, **sizes)
    path = tmp_path / "model.pt"
    torch.save(original_names(ours.network.state_dict()), path)
    loaded = mia_recon.load_medianomaly("ae", path)
    assert (loaded.in_channels, loaded.image_size) == (3, 48)
    assert {name: getattr(loaded.options, name) for name in sizes} == sizes
    images = np.random.default_rng(0).integers(0, 256, (3, 3, 48, 48), dtype=np.uint8)
    np.testing.assert_array_equal(
        loaded.predict(images, device="cpu").score, ours.predict(images, device="cpu").score
    )


@pytest.mark.parametrize(
    ("name", "file", "like"),
    [
        ("ae", "vae", "vae, vae-combi, vae-elbo, vae-kl, vae-rec"),
        ("vae", "memae", "memae"),
        ("memae", "ganomaly", "ganomaly"),
        ("ganomaly", "dae", "dae"),
        ("dae", "ae", "ae, ae-grad, ae-l1, ae-perceptual, ae-ssim, ceae, constrained-ae"),
        ("aeu", "ae-spatial", "ae-spatial"),
        ("ae-spatial", "aeu", "aeu"),
    ],
)
def test_a_file_of_another_method_says_which_it_looks_like(name, file, like, checkpoint_of):
    with pytest.raises(ValueError, match=f"not a checkpoint of {name}") as caught:
        mia_recon.load_medianomaly(name, checkpoint_of(file))
    named = str(caught.value).split("looks like one of ")[1].split(":")[0]
    assert ", ".join(sorted(named.split(", "))) == like


def test_sizes_that_contradict_the_weights_are_refused(checkpoint_of):
    path = checkpoint_of("ae")
    with pytest.raises(ValueError, match=r"checkpoint of ae, but not with {'image_size': 128}"):
        mia_recon.load_medianomaly("ae", path, image_size=128)
    with pytest.raises(ValueError, match="image_size to be a whole number, 1 or above, got '64'"):
        mia_recon.load_medianomaly("ae-ssim", path, image_size="64")


def test_an_option_out_of_range_does_not_doubt_the_weights(checkpoint_of):
    with pytest.raises(ValueError, match=r"is a checkpoint of ganomaly, but not .*bn_mode 'x'"):
        mia_recon.load_medianomaly("ganomaly", checkpoint_of("ganomaly"), bn_mode="x")


def test_names_that_are_not_known_are_refused(checkpoint_of):
    with pytest.raises(ValueError, match="'vea'; did you mean 'vae'"):
        mia_recon.load_medianomaly("vea", checkpoint_of("vae"))
    with pytest.raises(ValueError, match="'kl_wieght'; did you mean 'kl_weight'"):
        mia_recon.load_medianomaly("vae", checkpoint_of("vae"), kl_wieght=1.0)


def test_sizes_may_be_numpy_s_numbers(checkpoint_of):
    sizes = {"image_size": np.int64(64), "in_channels": np.int64(1), "latent": np.int64(16)}
    detector = mia_recon.load_medianomaly("ae", checkpoint_of("ae"), **sizes)
    assert (detector.image_size, detector.in_channels, detector.options.latent) == (64, 1, 16)


@pytest.mark.parametrize("content", ["text", "empty", "truncated", "pickle", "list"])
def test_what_is_not_a_state_dict_is_refused(content, checkpoint_of, tmp_path):
    path = tmp_path / "model.pt"
    if content == "text":
        path.write_text("weights")
    elif content == "empty":
        path.touch()
    elif content == "truncated":
        path.write_bytes(checkpoint_of("ae-spatial").read_bytes()[:5000])
    elif content == "pickle":
        torch.save({"encoder": Payload()}, path)
    else:
        torch.save([torch.zeros(2)], path)
    with pytest.raises(ValueError, match=r"model\.pt"):
        mia_recon.load_medianomaly("ae-spatial", path)


def test_a_state_dict_of_no_method_is_refused(tmp_path):
    torch.save({"layer.weight": torch.zeros(2)}, tmp_path / "model.pt")
    with pytest.raises(ValueError, match="nor of any other method"):
        mia_recon.load_medianomaly("ae", tmp_path / "model.pt")


@pytest.mark.parametrize(
    "shapes",
    [
        {"down_path.0.block.1.weight": ()},
        {"en_block1.model.0.weight": (), "bottle_neck.linear_enc.0.weight": (4,)},
        {"en_block1.model.0.weight": (0, 1, 4, 4), "bottle_neck.linear_enc.0.weight": (4, 4)},
    ],
)
def test_tensors_of_impossible_shapes_are_refused(shapes, tmp_path):
    shapes["bottle_neck.linear_dec.0.weight"] = (4, 4)
    torch.save({name: torch.zeros(shape) for name, shape in shapes.items()}, tmp_path / "model.pt")
    with pytest.raises(ValueError, match="nor of any other method"):
        mia_recon.load_medianomaly("ae", tmp_path / "model.pt")


def test_a_file_that_is_not_there(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"absent\.pt"):
        mia_recon.load_medianomaly("ae", tmp_path / "absent.pt")
