"""No tensor of the CPU among those of a GPU, on a machine that has none.

PyTorch's fake tensors have a device, a type and a shape, and refuse what the devices do not allow.
What goes backwards needs a real GPU: ``test_cuda.py``.
"""

from __future__ import annotations

import pytest
import torch
from mia_recon.method import normalize
from mia_recon.registry import RECORDS
from mia_recon.scoring import score_batch, scoring_mode
from torch._subclasses.fake_tensor import FakeTensorMode


def drawn_without_a_driver() -> bool:
    """Whether random numbers can be drawn into a fake tensor; PyTorch 2.4 asks the GPU's driver."""
    with FakeTensorMode():
        try:
            torch.empty(1, device="cuda").uniform_()
        except RuntimeError:
            return False
    return True


# These read weights from a file, and what is real cannot become fake.
READ_WEIGHTS = {"ae-perceptual", "fae-mse", "fae-ssim", "rd", "rd++", "recontrast"}
READ_WEIGHTS |= {"autoddpm"}


@pytest.mark.skipif(
    not drawn_without_a_driver(), reason="fake tensors of this PyTorch need a CUDA driver"
)
@pytest.mark.parametrize("name", sorted(RECORDS.keys() - READ_WEIGHTS))
def test_losses_and_scores_stay_on_the_device(name, small):
    detector, method = small(name), RECORDS[name]
    options = detector.options
    shape = (4, detector.in_channels, detector.image_size, detector.image_size)
    with FakeTensorMode():
        with torch.device("cuda"):
            network = method.network(detector.in_channels, detector.image_size, options)
            x = normalize(torch.zeros(shape, dtype=torch.uint8))
        losses = method.loss(network.train(), x, options, torch.Generator("cpu"))
        assert {loss.device.type for loss in losses.values()} == {"cuda"}
        if not method.needs_gradient:
            with scoring_mode(method):
                score, _ = score_batch(method, network.eval(), x, options)
            assert score.device.type == "cuda"
