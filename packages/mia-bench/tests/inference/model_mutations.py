"""Ways to damage the folder of a fitted model, each of which must be refused.

``MUTATIONS`` has them by name: (folder, generator) -> None changes a copy of a model in place. The
model is of an autoencoder of mia-recon that was fitted with images held out. ``fuzz`` damages a
model at random, and may leave it usable.
"""

from __future__ import annotations

import json
import os
import shutil
import struct
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
from safetensors.numpy import load_file, save_file

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Mutation = Callable[[Path, np.random.Generator], None]

FIT, META, TENSORS = "fit.json", "detector/model.json", "detector/model.safetensors"
SCORES, SPLIT = "normal_scores.npy", "normal_split.npy"
FILES = (FIT, META, TENSORS, SCORES, SPLIT)
ALL = (*FILES, "detector")
DELETED = object()


def with_value(file: str, keys: str, value: Any) -> Mutation:
    """Set a value of a JSON file, ``a/b/0`` being the way to it."""

    def mutate(folder: Path, rng: np.random.Generator) -> None:
        path = folder / file
        facts = json.loads(path.read_text())
        *way, last = (int(key) if key.isdigit() else key for key in keys.split("/"))
        inside = facts
        for key in way:
            inside = inside[key]
        if value is DELETED:
            del inside[last]
        else:
            inside[last] = value
        path.write_text(json.dumps(facts))

    return mutate


def with_text(file: str, old: str, new: str) -> Mutation:
    """Replace a text of a file."""

    def mutate(folder: Path, rng: np.random.Generator) -> None:
        text = (folder / file).read_text()
        assert old in text
        (folder / file).write_text(text.replace(old, new, 1))

    return mutate


def with_content(file: str, content: Callable[[bytes], bytes]) -> Mutation:
    """Replace the bytes of a file."""

    def mutate(folder: Path, rng: np.random.Generator) -> None:
        (folder / file).write_bytes(content((folder / file).read_bytes()))

    return mutate


def with_tensors(change: Callable[[dict[str, np.ndarray]], None]) -> Mutation:
    """Change the weights."""

    def mutate(folder: Path, rng: np.random.Generator) -> None:
        tensors = load_file(folder / TENSORS)
        change(tensors)
        save_file(tensors, folder / TENSORS)

    return mutate


def with_header(change: Callable[[dict[str, Any]], None]) -> Mutation:
    """Change the header of the weights and leave their bytes."""

    def mutate(folder: Path, rng: np.random.Generator) -> None:
        content = (folder / TENSORS).read_bytes()
        (length,) = struct.unpack("<Q", content[:8])
        header = json.loads(content[8 : 8 + length])
        change(header)
        fresh = json.dumps(header).encode()
        (folder / TENSORS).write_bytes(
            struct.pack("<Q", len(fresh)) + fresh + content[8 + length :]
        )

    return mutate


def with_array(file: str, change: Callable[[np.ndarray], np.ndarray]) -> Mutation:
    """Change an array."""

    def mutate(folder: Path, rng: np.random.Generator) -> None:
        np.save(folder / file, change(np.load(folder / file)))

    return mutate


def instead(file: str, make: Callable[[Path], None]) -> Mutation:
    """Put something else in the place of a file or folder."""

    def mutate(folder: Path, rng: np.random.Generator) -> None:
        path = folder / file
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink()
        make(path)

    return mutate


def link_to_pipe(path: Path) -> None:
    """Make a link to a pipe beside it."""
    os.mkfifo(path.with_name("pipe"))
    path.symlink_to("pipe")


def sparse(path: Path) -> None:
    """Make a file of a terabyte that takes no place."""
    with path.open("wb") as file:
        file.truncate(1 << 40)


def npy(shape: tuple[int, ...] | str, dtype: str = "<f4", data: bytes = b"\0" * 160) -> bytes:
    """Return a .npy file whose header says this."""
    header = f"{{'descr': {dtype!r}, 'fortran_order': False, 'shape': {shape}, }}".encode()
    header += b" " * (63 - (10 + len(header)) % 64) + b"\n"
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header + data


def first_weight(tensors: dict[str, np.ndarray]) -> str:
    """Return the name of a weight that is a matrix or more."""
    return next(name for name, value in tensors.items() if value.ndim > 1)


