"""Saved models of strangers: refused before anything of the size that they claim is made."""

from __future__ import annotations

import json
import os
import struct
import subprocess
import sys
import time

import pytest
import torch
from mia_ssl._engine import model_files, saved_model, storage
from mia_ssl._engine.storage import ModelFileError
from torch import nn


def make(width=3):
    return nn.Sequential(nn.Linear(4, width), nn.BatchNorm1d(width))


def test_a_network_that_fits_is_accepted():
    saved_model.check_network(make().state_dict(), make)


def test_a_network_is_compared_before_it_takes_memory():
    # 4 TB: it would not be there.
    huge = lambda: nn.Linear(1 << 20, 1 << 20)  # noqa: E731
    saved = {"weight": torch.zeros(2, 2), "bias": torch.zeros(2)}
    with pytest.raises(
        ValueError, match=r"weight of float32 \(1048576, 1048576\), got .* \(2, 2\)"
    ):
        saved_model.check_network(saved, huge)


def test_a_network_without_end_is_refused_soon():
    start = time.monotonic()
    with pytest.raises(ValueError, match="far more parts than it has weights"):
        saved_model.check_network(
            make().state_dict(), lambda: nn.ModuleList(make() for _ in range(10**7))
        )
    assert time.monotonic() - start < 10


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda s: s.pop("1.bias"), "expected the weight 1.bias, got 6 others"),
        (lambda s: s.update(x=torch.zeros(1)), "expected 7 weights, got x too"),
        (
            lambda s: s.update({"0.bias": torch.zeros(4)}),
            r"0.bias of float32 \(3,\), got .* \(4,\)",
        ),
        (lambda s: s.update({"0.bias": torch.zeros(3).double()}), r"got float64 \(3,\)"),
    ],
)
def test_weights_that_differ_are_named(change, message):
    saved = dict(make().state_dict())
    change(saved)
    with pytest.raises(ValueError, match=message):
        saved_model.check_weights(saved, make().state_dict())


@pytest.fixture
def saved(tmp_path):
    path = tmp_path / "model"
    facts = {"package": "mine", "method": "ae", "in_channels": 1, "image_size": 32}
    facts |= {"settings": {}, "options": {}, "seed": 1, "history": [], "score_quantiles": []}
    storage.save_folder(path, {"network": {"a": torch.ones(2)}, "bank": [torch.ones(3)]}, facts)
    return path


def read(path, methods=("ae", "vae")):
    return saved_model.read_model(path, "mine", methods)


def test_a_whole_model_is_read(saved):
    state, meta = read(saved)
    assert (state["bank"][0].tolist(), meta["image_size"]) == ([1, 1, 1], 32)


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
@pytest.mark.parametrize("name", ["network", "bank"])
def test_numbers_that_are_not_finite_are_refused(saved, name, value):
    state, meta = read(saved)
    (state[name]["a"] if name == "network" else state[name][0])[1] = value
    storage.save_folder(saved, state, meta)
    with pytest.raises(ModelFileError, match="to be finite, got NaN or infinity"):
        read(saved)


def test_weights_of_another_method_than_the_facts_are_refused(saved):
    change(saved, method="vae")
    with pytest.raises(ModelFileError, match=r"of the model 'mine/ae', .* of 'mine/vae'"):
        read(saved)


@pytest.mark.parametrize(
    ("facts", "message"),
    [
        ({"image_size": 5000}, "image_size to be from 1 to 4096, got 5000"),
        ({"options": {"depth": 10**12}}, "depth to be at most 16777216"),
        ({"options": {"head": [1, 10**12]}}, "head to be at most 16777216"),
        ({"seed": True}, "seed to be a whole number or null, got True"),
        ({"history": [[]]}, r"history to be a list of tables, got \[\]"),
        ({"x": "y", "history": None}, "history to be a list, got None"),
    ],
)
def test_facts_of_another_kind_are_refused(saved, facts, message):
    change(saved, **facts)
    with pytest.raises(ModelFileError, match=message):
        read(saved)


def change(path, **facts):
    meta = json.loads((path / storage.META).read_text())
    (path / storage.META).write_text(json.dumps({**meta, **facts}))


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="the system has no pipes")
@pytest.mark.parametrize("link", [False, True])
@pytest.mark.parametrize("name", [storage.META, storage.TENSORS])
def test_a_pipe_is_refused_at_once(saved, name, link):
    (saved / name).unlink()
    os.mkfifo(saved / ("pipe" if link else name))
    if link:
        (saved / name).symlink_to("pipe")
    with pytest.raises(ModelFileError, match=f"{name} is not a regular file"):
        read(saved)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[" * 1_000 + "]" * 1_000, "nested more than 64 deep"),
        ("[" * 100_000, "nested more than 64 deep"),
        ("[" + "[]," * 1_100_000 + "0]", "more than 1000000 tables and lists"),
        ("1" * 5_000, "whole numbers of at most 40 digits, got 5000"),
        ("1e999", "finite numbers, got 1e999"),
        ("NaN", "finite numbers, got NaN"),
    ],
    ids=lambda text: text[:10],
)
def test_json_without_bounds_is_refused(saved, text, message):
    (saved / storage.META).write_text(text)
    with pytest.raises(ModelFileError, match=message):
        read(saved)


