"""What is known of the methods, and how they are built."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import mia_recon
import pytest
import torch
from mia_recon.registry import RECORDS

# Parameters that the study states, in millions.
STATED = {"ae": 2.35, "dae": 31.0}
PAGE = Path(__file__).resolve().parents[3] / "docs" / "recon.md"


def test_there_are_the_methods_of_the_study():
    names = "ae ae-l1 ae-ssim ae-perceptual ae-spatial vae constrained-ae memae ceae ganomaly aeu"
    names += " dae ae-grad vae-elbo vae-kl vae-rec vae-combi fae-mse fae-ssim rd"
    names += " anoddpm anoddpm-simplex autoddpm"
    names += " rd++ recontrast f-anogan"
    assert set(mia_recon.METHODS) == set(names.split())
    for name, info in mia_recon.METHODS.items():
        assert info.name == name
        assert info.family == "reconstruction"
        assert info.paper.startswith("https://")


def test_the_defaults_are_those_of_the_study():
    for name, info in mia_recon.METHODS.items():
        if name.startswith("fae"):
            assert (info.image_size, info.batch_size, info.learning_rate) == (128, 64, 5e-4)
            assert info.epochs * RECORDS[name].options().steps_per_epoch == 10_000
            continue
        if name in ("rd", "rd++"):
            assert (info.image_size, info.batch_size, info.learning_rate) == (256, 16, 5e-3)
            assert info.epochs * RECORDS[name].options().steps_per_epoch == 2600
            continue
        if "ddpm" in name:
            assert (info.image_size, info.batch_size, info.learning_rate) == (128, 16, 1e-4)
            assert info.epochs == 3000
            continue
        if name == "recontrast":
            assert (info.image_size, info.batch_size, info.learning_rate) == (224, 32, 2e-3)
            assert info.epochs * RECORDS[name].options().steps_per_epoch == 2000
            continue
        if name == "f-anogan":
            assert (info.image_size, info.batch_size, info.learning_rate) == (64, 64, 2e-4)
            assert info.epochs * RECORDS[name].options().steps_per_epoch == 2 * 10_000
            continue
        size, batch = (128, 16) if name == "dae" else (64, 64)
        assert (info.image_size, info.batch_size) == (size, batch)
        assert (info.epochs, info.learning_rate, info.channels) == (250, 1e-3, 1)
        assert info.has_map == (name != "ganomaly")


@pytest.mark.parametrize("name", STATED)
def test_parameters_are_as_many_as_the_study_states(name):
    assert mia_recon.METHODS[name].cost.parameters / 1e6 == pytest.approx(STATED[name], abs=0.05)


def test_the_documented_costs_are_those_counted_for_every_method():
    if not PAGE.is_file():
        pytest.skip("the documentation is not beside the tests")
    row = re.compile(r"^\| \[([\w+-]+)\].*?\| ([\d.]+) M \| ([\d.,]+) M \|", re.MULTILINE)
    documented = {name: tuple(counts) for name, *counts in row.findall(PAGE.read_text("utf-8"))}
    costs = {name: info.cost for name, info in mia_recon.METHODS.items()}
    counted = {
        name: (f"{cost.parameters / 1e6:.2f}", f"{cost.macs / 1e6:,.1f}")
        for name, cost in costs.items()
    }
    assert documented == counted


def test_operations_of_the_autoencoder_are_those_counted_by_hand():
    # Each block: output values x input channels x 16; the decoder mirrors the encoder.
    blocks = [(32, 1, 16), (16, 16, 32), (8, 32, 64), (4, 64, 64)]
    convolutions = sum(side**2 * a * b * 16 for side, a, b in blocks)
    dense = 1024 * 1024 + 1024 * 16
    assert mia_recon.METHODS["ae"].cost.macs == 2 * (convolutions + dense)


def test_a_gradient_costs_a_way_back():
    cost = {name: mia_recon.METHODS[name].cost.macs for name in ("ae", "ae-grad", "vae-kl")}
    assert cost["ae-grad"] == 2 * cost["ae"]
    assert cost["vae-kl"] == pytest.approx(cost["ae"], rel=0.01)  # the encoder, there and back


@pytest.mark.parametrize(
    ("name", "arguments", "message"),
    [
        ("autoencoder", {}, "unknown method 'autoencoder'"),
        (["ae"], {}, r"unknown method \['ae'\]; expected one of ae, "),
        ("vae-comb", {}, "did you mean 'vae-combi'"),
        ("VAE", {}, "did you mean 'vae'"),
        ("ae", {"latnet": 3}, "did you mean 'latent'.*width, depth, hidden"),
        ("ae", {"latent": 0}, "latent.*0"),
        ("ae", {"latent": 2.5}, "latent.*2.5"),
        ("ae", {"width": "16"}, "width.*'16'"),
        ("ae", {"image_size": 60}, "multiple of 16, got 60"),
        ("dae", {"image_size": 60}, "multiple of 16, got 60"),
        ("dae", {"image_size": 16}, "image_size to be at least 32"),
        ("dae", {"noise_std": 0.0}, "noise_std"),
        ("dae", {"noise_region": "brain"}, "noise_region 'brain'.*everywhere, foreground"),
        ("dae", {"original_noise": "false"}, "original_noise.*'false'"),
        ("vae", {"kl_weight": float("nan")}, "kl_weight.*nan"),
        ("ae-ssim", {"image_size": "64"}, "image_size.*'64'"),
        ("ae-ssim", {"image_size": 8, "depth": 2}, "at least 11"),
        ("ae-ssim", {"loss": "ms-ssim", "image_size": 160}, "at least 161.*ms-ssim.*got 160"),
        ("ae-ssim", {"loss": "msssim"}, "did you mean 'ms-ssim'"),
        ("ae-ssim", {"map_border": "crop"}, "map_border 'crop'.*stretch, pad"),
        ("ae", {"in_channels": 2}, r"in_channels to be 1 \(gray\) or 3 \(RGB\), got 2"),
        ("ae", {"in_channels": "1"}, "in_channels to be a whole number, 1 or above, got '1'"),
        ("ae", {"in_channels": True}, "in_channels to be a whole number, 1 or above, got True"),
        ("ae", {"batch_size": 1}, "batch_size"),
        ("ae", {"batch_size": 0}, "batch_size"),
        ("ae", {"learning_rate": -1.0}, "learning_rate"),
        ("ae", {"learning_rate": "fast"}, "learning_rate.*'fast'"),
        ("ae", {"learning_rate": float("inf")}, "learning_rate to be finite, got inf"),
        ("ae", {"epochs": -1}, "epochs to be a whole number, 0 or above, got -1"),
        ("ae", {"epochs": 1.5}, "epochs to be a whole number, 0 or above, got 1.5"),
        ("ae", {"compile": "no"}, "compile to be True or False, got 'no'"),
        ("ae", {"precision": "16"}, "precision.*bf16-mixed"),
        ("ceae", {"patch": 65}, "patch.*65"),
        ("memae", {"shrink_threshold": 0.5}, "shrink_threshold.*0.5"),
        ("memae", {"slots": 0}, "slots.*0"),
        ("fae-mse", {"image_size": 96}, "multiple of 64, got 96"),
        ("fae-mse", {"depth": 5}, "depth to be at most 4, got 5"),
        ("fae-ssim", {"dropout": 1.0}, "dropout.*1.0"),
        ("fae-ssim", {"steps_per_epoch": 0}, "steps_per_epoch.*0"),
        ("ganomaly", {"bn_mode": "train"}, "bn_mode.*image, running"),
        ("ganomaly", {"image_size": 16}, "at least 32"),
    ],
)
def test_what_cannot_be_built_is_refused(name, arguments, message):
    with pytest.raises(ValueError, match=message):
        mia_recon.build(name, **arguments)


def test_building_leaves_the_global_random_state_alone():
    before = torch.get_rng_state()
    mia_recon.build("ae")
    assert torch.equal(before, torch.get_rng_state())


def test_importing_the_package_is_light():
    code = "import sys, mia_recon; print('torch' in sys.modules, 'numpy' in sys.modules)"
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert out.stdout.split() == ["False", "False"]
    assert {"METHODS", "build", "load_medianomaly"} <= set(dir(mia_recon))


def test_a_mistyped_training_setting_is_recognized():
    with pytest.raises(ValueError, match="'batch_siz'; did you mean 'batch_size'"):
        mia_recon.build("ae", batch_siz=4)
