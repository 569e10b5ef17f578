from __future__ import annotations

import json
import os
from copy import deepcopy
from pathlib import Path

import mia_recon
import numpy as np
import pytest
import torch
from PIL import Image

# Networks small enough to be trained in a test; sizes are in pixels.
SMALL = {"latent": 4, "width": 4, "hidden": 32}
SMALL_DAE = {"filters": 8, "depth": 3, "noise_resolution": 4}
SMALL_FAE = {"backbone": "efficientnet-lite0", "depth": 2, "steps_per_epoch": 3}
SMALL_GAN = {"width": 4, "latent": 8, "steps_per_epoch": 3, "encoder_learning_rate": 3e-3}
SMALL_RD = {"backbone": "efficientnet-lite0", "steps_per_epoch": 3}
SMALL_ANODDPM = {"width": 32, "depth": 2, "attention": 1, "ddim_steps": 3}
OWN = {
    "dae": SMALL_DAE,
    "fae-mse": SMALL_FAE,
    "fae-ssim": SMALL_FAE,
    "rd": SMALL_RD,
    "rd++": SMALL_RD,
    "recontrast": SMALL_RD,
    "f-anogan": SMALL_GAN,
    "anoddpm": SMALL_ANODDPM,
    "anoddpm-simplex": SMALL_ANODDPM,
    "autoddpm": {**SMALL_ANODDPM, "resamplings": 2},
}
SIZE = 32
# The same weights by another name where the original's checkpoint is the same.
KEYS_OF = {"ceae": "ae", "ae-perceptual": "ae"}


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder with golden values and real images."""
    default = Path(__file__).resolve().parents[3].parent / "shared"
    path = Path(os.environ.get("MIA_TEST_SHARED", default))
    if not path.is_dir():
        pytest.skip(f"no shared data at {path}: set MIA_TEST_SHARED")
    return path


@pytest.fixture(
    scope="session",
    params=[
        "cpu",
        pytest.param(
            "cuda",
            marks=pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device"),
        ),
    ],
)
def device(request) -> str:
    """Where a test trains and scores: the CPU, and a GPU where there is one."""
    return request.param


@pytest.fixture(scope="session")
def original_state(shared):
    """(method, seed) -> a state dict of the original, filled by the golden values' rule."""
    all_keys = json.loads((shared / "golden" / "state_dict_keys.json").read_text())

    def make(name: str, seed: int = 101) -> dict[str, torch.Tensor]:
        shapes = all_keys[KEYS_OF.get(name, name)]
        rng = np.random.RandomState(seed)
        return {key: _filled(key, shapes[key], rng) for key in sorted(shapes)}

    return make


def _filled(key: str, shape: list[int], rng: np.random.RandomState) -> torch.Tensor:
    if key.endswith("num_batches_tracked"):
        return torch.zeros(shape, dtype=torch.long)
    drawn = torch.from_numpy(rng.standard_normal(shape).astype(np.float32))
    if key.endswith("running_var"):
        return drawn.abs() * 0.1 + 0.5
    if key.endswith("running_mean"):
        return drawn * 0.1
    if len(shape) == 1:
        return 1 + 0.1 * drawn if key.endswith("weight") else 0.1 * drawn
    return drawn * np.float32(1 / np.sqrt(np.prod(shape[1:])))


@pytest.fixture
def checkpoint_of(original_state, tmp_path):
    """(method) -> path of a ``model.pt`` as the original writes it."""

    def write(name: str, seed: int = 101) -> Path:
        path = tmp_path / f"{name}.pt"
        torch.save(original_state(name, seed), path)
        return path

    return write


@pytest.fixture(scope="session")
def images() -> np.ndarray:
    """Twenty images of soft random blobs, uint8 (20, 1, 32, 32)."""
    coarse = torch.rand(20, 1, 5, 5, generator=torch.Generator().manual_seed(7))
    fine = torch.nn.functional.interpolate(coarse, size=(SIZE, SIZE), mode="bilinear")
    return (fine * 255).to(torch.uint8).numpy()


@pytest.fixture(scope="session")
def vgg_file(tmp_path_factory) -> Path:
    """A file with torchvision's VGG19 names and shapes up to relu4_2, and small random weights."""
    widths = {0: (3, 64), 2: (64, 64), 5: (64, 128), 7: (128, 128), 10: (128, 256)}
    widths |= {12: (256, 256), 14: (256, 256), 16: (256, 256), 19: (256, 512), 21: (512, 512)}
    generator = torch.Generator().manual_seed(1)
    state = {}
    for layer, (before, after) in widths.items():
        weight = torch.randn(after, before, 3, 3, generator=generator)
        state[f"features.{layer}.weight"] = weight * (2 / (9 * before)) ** 0.5
        state[f"features.{layer}.bias"] = torch.zeros(after)
    path = tmp_path_factory.mktemp("vgg") / "vgg19.pth"
    torch.save(state, path)
    return path


