"""What the tests share: the shared data, golden values and the rule that fills weights."""

from __future__ import annotations

import importlib.util
import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import torch
from PIL import Image

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from types import ModuleType


@pytest.fixture(scope="session")
def shared() -> Path:
    """Folder of the shared data: MIA_TEST_SHARED, else ../shared beside the repository."""
    default = Path(__file__).resolve().parent / "../../../../shared"
    path = Path(os.environ.get("MIA_TEST_SHARED", default)).resolve()
    if not path.is_dir():
        pytest.skip(f"no shared test data at {path}: set MIA_TEST_SHARED")
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
def golden(shared: Path) -> Callable[[str], dict[str, np.ndarray]]:
    """Read golden values: name -> arrays, e.g. ``golden("one-stage")["map"]``."""

    def read(name: str) -> dict[str, np.ndarray]:
        with np.load(shared / "golden" / f"{name}.npz", allow_pickle=False) as arrays:
            return dict(arrays)

    return read


@pytest.fixture(scope="session")
def original_shapes(shared: Path) -> Callable[[str], dict[str, tuple[int, ...]]]:
    """Parameter names and shapes of an original checkpoint: name -> {key: shape}."""

    def read(name: str) -> dict[str, tuple[int, ...]]:
        text = (shared / "golden" / "state_dict_keys.json").read_text(encoding="utf-8")
        return {key: tuple(shape) for key, shape in json.loads(text)[name].items()}

    return read


@pytest.fixture(scope="session")
def golden_weights() -> Callable[[Mapping[str, Any], int], dict[str, torch.Tensor]]:
    """Fill a state dict by the rule of the golden values: ({key: shape}, seed) -> {key: tensor}."""

    def fill(shapes: Mapping[str, Any], seed: int) -> dict[str, torch.Tensor]:
        rng = np.random.RandomState(seed)
        state = {}
        for key in sorted(shapes):
            shape = tuple(shapes[key])
            if key.endswith("num_batches_tracked"):
                state[key] = torch.zeros(shape, dtype=torch.int64)
                continue
            a = rng.standard_normal(shape).astype(np.float32)
            if key.endswith("running_var"):
                a = np.abs(a) * np.float32(0.1) + np.float32(0.5)
            elif key.endswith("running_mean"):
                a = a * np.float32(0.1)
            elif len(shape) == 1:
                a = 1 + np.float32(0.1) * a if key.endswith("weight") else np.float32(0.1) * a
            else:
                a = a * np.float32(1 / np.sqrt(np.prod(shape[1:])))
            state[key] = torch.from_numpy(a)
        return state

    return fill


@pytest.fixture(scope="session")
def brain(shared: Path) -> Callable[..., np.ndarray]:
    """Real brain MRI slices: uint8 (N, 1, S, S); (count=64, size=224), normal training images."""

    def read(count: int = 64, size: int = 224) -> np.ndarray:
        folder = shared / "data" / "BrainTumor"
        names = json.loads((folder / "data.json").read_text(encoding="utf-8"))["train"]["0"]
        images = []
        for name in sorted(names)[:count]:
            with Image.open(folder / "images" / name) as image:
                images.append(np.asarray(image.convert("L").resize((size, size))))
        return np.stack(images)[:, None]

    return read


@pytest.fixture(scope="session")
def discs() -> Callable[..., np.ndarray]:
    """Textured discs on black, uint8 (N, C, S, S): an easy kind of organ."""

    def draw(count: int, *, size: int = 64, channels: int = 1, seed: int = 0) -> np.ndarray:
        rng = np.random.default_rng(seed)
        row, column = np.mgrid[:size, :size] - size / 2
        disc = row**2 + column**2 < (0.42 * size) ** 2
        images = rng.integers(40, 220, (count, channels, size // 4, size // 4))
        images = images.repeat(4, axis=2).repeat(4, axis=3) + rng.integers(0, 20, disc.shape)
        return np.uint8(images * disc)

    return draw


@pytest.fixture(scope="session")
def plain_nsa() -> ModuleType:
    """Read nsa for one image at a time, ``one_stage/plain_nsa.py``: the oracle of the fast one."""
    path = Path(__file__).parent / "one_stage" / "plain_nsa.py"
    spec = importlib.util.spec_from_file_location("plain_nsa", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
