"""A memory-mapped set is read a batch at a time."""

from __future__ import annotations

import os
import subprocess
import sys

import numpy as np
import pytest

CAP = 24 * 2**20  # what the process may allocate beyond what it holds before it opens the set
COUNT = 32 * 2**20 // 64**2

SCRIPT = """
import resource, sys
import numpy as np, torch
import mia_recon

torch.set_num_threads(1)
path, cap = sys.argv[1], int(sys.argv[2])
sizes = dict(image_size=64, width=1, hidden=4, latent=2, batch_size=64)
build = lambda name: mia_recon.build(name, **sizes)
warm = np.zeros((600, 1, 64, 64), np.uint8)
for name in ("ae", "ganomaly"):
    build(name).fit(warm, epochs=1, device="cpu")
held = next(int(l.split()[1]) for l in open("/proc/self/status") if l.startswith("VmData"))
resource.setrlimit(resource.RLIMIT_DATA, (held * 1024 + cap,) * 2)
images = np.load(path, mmap_mode="r")
try:
    np.array(images)
    print("read whole")
except MemoryError:
    print("too large")
detector = build("ae").fit(images, epochs=1, device="cpu")
print(len(detector.history))
print(len(build("ganomaly").predict(images, device="cpu").score))
"""


@pytest.mark.skipif(sys.platform != "linux", reason="needs Linux's limit on allocated memory")
def test_fit_and_predict_stay_under_a_cap_that_the_set_exceeds(tmp_path):
    path = tmp_path / "images.npy"
    shape = (COUNT, 1, 64, 64)
    # Sparse: it takes no room on the disk.
    np.lib.format.open_memmap(path, mode="w+", dtype=np.uint8, shape=shape).flush()
    command = [sys.executable, "-c", SCRIPT, str(path), str(CAP)]
    # Every tensor a mapping of its own, given back when freed: no room lost between tensors.
    environment = {**os.environ, "MALLOC_MMAP_THRESHOLD_": "65536"}
    run = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr
    assert run.stdout.split("\n")[:3] == ["too large", "1", str(COUNT)]