@pytest.fixture(scope="session")
def small(vgg_file):
    """(method, options) -> a detector of any method, small enough to be trained here."""

    def build(name: str, **options):
        sizes = dict(OWN.get(name, SMALL))
        if name == "ae-perceptual":
            sizes["weights"] = str(vgg_file)
        sizes = {"image_size": SIZE, "batch_size": 8, **sizes, **options}
        return mia_recon.build(name, **sizes)

    return build


@pytest.fixture(scope="session")
def fitted(small, images):
    """(method, device) -> a copy of a small detector after one epoch, trained once for all."""
    trained = {}

    def fit(name: str, device: str = "cpu"):
        if (name, device) not in trained:
            trained[name, device] = small(name).fit(images, epochs=1, device=device)
        return deepcopy(trained[name, device])

    return fit


@pytest.fixture
def x() -> torch.Tensor:
    """Four images in [-1, 1], [4, 1, 32, 32]."""
    return torch.rand(4, 1, SIZE, SIZE, generator=torch.Generator().manual_seed(3)) * 2 - 1


def weights_of(detector) -> dict[str, torch.Tensor]:
    return {key: value.clone() for key, value in detector.network.state_dict().items()}


@pytest.fixture
def snapshot():
    """A copy of a detector's parameters and buffers."""
    return weights_of


@pytest.fixture
def same():
    """Whether two snapshots are equal to the last bit."""

    def compare(a: dict, b: dict) -> bool:
        return a.keys() == b.keys() and all(torch.equal(a[key], b[key]) for key in a)

    return compare


@pytest.fixture(scope="session")
def brains(shared) -> tuple[np.ndarray, np.ndarray]:
    """Real images, 64 px: 96 normal ones to train on; 30 normal and 30 abnormal ones to test."""
    root = shared / "data" / "BrainTumor"
    names = json.loads((root / "data.json").read_text())
    parts = (
        sorted(names[split][label])
        for split, label in (("train", "0"), ("test", "0"), ("test", "1"))
    )
    return chosen(*([root / "images" / name for name in part] for part in parts), size=64)


@pytest.fixture(scope="session")
def chests(shared) -> tuple[np.ndarray, np.ndarray]:
    """Real images, 32 px, as many as those of ``brains``."""
    root = shared / "data" / "ChestXray"
    parts = ("train/normal", "test/normal", "test/abnormal")
    return chosen(*(sorted((root / part).iterdir()) for part in parts), size=32)


def chosen(
    train: list[Path], normal: list[Path], abnormal: list[Path], *, size: int
) -> tuple[np.ndarray, np.ndarray]:
    """Read the first images to train on and evenly spread ones to test, uint8 (N, 1, S, S)."""

    def read(files: list[Path]) -> np.ndarray:
        opened = (Image.open(path).convert("L") for path in files)
        small = (image.resize((size, size), Image.BILINEAR) for image in opened)
        return np.stack([np.asarray(image) for image in small])[:, None]

    test = [*normal[:: len(normal) // 30][:30], *abnormal[:: len(abnormal) // 30][:30]]
    return read(train[:96]), read(test)


def share_in_order(scores: np.ndarray) -> float:
    """The share of pairs in the right order; the second half of the images is abnormal."""
    normal, abnormal = np.split(scores, 2)
    return float((abnormal[:, None] > normal).mean())


@pytest.fixture
def auroc():
    """(scores of ``brains``) -> AUROC."""
    return share_in_order


def update_deviation(
    network: torch.nn.Module, other: torch.nn.Module, start: torch.nn.Module
) -> float:
    """Return the length of the difference as a share of how far training has come.

    Adam's first steps have the length of the learning rate even where a gradient is rounding error,
    so that single weights may differ.
    """

    def length(a: torch.nn.Module, b: torch.nn.Module) -> float:
        pairs = zip(a.parameters(), b.parameters(), strict=True)
        return sum(float((p - q).detach().double().square().sum()) for p, q in pairs) ** 0.5

    return length(network, other) / length(other, start)


@pytest.fixture
def deviation():
    """See ``update_deviation``."""
    return update_deviation
