"""The cache: hits, invalidation, damage, several processes at once."""

import errno
import os
import subprocess
import sys
import time
import uuid

import numpy as np
import pytest
from mia_data import DataError, cache, load
from mia_data.cache_entry import Names
from mia_data.decode import batch


def _load(folder, **options):
    return load("braintumor", "train", root=folder.parent, size=8, **options)


def _entries(cache_folder):
    return sorted(path.name for path in cache_folder.iterdir())


@pytest.fixture
def decoded(monkeypatch):
    """How often anything was decoded."""
    calls = []
    original = batch.decode

    def decode(*args):
        calls.append(1)
        return original(*args)

    monkeypatch.setattr(batch, "decode", decode)
    return calls


def test_the_second_load_decodes_nothing_and_is_equal(json_dataset, decoded):
    first, second = _load(json_dataset), _load(json_dataset)
    assert len(decoded) == 1
    np.testing.assert_array_equal(first.images, second.images)
    np.testing.assert_array_equal(first.labels, second.labels)
    assert (first.ids, first.paths) == (second.ids, second.paths)


def test_changed_pixels_are_seen_and_the_stale_entry_goes(
    json_dataset, decoded, cache_folder, save_image
):
    before = _load(json_dataset)
    old_pixels, old_entries = before.images.copy(), _entries(cache_folder)
    new = save_image(json_dataset / "images" / "a.png", size=(8, 8))
    after = _load(json_dataset)
    assert len(decoded) == 2
    np.testing.assert_array_equal(after.images[0, 0], new)
    np.testing.assert_array_equal(after.images[1:], old_pixels[1:])
    # Whoever still holds the old arrays keeps them.
    np.testing.assert_array_equal(before.images, old_pixels)
    assert len(_entries(cache_folder)) == 1
    assert _entries(cache_folder) != old_entries


def test_a_change_that_keeps_the_size_is_seen_by_its_time(json_dataset, decoded):
    _load(json_dataset)
    path = json_dataset / "images" / "a.png"
    status = path.stat()
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns + 1))
    _load(json_dataset)
    assert len(decoded) == 2


@pytest.mark.parametrize(
    "options",
    [
        {"size": 9},
        {"channels": 3},
        {"resize": "short_side"},
        {"resample": "lanczos"},
        {"split": "test"},
    ],
)
def test_other_arguments_have_an_entry_of_their_own(json_dataset, decoded, cache_folder, options):
    call = {"split": "train", "root": json_dataset.parent, "size": 8}
    load("braintumor", **call)
    load("braintumor", **{**call, **options})
    load("braintumor", **call)
    assert len(decoded) == 2
    assert len(_entries(cache_folder)) == 2


def test_a_failed_load_leaves_nothing(json_dataset, cache_folder):
    (json_dataset / "images" / "b.png").write_bytes(b"not an image")
    with pytest.raises(DataError, match=r"b\.png"):
        _load(json_dataset)
    assert _entries(cache_folder) == []


@pytest.mark.parametrize("file", ["images.npy", "labels.npy", "index"])
@pytest.mark.parametrize("keep", [0, 20, None])
def test_a_damaged_entry_is_made_anew(json_dataset, decoded, cache_folder, file, keep):
    expected = _load(json_dataset).images.copy()
    (entry,) = cache_folder.iterdir()
    if keep is None:
        (entry / file).unlink()
    else:
        (entry / file).write_bytes((entry / file).read_bytes()[:keep])
    np.testing.assert_array_equal(_load(json_dataset).images, expected)
    assert len(decoded) == 2
    assert len(_entries(cache_folder)) == 1


def test_a_cache_folder_that_cannot_be_written_is_named(json_dataset, tmp_path):
    blocked = tmp_path / "file"
    blocked.touch()
    with pytest.raises(DataError, match=f"cache folder {blocked}"):
        _load(json_dataset, cache_dir=blocked)


def test_a_full_disk_is_an_error_and_leaves_nothing(json_dataset, cache_folder, monkeypatch):
    def full(*args):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "posix_fallocate", full, raising=False)
    with pytest.raises(DataError, match=r"cannot write to the cache folder .*: No space left"):
        _load(json_dataset)
    assert _entries(cache_folder) == []


_PROCESS = """
import sys, time, numpy as np
from mia_data import load
while time.time() < float(sys.argv[2]):
    pass
ds = load("braintumor", "train", root=sys.argv[1], size=48)
print(ds.images.sum(dtype=np.int64), len(ds))
"""


