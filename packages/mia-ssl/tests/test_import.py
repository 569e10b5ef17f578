"""What ``import mia_ssl`` does and does not."""

from __future__ import annotations

import subprocess
import sys


def run(code: str) -> str:
    result = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    return result.stdout.strip()


def test_import_alone_is_light():
    heavy = "{'torch', 'torchvision', 'sklearn', 'skimage', 'matplotlib'}"
    assert run(f"import sys, mia_ssl; print(sorted({heavy} & set(sys.modules)))") == "[]"


def test_every_public_name_is_there():
    code = "import mia_ssl; print(all(hasattr(mia_ssl, name) for name in mia_ssl.__all__))"
    assert run(code) == "True"
    assert run("import mia_ssl; print(sorted(mia_ssl.__all__) == dir(mia_ssl))") == "True"


def test_global_random_state_is_left_alone():
    code = (
        "import torch, numpy, mia_ssl; a, b = torch.get_rng_state(), numpy.random.get_state()[1];"
        "mia_ssl.build('nsa', image_size=64).fit(numpy.zeros((2, 1, 64, 64), 'uint8'), epochs=0,"
        "device='cpu');"
        "print(torch.equal(a, torch.get_rng_state()), (b == numpy.random.get_state()[1]).all())"
    )
    assert run(code) == "True True"