def set_weight(change: Callable[[np.ndarray], np.ndarray]) -> Callable[[dict], None]:
    """Return the change of one weight."""

    def apply(tensors: dict[str, np.ndarray]) -> None:
        name = first_weight(tensors)
        tensors[name] = np.ascontiguousarray(change(tensors[name]))

    return apply


def _put(value: float, array: np.ndarray) -> np.ndarray:
    array = array.copy()
    array.flat[-1] = value
    return array


def _drop(tensors: dict[str, Any]) -> None:
    del tensors[first_weight(tensors)]


def _rename(tensors: dict[str, Any]) -> None:
    tensors["network.other"] = tensors.pop(first_weight(tensors))


def _resize(header: dict[str, Any]) -> None:
    each = next(each for name, each in header.items() if name != "__metadata__")
    each["shape"] = [1 << 40, *each["shape"]]


def _outside(header: dict[str, Any]) -> None:
    each = next(each for name, each in header.items() if name != "__metadata__")
    each["data_offsets"] = [0, 1 << 50]


def _negative(header: dict[str, Any]) -> None:
    each = next(each for name, each in header.items() if name != "__metadata__")
    each["shape"] = [-1]


def _type(name: str, header: dict[str, Any]) -> None:
    each = next(each for key, each in header.items() if key != "__metadata__")
    each["dtype"] = name


def _other_method(header: dict[str, Any]) -> None:
    header["__metadata__"] = {"model": "mia_recon/vae"}


def _double(tensors: dict[str, np.ndarray]) -> None:
    for name, value in tensors.items():
        tensors[name] = value.astype(np.float64)


MUTATIONS: dict[str, Mutation] = {}
for _file in ALL:
    MUTATIONS[f"{_file}: a pipe"] = instead(_file, os.mkfifo)
    MUTATIONS[f"{_file}: a link to a pipe"] = instead(_file, link_to_pipe)
    MUTATIONS[f"{_file}: a link to a device"] = instead(_file, lambda p: p.symlink_to("/dev/zero"))
    MUTATIONS[f"{_file}: a link to itself"] = instead(_file, lambda p: p.symlink_to(p.name))
    MUTATIONS[f"{_file}: missing"] = instead(_file, lambda p: None)
