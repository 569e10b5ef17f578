"""Training and scoring run with repeatable kernels, whose switches are put back afterwards."""

from __future__ import annotations

from contextlib import nullcontext

import pytest
import torch
from mia_recon._engine.repeatable import repeatable

CUDA = torch.device("cuda")  # named, not used: the switches are there without a card


def switches():
    cudnn = torch.backends.cudnn
    return {
        "deterministic": torch.are_deterministic_algorithms_enabled(),
        "warn_only": torch.is_deterministic_algorithms_warn_only_enabled(),
        "fill": torch.utils.deterministic.fill_uninitialized_memory,
        "benchmark": cudnn.benchmark,
        "tf32": cudnn.conv.fp32_precision if hasattr(cudnn, "conv") else cudnn.allow_tf32,
    }


def test_switches_are_put_back_when_a_training_breaks_off(small, images, monkeypatch):
    monkeypatch.setattr(torch.backends.cudnn, "benchmark", True)
    before = switches()
    monkeypatch.setattr("mia_recon._engine.detector.repeatable", lambda device: repeatable(CUDA))
    with pytest.raises(InterruptedError):
        small("ae").fit(images, epochs=1, device="cpu", on_epoch=_break_off)
    assert switches() == before


def _break_off(epoch):
    assert torch.are_deterministic_algorithms_enabled()
    raise InterruptedError


def test_training_and_scoring_switch_them_on(small, images, monkeypatch):
    entered = []

    def watched(device, *, full_precision=False):
        entered.append((device.type, full_precision))
        return nullcontext()

    monkeypatch.setattr("mia_recon._engine.detector.repeatable", watched)
    monkeypatch.setattr("mia_recon._engine.inference.repeatable", watched)
    detector = small("ae").fit(images, epochs=1, device="cpu")
    assert entered == [("cpu", False), ("cpu", True)]  # the last for the scores of the normals
    detector.predict(images, device="cpu")
    detector.reconstruct(images, device="cpu")
    assert entered[2:] == [("cpu", True)] * 2
