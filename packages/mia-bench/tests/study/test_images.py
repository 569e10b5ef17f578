"""A run's images are those of its source, and a hash tells them from any others."""

from __future__ import annotations

import csv
from dataclasses import replace

import mia_data
import numpy as np
import pytest
from mia_bench.errors import StudyError
from mia_bench.run_folder.data_record import DataSource
from mia_bench.run_folder.reading import Reading
from mia_bench.study.images import count_images, hash_images, load_split, record_data
from mia_bench.study.plan import plan
from mia_bench.study.study import DatasetEntry, MethodEntry, Study
from PIL import Image


@pytest.fixture
def mine(root, tmp_path):
    """The images of BraTS2021 in a folder of one's own, in the layout with masks."""
    folder = tmp_path / "mine"
    for source, target in (
        ("train", "train/normal"),
        ("test/normal", "test/normal"),
        ("test/tumor", "test/lesion"),
        ("test/annotation", "masks/lesion"),
    ):
        (folder / target).mkdir(parents=True)
        for path in (root / "BraTS2021" / source).iterdir():
            (folder / target / path.name.replace("seg", "flair")).write_bytes(path.read_bytes())
    return folder


@pytest.fixture
def table(mine):
    """The same images as a table beside them."""
    with (mine / "table.csv").open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["path", "split", "label", "mask"])
        for path in sorted(mine.rglob("*/*/*.png")):
            split, kind = path.relative_to(mine).parts[:2]
            mask = f"masks/lesion/{path.name}" if kind == "lesion" else ""
            if split != "masks":
                writer.writerow([path.relative_to(mine), split, int(kind == "lesion"), mask])
    return mine / "table.csv"


def run_of(name="mine", **source):
    entry = MethodEntry(label="ae", method="ae", image_size=32)
    study = Study(name="x", datasets=(DatasetEntry(name=name, **source),), methods=(entry,))
    return plan(study)[0]


def test_a_folder_and_a_table_give_the_images_of_the_registered_dataset(mine, table, root):
    known = run_of("brats2021", root=str(root))
    for source in ({"folder": str(mine)}, {"manifest": str(table)}):
        run = run_of(**source)
        for split in ("train", "test"):
            ours, theirs = load_split(run, split), load_split(known, split)
            for part in ("images", "labels", "masks"):
                np.testing.assert_array_equal(getattr(ours, part), getattr(theirs, part))
        assert count_images("mine", run.source) == mia_data.Counts(40, 12, 12)


def test_test_images_without_labels_are_refused(mine):
    flat = run_of(folder=str(mine / "train" / "normal"))
    message = "to have train/normal, test/normal and test/<anything>.*images without labels"
    with pytest.raises(StudyError, match=message):
        count_images("flat", flat.source)
    with pytest.raises(StudyError, match=message):
        load_split(flat, "test")


def test_a_hash_changes_with_any_part_of_the_images(mine):
    whole = load_split(run_of(folder=str(mine)), "test")
    known = hash_images(whole)
    assert known == hash_images(whole)
    images, masks, labels = whole.images.copy(), whole.masks.copy(), whole.labels.copy()
    images[-1, 0, 0, 0] ^= 1
    masks[-1, 0, 0] ^= 1
    labels[0] ^= 1
    others = [
        *(replace(whole, images=images), replace(whole, masks=masks), replace(whole, masks=None)),
        *(replace(whole, labels=labels), replace(whole, ids=(*whole.ids[:-1], "other"))),
    ]
    hashes = {known, *map(hash_images, others)}
    assert len(hashes) == 6


def test_the_record_has_absolute_paths(mine, root, monkeypatch):
    def recorded(run):
        return record_data(run, load_split(run, "train"), load_split(run, "test")).source

    monkeypatch.setenv("HOME", str(mine.parent))
    assert recorded(run_of(folder="~/mine")) == DataSource(folder=str(mine))
    monkeypatch.setenv("MIA_DATA_ROOT", str(root))
    assert recorded(run_of("brats2021")) == DataSource(root=str(root))
    assert recorded(run_of("phantom")) == DataSource()  # drawn: it has no place


def test_the_file_of_an_image_changes_the_record(mine):
    run = run_of(folder=str(mine))

    def recorded():
        return record_data(run, load_split(run, "train"), load_split(run, "test"))

    before = recorded()
    first = min((mine / "train" / "normal").iterdir())
    Image.fromarray(255 - np.asarray(Image.open(first))).save(first)
    after = recorded()
    assert after.train_sha256 != before.train_sha256
    assert after.test_sha256 == before.test_sha256


def test_files_are_read_as_the_dataset_says(mine):
    patients = Reading(patients=r"/([^/]+)\.png")
    for load, expected in (
        (run_of(folder=str(mine), reading=patients), True),
        (run_of(folder=str(mine)), False),
    ):
        found = load_split(load, "test")
        known = tuple(name.rpartition("/")[2] for name in found.ids)
        assert found.patients == (known if expected else None)
        assert record_data(load, found, found).source.reading == load.source.reading
    first = min((mine / "train" / "normal").iterdir())
    (mine / "test" / "normal" / "copy.png").write_bytes(first.read_bytes())
    with pytest.raises(mia_data.DataError, match="content of one of the other split"):
        load_split(run_of(folder=str(mine)), "test")
    allowed = run_of(folder=str(mine), reading=Reading(allow_shared_files=True))
    assert len(load_split(allowed, "test")) == 25