for _file in FILES:
    MUTATIONS[f"{_file}: a folder"] = instead(_file, lambda p: p.mkdir())
    MUTATIONS[f"{_file}: a terabyte"] = instead(_file, sparse)
    MUTATIONS[f"{_file}: empty"] = with_content(_file, lambda c: b"")
    MUTATIONS[f"{_file}: half of it"] = with_content(_file, lambda c: c[: len(c) // 2])
    MUTATIONS[f"{_file}: zeros"] = with_content(_file, lambda c: bytes(len(c)))
    MUTATIONS[f"{_file}: a pickle"] = with_content(
        _file, lambda c: b"cos\nsystem\n(S'touch /tmp/run-by-a-model'\ntR."
    )
for _file in (FIT, META):
    MUTATIONS[f"{_file}: a list"] = with_content(_file, lambda c: b"[]")
    MUTATIONS[f"{_file}: null"] = with_content(_file, lambda c: b"null")
    MUTATIONS[f"{_file}: deep"] = with_content(_file, lambda c: b"[" * 100_000)
    MUTATIONS[f"{_file}: deep and closed"] = with_content(
        _file, lambda c: b'{"format":1,"training":' + b"[" * 500 + b"]" * 500 + b"}"
    )
    MUTATIONS[f"{_file}: millions of lists"] = with_content(
        _file, lambda c: b'{"format":1,"x":[' + b"[]," * (4 << 20) + b"[]]}"
    )
    MUTATIONS[f"{_file}: not UTF-8"] = with_content(_file, lambda c: c.replace(b'"ae"', b'"\xff"'))
    MUTATIONS[f"{_file}: format 2"] = with_value(_file, "format", 2)
    MUTATIONS[f"{_file}: half a surrogate pair"] = with_value(_file, "method", "\ud800")
    MUTATIONS[f"{_file}: a long name"] = with_value(_file, "method", "a" * 1_000_000)
    MUTATIONS[f"{_file}: a name with escapes"] = with_value(_file, "method", "\x1b[2J\u202eae")
    MUTATIONS[f"{_file}: another method"] = with_value(_file, "method", "vae")
    MUTATIONS[f"{_file}: no method"] = with_value(_file, "method", DELETED)
    MUTATIONS[f"{_file}: a path as method"] = with_value(_file, "method", "../../x")
for _key, _values in {
    "reading": (None, [], DELETED),
    "reading/size": (0, -1, 10**9, 64, 1e400, "32", None, 32.5),
    "reading/channels": (0, 2, 3, 10**9, "1"),
    "reading/resize": ("crop", None, 5, "x" * 1000),
    "reading/resample": ("none", 5),
    "reading/window": ([1], [2, 1], ["a", "b"], [1e400, 2]),
    "training": (None, DELETED, 5, {}),
    "training/images": ("x", None, -1),
    "training/epochs": ([], DELETED),
    "reference": (None, DELETED, []),
    "reference/images": (0, 3, 10**12, -1, None, "40", 40.0),
    "reference/origin": ("others", 5),
    "reference/pixel_quantiles": (None, [], {"0.0": 1.0}, {"nan": 1}),
    "reference/pixel_quantiles/0.5": (None, "1", 1e300, -1e300),
    "split": ([], 5, "x"),
    "split/rule": (None, "none"),
    "split/images": (0, 10**12, "x"),
    "split/share": (2, "x", None),
    "split/groups": (0, "x", None),
}.items():
    for _value in _values:
        _name = "deleted" if _value is DELETED else repr(_value)[:30]
        MUTATIONS[f"{FIT}: {_key} {_name}"] = with_value(FIT, _key, _value)
for _key, _values in {
    "package": ("mia_ssl", None, 5),
    "in_channels": (0, 2, 3, "1", True, 10**18),
    "image_size": (0, -32, 33, 48, 64, 1 << 20, 10**30, "32", None, True, 32.0),
    "settings": (None, [], {}, {"epochs": 1}),
    "settings/epochs": (-1, "1", 10**30, None),
    "settings/batch_size": (0, 1, "x", 10**30),
    "settings/learning_rate": (0, -1, "x", 1e400, 10**400),
    "settings/precision": ("8-true", 5),
    "settings/compile": ("x", 5),
    "options": (None, [], 5, {"unknown": 1}),
    "options/width": (0, 5, 800, 100_000, 10**9, 10**18, "4", 4.5, None),
    "options/hidden": (0, 33, 10**6, 10**9, 10**15),
    "options/latent": (0, 5, 10**6, 10**9),
    "options/depth": (0, 1, 3, 40, 10**6, 10**9, 10**18),
    "seed": ("x", -1, 10**40, [], True),
    "history": (None, 5, [5], [{"loss": "low"}], [[]]),
    "score_quantiles": (None, 5, [["0.5", None]], [5]),
    "structure": (None, [], 5, DELETED, {"dict": []}, {"tensor": "x"}, {"dict": [["network"]]}),
}.items():
    for _value in _values:
        _name = "deleted" if _value is DELETED else repr(_value)[:30]
        MUTATIONS[f"{META}: {_key} {_name}"] = with_value(META, _key, _value)
MUTATIONS |= {
    f"{META}: NaN in the history": with_value(META, "history", [{"loss": float("nan")}]),
    f"{META}: a number of a million digits": with_text(META, '"seed": ', '"seed": ' + "1" * 10**6),
    f"{META}: a tensor twice": with_value(
        META, "structure", {"dict": [["network", {"dict": [["a", {"tensor": "network.a"}]] * 2}]]}
    ),
    f"{META}: a million names of tensors": with_value(
        META, "structure", {"dict": [["network", [{"tensor": "x"}] * 200_000]]}
    ),
    f"{TENSORS}: NaN": with_tensors(set_weight(partial(_put, np.nan))),
    f"{TENSORS}: infinity": with_tensors(set_weight(partial(_put, np.inf))),
    f"{TENSORS}: a weight less": with_tensors(_drop),
    f"{TENSORS}: a weight more": with_tensors(lambda t: t.update(x=np.zeros(3, np.float32))),
    f"{TENSORS}: another name": with_tensors(_rename),
    f"{TENSORS}: transposed": with_tensors(set_weight(lambda a: a.reshape(-1))),
    f"{TENSORS}: one row less": with_tensors(set_weight(lambda a: a[:-1])),
    f"{TENSORS}: no rows": with_tensors(set_weight(lambda a: a[:0])),
    f"{TENSORS}: double precision": with_tensors(_double),
    f"{TENSORS}: whole numbers": with_tensors(set_weight(lambda a: a.astype(np.int64))),
    f"{TENSORS}: no weights": with_tensors(lambda t: t.clear()),
    f"{TENSORS}: a header of 2^63 bytes": with_content(
        TENSORS, lambda c: struct.pack("<Q", 1 << 63) + c[8:]
    ),
    f"{TENSORS}: a header of a byte": with_content(TENSORS, lambda c: struct.pack("<Q", 1) + c[8:]),
    f"{TENSORS}: a header of the file": with_content(
        TENSORS, lambda c: struct.pack("<Q", len(c) - 8) + c[8:]
    ),
    f"{TENSORS}: a shape of 2^40 rows": with_header(_resize),
    f"{TENSORS}: bytes outside": with_header(_outside),
    f"{TENSORS}: a negative shape": with_header(_negative),
    f"{TENSORS}: an unknown type": with_header(partial(_type, "PICKLE")),
    f"{TENSORS}: half precision": with_header(partial(_type, "F16")),
    f"{TENSORS}: of another method": with_header(_other_method),
    f"{TENSORS}: no header": with_header(lambda h: h.clear()),
    f"{SCORES}: NaN": with_array(SCORES, partial(_put, np.nan)),
    f"{SCORES}: infinity": with_array(SCORES, partial(_put, np.inf)),
    f"{SCORES}: falling": with_array(SCORES, lambda a: a[::-1]),
    f"{SCORES}: double precision": with_array(SCORES, lambda a: a.astype(float)),
    f"{SCORES}: one less": with_array(SCORES, lambda a: a[1:]),
    f"{SCORES}: a matrix": with_array(SCORES, lambda a: a[None]),
    f"{SCORES}: objects": with_content(SCORES, lambda c: npy((8,), "|O")),
    f"{SCORES}: more than there are": with_content(SCORES, lambda c: npy((10**12,))),
    f"{SCORES}: 2^80 numbers": with_content(SCORES, lambda c: npy((1 << 40, 1 << 40))),
    f"{SCORES}: code as shape": with_content(SCORES, lambda c: npy("__import__('os')")),
    f"{SCORES}: version 9": with_content(SCORES, lambda c: c[:6] + b"\x09" + c[7:]),
    f"{SCORES}: bytes behind": with_content(SCORES, lambda c: c + b"\0" * 64),
    f"{SPLIT}: one less": with_array(SPLIT, lambda a: a[1:]),
    f"{SPLIT}: negative": with_array(SPLIT, lambda a: a - 5),
    f"{SPLIT}: double precision": with_array(SPLIT, lambda a: a.astype(float)),
}


def fuzz(folder: Path, rng: np.random.Generator) -> str:
    """Change some bytes of one file of a model; return what was done."""
    file = str(rng.choice(FILES))
    content = bytearray((folder / file).read_bytes())
    # Most of the bytes of the weights are numbers; the header is where it hurts.
    size = len(content) if rng.random() < 0.5 else min(len(content), 4096)
    kind = str(rng.choice(["bits", "bytes", "cut", "insert", "repeat"]))
    at = int(rng.integers(size))
    if kind == "bits":
        for _ in range(int(rng.integers(1, 8))):
            content[int(rng.integers(size))] ^= 1 << int(rng.integers(8))
    elif kind == "bytes":
        block = rng.bytes(int(rng.integers(1, 16)))
        content[at : at + len(block)] = block
    elif kind == "cut":
        del content[at : at + int(rng.integers(1, 64))]
    elif kind == "insert":
        content[at:at] = rng.bytes(int(rng.integers(1, 64)))
    else:
        block = bytes(content[at : at + int(rng.integers(1, 256))])
        content[at:at] = block * int(rng.integers(1, 20))
    (folder / file).write_bytes(content)
    return f"{file}: {kind} at {at}"
