"""The switches for repeatable kernels: on for a CUDA device alone, and put back."""

import os

import pytest
import torch
from mia_recon._engine.inference import evaluating
from mia_recon._engine.repeatable import repeatable
from torch import nn

CUDA = torch.device("cuda")  # named, not used: the switches are there without a card


def switches():
    cudnn = torch.backends.cudnn
    return {
        "deterministic": torch.are_deterministic_algorithms_enabled(),
        "warn_only": torch.is_deterministic_algorithms_warn_only_enabled(),
        "fill": torch.utils.deterministic.fill_uninitialized_memory,
        "benchmark": cudnn.benchmark,
        "tf32": cudnn.conv.fp32_precision == "tf32" if hasattr(cudnn, "conv") else cudnn.allow_tf32,
    }


@pytest.fixture(autouse=True)
def benchmark(monkeypatch):
    monkeypatch.setenv("CUBLAS_WORKSPACE_CONFIG", ":16:8")  # to be put back
    monkeypatch.delenv("CUBLAS_WORKSPACE_CONFIG")
    torch.backends.cudnn.benchmark = True
    yield
    torch.backends.cudnn.benchmark = False
    torch.use_deterministic_algorithms(False)


@pytest.mark.parametrize("full_precision", [False, True])
def test_the_switches_are_on_for_a_while(full_precision):
    before = switches()
    assert before["tf32"]  # PyTorch's default
    with repeatable(CUDA, full_precision=full_precision):
        assert switches() == {
            "deterministic": True,
            "warn_only": True,
            "fill": False,
            "benchmark": False,
            "tf32": not full_precision,
        }
    assert switches() == before


def test_scoring_within_a_training_leaves_the_training_as_it_was():
    with repeatable(CUDA):
        training = switches()
        with repeatable(CUDA, full_precision=True):
            assert not switches()["tf32"]
        assert switches() == training


@pytest.mark.parametrize("chosen", [None, ":16:8"])
def test_the_workspace_of_cublas_is_set_where_it_is_not(chosen, monkeypatch):
    if chosen:
        monkeypatch.setenv("CUBLAS_WORKSPACE_CONFIG", chosen)
    with repeatable(torch.device("cpu")):
        assert os.environ.get("CUBLAS_WORKSPACE_CONFIG") == chosen
    with repeatable(CUDA):
        assert os.environ["CUBLAS_WORKSPACE_CONFIG"] == (chosen or ":4096:8")


def test_what_the_caller_has_made_an_error_stays_one():
    torch.use_deterministic_algorithms(True)
    with repeatable(CUDA):
        assert not switches()["warn_only"]
    assert torch.are_deterministic_algorithms_enabled()


def test_a_cpu_needs_none():
    before = switches()
    with repeatable(torch.device("cpu"), full_precision=True):
        assert switches() == before
    with evaluating(nn.Linear(1, 1)):
        assert switches() == before
