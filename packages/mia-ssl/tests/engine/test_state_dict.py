"""Files of other programs: tensors by name, or an error that names the file."""

from __future__ import annotations

import pickle
import random
import zipfile

import pytest
import torch
from mia_ssl._engine.state_dict import read_state
from safetensors.torch import save_file


class Payload:
    """What a pickle may hold and a state dict may not."""


def program(path):
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("model/version", "3")
        archive.writestr("model/constants.pkl", pickle.dumps(()))  # what a TorchScript file has


GARBAGE = {
    "text": lambda path: path.write_bytes(b"abc"),
    "nothing": lambda path: path.touch(),
    "pickle": lambda path: path.write_bytes(pickle.dumps(Payload())),
    "objects": lambda path: torch.save({"weight": Payload()}, path),
    "program": program,
    "nesting": lambda path: path.write_bytes(b"\x80\x02" + b"]" * 3000 + b"a" * 2999 + b"."),
    "list": lambda path: torch.save([torch.zeros(2)], path),
    "numbers": lambda path: torch.save({"epoch": 1}, path),
    "numbered": lambda path: torch.save({1: torch.zeros(2)}, path),
}


@pytest.mark.filterwarnings("ignore:Detected pickle protocol", "ignore:.*TorchScript archive")
@pytest.mark.parametrize("content", GARBAGE)
def test_what_holds_no_named_tensors_is_refused_and_nobody_told_to_trust_it(content, tmp_path):
    path = tmp_path / "model.pt"
    GARBAGE[content](path)
    with pytest.raises(ValueError, match=f"{path} is not a state dict of tensors: ") as caught:
        read_state(path)
    assert "weights_only" not in str(caught.value)
    # A traceback shows what an error came from, unless that is suppressed.
    assert caught.value.__cause__ is None
    assert caught.value.__context__ is None or caught.value.__suppress_context__


@pytest.mark.filterwarnings("ignore:Detected pickle protocol")
def test_random_bytes_are_refused_however_they_make_the_reader_fail(tmp_path):
    draws = random.Random(0)
    path = tmp_path / "model.pt"
    for _ in range(200):
        path.write_bytes(draws.randbytes(draws.randint(1, 40)))
        with pytest.raises(ValueError, match=f"{path} is not a state dict"):
            read_state(path)


def test_damaged_safetensors_are_refused(tmp_path):
    path = tmp_path / "model.safetensors"
    path.write_bytes(b"abc")
    with pytest.raises(ValueError, match=f"{path} is not a state dict"):
        read_state(path)


@pytest.mark.parametrize("wrapper", [None, "state_dict", "model", "model_state_dict"])
def test_tensors_are_found_where_training_scripts_put_them(wrapper, tmp_path):
    state = {"weight": torch.ones(2)}
    torch.save({wrapper: state, "epoch": 3} if wrapper else state, tmp_path / "model.pt")
    save_file(state, tmp_path / "model.safetensors")
    for name in ("model.pt", "model.safetensors"):
        assert read_state(tmp_path / name)["weight"].tolist() == [1, 1]