def test_files_that_are_too_large_are_refused_by_their_size(saved):
    for name, limit in (
        (storage.META, model_files.MAX_META_BYTES),
        (storage.TENSORS, model_files.MAX_TENSOR_BYTES),
    ):
        before = (saved / name).read_bytes()
        with (saved / name).open("r+b") as file:
            file.truncate(limit + 1)
        with pytest.raises(ModelFileError, match=f"{limit + 1} bytes, expected at most {limit}"):
            read(saved)
        (saved / name).write_bytes(before)


def test_the_environment_sets_the_limit_of_the_tensors(saved, monkeypatch):
    size = (saved / storage.TENSORS).stat().st_size
    monkeypatch.setenv("MIA_MAX_MODEL_BYTES", str(size))
    read(saved)
    monkeypatch.setenv("MIA_MAX_MODEL_BYTES", str(size - 1))
    with pytest.raises(ModelFileError, match=rf"at most {size - 1} \(MIA_MAX_MODEL_BYTES\)"):
        read(saved)
    monkeypatch.setenv("MIA_MAX_MODEL_BYTES", "8 GiB")
    with pytest.raises(ModelFileError, match="to be a whole number above 0, got '8 GiB'"):
        read(saved)


def test_a_header_longer_than_the_file_is_refused(saved):
    content = (saved / storage.TENSORS).read_bytes()
    (saved / storage.TENSORS).write_bytes(struct.pack("<Q", 1 << 62) + content[8:])
    with pytest.raises(ModelFileError, match="says that it has 4611686018427387904 bytes"):
        read(saved)


def test_a_tensor_that_is_named_twice_or_not_at_all_is_refused(saved):
    meta = json.loads((saved / storage.META).read_text())
    twice = [*meta["structure"]["dict"], ["more", {"tensor": "bank.0"}]]
    change(saved, structure={"dict": twice})
    with pytest.raises(ModelFileError, match=r"to hold 'bank.0', and model.json to name it once"):
        read(saved)
    change(saved, structure={"dict": twice[:1]})
    with pytest.raises(ModelFileError, match=r"holds 'bank.0', which model.json does not name"):
        read(saved)


def test_the_error_of_a_library_becomes_one_short_line():
    with pytest.raises(ModelFileError) as caught, saved_model.explain_misfit("here"):
        raise RuntimeError("a\n\t" * 1_000)
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 400


def test_a_network_of_timm_is_one_that_timm_contains():
    from mia_ssl._engine.backbones import Backbone

    pytest.importorskip("timm")
    for name in ("hf-hub:someone/something", "local-dir:/tmp", "hf_hub:a/b"):
        with pytest.raises(ValueError, match="network that timm contains"):
            Backbone(f"timm:{name}")


@pytest.mark.skipif(sys.platform != "linux", reason="memory is bounded by Linux's limits")
def test_a_width_that_the_weights_do_not_have_takes_no_memory(tmp_path):
    """In a process that may take 300 MB more than PyTorch."""
    code = """
import resource, torch, sys
from torch import nn
from mia_ssl._engine import saved_model
pages = int(open('/proc/self/statm').read().split()[0])
limit = pages * resource.getpagesize() + (300 << 20)
resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
try:
    saved_model.check_network({'weight': torch.zeros(1)}, lambda: nn.Linear(1 << 15, 1 << 15))
except ValueError as error:
    print(error)
"""
    done = subprocess.run(
        [sys.executable, "-c", code], check=False, capture_output=True, text=True, timeout=120
    )
    assert done.stdout.startswith("expected weight of float32 (32768, 32768)"), done.stderr


def test_the_same_model_gives_the_same_bytes(tmp_path):
    state = {"network": {f"layer{i}": torch.full((3,), float(i)) for i in range(20)}}
    facts = {"package": "mine", "method": "ae", "in_channels": 1, "image_size": 32}
    for number in range(8):
        storage.save_folder(tmp_path / str(number), state, facts)
    files = {(tmp_path / str(number) / "model.safetensors").read_bytes() for number in range(8)}
    assert len(files) == 1