def test_processes_at_once_get_the_same_data_and_leave_one_entry(
    json_dataset, cache_folder, save_image
):
    # Large images, so that the processes do overlap.
    for name in ("a.png", "b.png", "c.png"):
        save_image(json_dataset / "images" / name, size=(1500, 1500))
    start = str(time.time() + 1.0)
    command = [sys.executable, "-c", _PROCESS, str(json_dataset.parent), start]
    processes = [
        subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        for _ in range(3)
    ]
    outputs = [process.communicate() for process in processes]
    ds = load("braintumor", "train", root=json_dataset.parent, size=48)
    expected = f"{ds.images.sum(dtype=np.int64)} 3\n"
    assert [out for out, _ in outputs] == [expected] * 3, outputs
    assert len(_entries(cache_folder)) == 1


def test_the_loser_of_a_race_takes_the_winners_entry(cache_folder):
    def build(folder):
        # Another process finishes while this one builds.
        if not list(cache_folder.glob("*-state")):
            cache.get_or_build(cache_folder, {"a": 1}, "state", build_winner)
        return build_winner(folder, value=2)

    def build_winner(folder, value=1):
        np.save(folder / "images.npy", np.full((1, 1, 2, 2), value, np.uint8))
        np.save(folder / "labels.npy", np.zeros(1, np.int64))
        return Names(["id"])

    entry = cache.get_or_build(cache_folder, {"a": 1}, "state", build)
    assert entry.images[0, 0, 0, 0] == 1
    assert len(_entries(cache_folder)) == 1


def test_old_leftovers_of_killed_processes_are_removed(json_dataset, cache_folder):
    old, young = (cache_folder / f".{i:020x}-{uuid.uuid4().hex}" for i in range(2))
    for folder in (old, young):
        folder.mkdir(parents=True)
    os.utime(old, (0, 0))
    _load(json_dataset)
    assert (old.exists(), young.exists()) == (False, True)


def test_what_somebody_else_put_into_the_cache_folder_stays(json_dataset, cache_folder):
    others = [cache_folder / name for name in (".my-thesis", "web-site", "other")]
    for folder in others:
        folder.mkdir(parents=True)
        (folder / "index").write_text('{"request": {}}')
        os.utime(folder, (0, 0))
    _load(json_dataset)
    assert len(cache.entries(cache_folder)) == 1
    assert cache.clear(cache_folder) == 1
    assert sorted(cache_folder.iterdir()) == sorted(others)
    assert all((folder / "index").is_file() for folder in others)


def test_an_entry_of_another_format_is_not_read(json_dataset, decoded, monkeypatch):
    _load(json_dataset)
    monkeypatch.setattr(cache, "FORMAT", cache.FORMAT + 1)
    _load(json_dataset)
    assert len(decoded) == 2


@pytest.mark.parametrize("index", ["{", "[]", "{}"])
def test_a_damaged_entry_is_not_listed_but_cleared(json_dataset, cache_folder, index):
    _load(json_dataset)
    (entry,) = cache_folder.iterdir()
    (entry / "index").write_text(index)
    assert cache.entries(cache_folder) == []
    assert cache.clear(cache_folder) == 1
    assert _entries(cache_folder) == []


@pytest.mark.parametrize("index", ["[]", "{}"])
def test_an_entry_with_another_index_is_made_anew(json_dataset, decoded, cache_folder, index):
    _load(json_dataset)
    (entry,) = cache_folder.iterdir()
    (entry / "index").write_text(index)
    _load(json_dataset)
    assert len(decoded) == 2


def test_entries_are_listed_and_cleared(json_dataset, cache_folder):
    _load(json_dataset)
    ((path, request, size),) = cache.entries(cache_folder)
    assert request["name"] == "braintumor"
    assert size > 3 * 8 * 8
    assert cache.clear(cache_folder) == 1
    assert not path.exists()
    assert cache.entries(cache_folder) == []


def test_an_entry_that_cannot_be_removed_is_named(json_dataset, cache_folder, monkeypatch):
    _load(json_dataset)
    monkeypatch.setattr(cache.shutil, "rmtree", lambda path, **_: None)  # as on a read-only disk
    with pytest.raises(DataError, match=f"cannot remove {cache_folder}/"):
        cache.clear(cache_folder)


@pytest.mark.parametrize(
    ("variables", "expected"),
    [({"MIA_CACHE_DIR": "/m"}, "/m"), ({"XDG_CACHE_HOME": "/x"}, "/x/mia-data")],
)
@pytest.mark.skipif(sys.platform != "linux", reason="the rule of this system")
def test_cache_root_follows_the_environment(monkeypatch, variables, expected):
    monkeypatch.delenv("MIA_CACHE_DIR")
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert str(cache.cache_root()) == expected
    assert str(cache.cache_root("/argument")) == "/argument"
