"""Both families take, refuse and give the same kinds of images."""

from __future__ import annotations

import mia_ssl
import numpy as np
import pytest
import torch

NAMES = ["cutpaste", "nsa", "cutpaste-2stage", "cutpaste-scar-2stage", "cutpaste-3way-2stage"]
NAMES += ["cutpaste-union-2stage", "anatpaste"]


@pytest.fixture(scope="module")
def images():
    return np.random.default_rng(0).integers(30, 256, (4, 3, 64, 64), np.uint8)


class Dataset:
    def __init__(self, images):
        self._images = images

    def __len__(self):
        return len(self._images)

    def __getitem__(self, index):
        return {"image": self._images[index]}


def memory_map(images, path):
    file = path / f"{len([*path.iterdir()])}.npy"
    np.save(file, images)
    return np.load(file, mmap_mode="r")


CONTAINERS = {
    "tensor": lambda images, _: torch.from_numpy(images),
    "memory map": memory_map,
    "dataset": lambda images, _: Dataset(images),
    "channels last": lambda images, _: np.ascontiguousarray(images.transpose(0, 2, 3, 1)).transpose(
        0, 3, 1, 2
    ),
    "channels last tensor": lambda images, _: torch.from_numpy(images).contiguous(
        memory_format=torch.channels_last
    ),
    "Fortran": lambda images, _: np.asfortranarray(images),
    "backwards": lambda images, _: images[::-1].copy()[::-1],
}


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("container", CONTAINERS)
def test_same_pastes_as_tensors_whatever_holds_the_images(name, container, images, tmp_path):
    expected = mia_ssl.synthesize(name, images, seed=0, sources=images[::-1])
    held = CONTAINERS[container](images, tmp_path)
    sources = CONTAINERS[container](images[::-1].copy(), tmp_path)
    got = mia_ssl.synthesize(name, held, seed=0, sources=sources)
    for part, same in zip(got, expected, strict=True):
        assert isinstance(part, torch.Tensor)
        assert torch.equal(part, same)


@pytest.mark.parametrize("name", NAMES)
def test_broadcast_images_are_like_copies(name, images):
    broadcast = np.broadcast_to(images[:1, :1], images.shape)
    pasted, _ = mia_ssl.synthesize(name, broadcast, seed=0)
    assert torch.equal(pasted, mia_ssl.synthesize(name, broadcast.copy(), seed=0)[0])
    expanded = torch.from_numpy(images[:1, :1].copy()).expand(images.shape)
    assert torch.equal(pasted, mia_ssl.synthesize(name, expanded, seed=0)[0])


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(
    ("wrong", "error", "words"),
    [
        (np.zeros((2, 2, 64, 64), np.uint8), ValueError, r"N, 1 or 3, H, W\).*got \(2, 2, 64, 64"),
        (np.zeros((2, 1, 7, 64), np.uint8), ValueError, "sides of at least 8"),
        (np.zeros((64, 64), np.uint8), ValueError, r"\(64, 64\)"),
        (np.zeros((0, 1, 64, 64), np.uint8), ValueError, "at least one image"),
        (np.zeros((2, 1, 64, 64), np.int16), TypeError, "uint8.*got int16"),
        ("images", TypeError, "got str"),
    ],
)
def test_wrong_images_and_sources_are_refused_alike(name, wrong, error, words, images):
    with pytest.raises(error, match=f"images.*{words}"):
        mia_ssl.synthesize(name, wrong, seed=0)
    with pytest.raises(error, match=f"sources.*{words}"):
        mia_ssl.synthesize(name, images, seed=0, sources=wrong)
