"""Entries of the cache prove themselves: whatever is damaged is noticed."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from mia_data import DataError, cache, cache_entry, load
from mia_data.cache_entry import Names

NAMES = ("images.npy", "labels.npy", "masks.npy", "index")


def _build(number, calls=None):
    """Return what fills an entry with data that depend on a number."""

    def build(folder):
        if calls is not None:
            calls.append(number)
        rng = np.random.default_rng(number)
        np.save(folder / "images.npy", rng.integers(0, 256, (5, 1, 8, 8), dtype=np.uint8))
        np.save(folder / "masks.npy", rng.integers(0, 2, (5, 8, 8), dtype=np.uint8))
        np.save(folder / "labels.npy", rng.integers(0, 2, 5))
        return Names(*([f"{kind}{number}-{i}" for i in range(5)] for kind in ("", "/data/", "v")))

    return build


def _content(entry):
    arrays = (entry.images, entry.labels, entry.masks)
    return [array.tobytes() for array in arrays], entry.names


def _flip(rng, path, other):
    data = bytearray(path.read_bytes())
    for place in rng.integers(0, len(data), rng.integers(1, 4)):
        data[place] ^= int(rng.integers(1, 256))
    path.write_bytes(data)


def _zero(rng, path, other):
    data = bytearray(path.read_bytes())
    start = int(rng.integers(0, len(data)))
    data[start : start + 64] = b"\0" * len(data[start : start + 64])
    path.write_bytes(data)


def _cut(rng, path, other):
    path.write_bytes(path.read_bytes()[: int(rng.integers(0, path.stat().st_size))])


def _lengthen(rng, path, other):
    path.write_bytes(path.read_bytes() + rng.bytes(int(rng.integers(1, 200))))


def _remove(rng, path, other):
    path.unlink()


def _as_folder(rng, path, other):
    path.unlink()
    path.mkdir()


def _as_pipe(rng, path, other):
    path.unlink()
    os.mkfifo(path)


def _as_link(rng, path, other):
    path.unlink()
    path.symlink_to("nowhere")


def _of_another(rng, path, other):
    shutil.copy(other / path.name, path)


def _two_swapped(rng, path, other):
    second = path.with_name(NAMES[NAMES.index(path.name) - 1])
    first = path.read_bytes()
    path.write_bytes(second.read_bytes())
    second.write_bytes(first)


def _all_of_another(rng, path, other):
    shutil.rmtree(path.parent)
    shutil.copytree(other, path.parent)


def _file_for_the_folder(rng, path, other):
    shutil.rmtree(path.parent)
    path.parent.write_text("hello")


DAMAGE = (
    _flip,
    _flip,
    _zero,
    _cut,
    _lengthen,
    _remove,
    _as_folder,
    _as_pipe,
    _as_link,
    _of_another,
    _two_swapped,
    _all_of_another,
    _file_for_the_folder,
)


@pytest.mark.parametrize("seed", range(4))
def test_of_hundreds_of_damaged_entries_none_gives_wrong_data(cache_folder, monkeypatch, seed):
    monkeypatch.setattr(os, "fsync", lambda _: None)
    rng = np.random.default_rng(seed)
    requests = [{"name": "a"}, {"name": "b"}]
    expected, paths = [], []
    for number, request in enumerate(requests):
        before = set(cache_folder.glob("*"))
        entry = cache.get_or_build(cache_folder, request, "s", _build(number))
        expected.append(_content(entry))
        paths += set(cache_folder.glob("*")) - before
    rebuilt = 0
    for round_number in range(100):
        which = int(rng.integers(2))
        path = paths[which] / NAMES[rng.integers(len(NAMES))]
        damage = DAMAGE[rng.integers(len(DAMAGE))]
        was = _bytes(paths[which])
        damage(rng, path, paths[1 - which])
        # As in a process that starts now.
        monkeypatch.setattr(cache_entry, "_verified", set())
        calls = []
        entry = cache.get_or_build(cache_folder, requests[which], "s", _build(which, calls))
        assert _content(entry) == expected[which], (round_number, damage.__name__, path.name)
        if not calls:  # Zeros in the place of zeros are no damage.
            assert _bytes(paths[which]) == was
        rebuilt += len(calls)
    assert rebuilt > 90


def _bytes(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_what_is_damaged_in_place_is_noticed_by_a_new_process(json_dataset, cache_folder):
    code = (
        "import sys; from mia_data import load; "
        "print(load('braintumor', 'train', root=sys.argv[1], size=8).images.tobytes().hex())"
    )
    command = [sys.executable, "-c", code, str(json_dataset.parent)]
    expected = load("braintumor", "train", root=json_dataset.parent, size=8).images.tobytes().hex()
    (entry,) = cache_folder.iterdir()
    path = entry / "images.npy"
    status = path.stat()
    data = bytearray(path.read_bytes())
    data[-1] ^= 1
    path.write_bytes(data)
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.stdout, done.stderr) == (f"{expected}\n", "")


def test_a_file_that_changes_within_a_process_is_noticed_too(json_dataset, cache_folder):
    images = load("braintumor", "train", root=json_dataset.parent, size=8).images.copy()
    (entry,) = cache_folder.iterdir()
    path = entry / "images.npy"
    data, changed = path.read_bytes(), path.stat().st_ctime_ns
    while path.stat().st_ctime_ns == changed:  # It comes in steps.
        path.write_bytes(data[:-1] + bytes([data[-1] ^ 1]))
    again = load("braintumor", "train", root=json_dataset.parent, size=8).images
    np.testing.assert_array_equal(again, images)


def test_checksums_are_computed_once_a_process(json_dataset, monkeypatch):
    calls = []
    original = cache_entry._crc32
    monkeypatch.setattr(cache_entry, "_crc32", lambda file: calls.append(1) or original(file))
    for _ in range(3):
        load("braintumor", "train", root=json_dataset.parent, size=8)
    assert len(calls) == 2  # images and labels, when they were written
    monkeypatch.setattr(cache_entry, "_verified", set())
    for _ in range(3):
        load("braintumor", "train", root=json_dataset.parent, size=8)
    assert len(calls) == 4


def test_an_entry_is_on_the_disk_before_it_has_its_name(cache_folder, monkeypatch):
    events = []
    sync, rename = os.fsync, os.rename

    def fsync(handle):
        events.append(Path(f"/proc/self/fd/{handle}").readlink().name)
        sync(handle)

    monkeypatch.setattr(os, "fsync", fsync)
    monkeypatch.setattr(os, "rename", lambda a, b: events.append("renamed") or rename(a, b))
    cache.get_or_build(cache_folder, {"name": "a"}, "s", _build(0))
    assert sorted(events[:4]) == sorted(NAMES)
    assert events[4].startswith(".")  # the folder itself
    assert events[5:] == ["renamed", cache_folder.name]


def test_parts_that_do_not_belong_together_are_refused(cache_folder):
    def build(folder):
        _build(0)(folder)
        return Names(["too", "few"])

    with pytest.raises(DataError, match=r"^the cache entry .* cannot be read back$"):
        cache.get_or_build(cache_folder, {"name": "a"}, "s", build)
    assert list(cache_folder.iterdir()) == []
