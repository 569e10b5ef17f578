"""The package as a whole: what it exports, and that importing it does nothing."""

import subprocess
import sys

import mia_data


def test_everything_in_all_exists_and_is_documented():
    for name in mia_data.__all__:
        assert getattr(mia_data, name).__doc__, name


def test_importing_is_light_and_touches_nothing(tmp_path):
    code = """
import random, sys, numpy as np
before = (random.getstate(), np.random.get_state()[1].tolist())
import mia_data
assert (random.getstate(), np.random.get_state()[1].tolist()) == before
heavy = {"torch", "pooch", "requests", "pydicom", "nibabel", "tqdm", "sklearn"} & set(sys.modules)
packages = {name.partition(".")[0] for name in sys.modules}
print(sorted(heavy), sorted(name for name in packages if name.startswith("mia_")))
"""
    process = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert (process.stdout, process.stderr) == ("[] ['mia_data']\n", "")
    assert list(tmp_path.iterdir()) == []
