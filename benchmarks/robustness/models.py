"""Score with thousands of damaged models.

Models of several methods are fitted to a few images. Each kind of damage that the tests of
mia-bench know is done to them, and random changes on top, in one process for each method whose
memory and time are bounded. A damaged model must be refused in one line with exit code 2, or score
(a bit of a weight may change without a word).
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from pathlib import Path

import mia_bench
import numpy as np
from cases import Tally
from PIL import Image

TESTS = Path(__file__).parents[2] / "packages" / "mia-bench" / "tests" / "inference"
SMALL = {"batch_size": 8, "width": 4, "hidden": 32, "latent": 4}
# The named kinds of damage are those of an autoencoder's model.
METHODS: dict[str, tuple[int, dict[str, object], bool]] = {
    "ae": (32, SMALL, True),
    "vae": (32, SMALL, True),
    "nsa": (64, {"batch_size": 8}, False),
    "padim": (64, {}, False),
    "patchcore": (64, {}, False),
}


def tallies(count: int, seed: int) -> list[Tally]:
    """Return how scoring with damaged models ended: all named kinds, and ``count`` random ones."""
    tally = Tally("saved models")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        draw(folder / "normals", 30, seed)
        draw(folder / "images", 1, seed + 1)
        for method in METHODS:
            for each in outcomes(folder, method, count // len(METHODS), seed):
                tally.add((method, each["name"]), kind_of(each), json.dumps(each))
    return [tally]


def draw(folder: Path, count: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    folder.mkdir()
    for number in range(count):
        pixels = rng.integers(0, 256, (80, 80), np.uint8)
        Image.fromarray(pixels).save(folder / f"{number:02}.png")


def outcomes(folder: Path, method: str, fuzzed: int, seed: int) -> list[dict[str, object]]:
    """Return how scoring with each damaged model of a method ended."""
    size, small, named = METHODS[method]
    settings = {"image_size": size, "epochs": 1, "device": "cpu", "holdout": 0.4, "fpr": 0.1}
    model = folder / method
    mia_bench.fit(images=folder / "normals", model=model, method=method, options=small, **settings)
    sys.path.insert(0, str(TESTS))
    from model_mutations import MUTATIONS

    program = [sys.executable, str(TESTS / "hostile_model_process.py"), str(model)]
    done = subprocess.run(
        [*program, str(folder / "images"), str(seed), str(fuzzed)],
        input=json.dumps(list(MUTATIONS) if named else []),
        stdout=subprocess.PIPE,
        text=True,
        check=False,
    )
    if done.returncode:
        return [{"name": "all", "code": f"crash: the process ended with {done.returncode}"}]
    whole, *found = json.loads(done.stdout)
    if whole["code"] != 0:
        return [{**whole, "code": f"wrong: a whole model gave {whole['code']}"}]
    return found


def kind_of(outcome: dict[str, object]) -> str:
    """Return ``right``, ``refused``, or what went wrong."""
    code = outcome["code"]
    if isinstance(code, str):
        return code.partition(":")[0]
    if code == 0:
        return "right"
    lines = str(outcome["stderr"]).splitlines()
    return "refused" if code == 2 and len(lines) == 1 and lines[0].isprintable() else "wrong"
