"""BraTS2021 from volumes: which slices, of which patients, with which masks."""

import json
import shutil

import nibabel
import numpy as np
import pytest
from mia_data import Counts, DataError, load, prepare_dataset
from mia_data.prepare import brats2021
from PIL import Image


@pytest.fixture(scope="module")
def made(brats2021_source, tmp_path_factory):
    root = tmp_path_factory.mktemp("root")
    return prepare_dataset("brats2021", brats2021_source, root=root, progress=False)


def _patients(folder):
    return {path.name[:15] for path in folder.glob("*.png")}


def test_a_patient_is_for_training_or_for_testing(made):
    train = _patients(made.folder / "train")
    test = _patients(made.folder / "test/normal") | _patients(made.folder / "test/tumor")
    assert (len(train), len(test)) == (3, 1)
    assert train.isdisjoint(test)


def test_every_fourth_slice_of_the_middle_is_taken_and_tumors_do_not_train(made):
    assert list(brats2021.SLICES) == [*range(42, 112, 4)]
    [patient] = _patients(made.folder / "test/tumor")
    names = {
        p.name for kind in ("normal", "tumor") for p in (made.folder / "test" / kind).iterdir()
    }
    assert names == {f"{patient}_flair_{n}.png" for n in range(42, 112, 4)}
    first = 60 + int(patient[-5:])  # see brats2021_source
    ill = [n for n in range(42, 112, 4) if first <= n < 80]
    tumors = {path.name for path in (made.folder / "test/tumor").iterdir()}
    assert tumors == {f"{patient}_flair_{n}.png" for n in ill}
    assert made.counts.test_abnormal == len(ill)
    for path in (made.folder / "train").iterdir():
        number = int(path.stem.rpartition("_")[2])
        assert not 60 + int(path.name[10:15]) <= number < 80


def test_the_set_loads_and_verifies_up_to_its_counts(made, check_verified):
    test = load("brats2021", "test", root=made.folder.parent, size=208)
    assert Counts(made.counts.train_normal, *np.bincount(test.labels)) == made.counts
    assert (test.masks.reshape(len(test), -1).any(axis=1) == test.labels).all()
    check_verified("brats2021", made.folder.parent)


def test_a_slice_is_cut_from_the_middle_with_the_nose_at_the_top(made, brats2021_source):
    path = next((made.folder / "test/tumor").iterdir())
    patient, number = path.name[:15], int(path.stem.rpartition("_")[2])
    volume = np.asarray(
        nibabel.load(brats2021_source / patient / f"{patient}_flair.nii.gz").dataobj
    )
    white = np.percentile(volume[16:224, 16:224][volume[16:224, 16:224] > 0], 99.5)
    # The challenge stores voxels from the right to the left and from the nose to the neck.
    stored = volume[16:224, 16:224, number].T.astype(float)
    with Image.open(path) as image:
        assert np.abs(np.asarray(image) - np.clip(stored / white * 255, 0, 255)).max() <= 0.5
    seg = np.asarray(nibabel.load(brats2021_source / patient / f"{patient}_seg.nii.gz").dataobj)
    with Image.open(made.folder / "test/annotation" / path.name.replace("flair", "seg")) as mask:
        assert np.array_equal(np.asarray(mask), 255 * (seg[16:224, 16:224, number].T > 0))


def test_the_study_s_numbers_are_drawn_where_there_are_more():
    """1251 patients have more slices of each kind than the study took."""
    from mia_data import info
    from mia_data.prepare.plan import SourceImage
    from mia_data.prepare.split import split_by_share

    images = [
        SourceImage(f"BraTS2021_{p:05d}_flair_{n}.png", int(n >= 62), f"{p}", None)
        for p in range(1251)
        for n in range(42, 112, 4)
    ]
    counts = info("brats2021").counts
    split = split_by_share(images, counts, 0, test_share=brats2021.TEST_SHARE)
    assert split.counts == counts
    test = {image.patient for image in (*split.normal, *split.abnormal)}
    assert len(test) == 200
    assert test.isdisjoint(image.patient for image in split.train)


def _write_split(path, train, normal, abnormal):
    path.write_text(json.dumps({"train": {"0": train}, "test": {"0": normal, "1": abnormal}}))
    return path


def test_a_split_file_is_followed(brats2021_source, tmp_path):
    names = ("BraTS2021_00000_flair_50.png", "BraTS2021_00002_flair_57", "BraTS2021_00002_flair_70")
    split = _write_split(tmp_path / "s.json", *([name] for name in names))
    made = prepare_dataset(
        "brats2021", brats2021_source, root=tmp_path, split=split, progress=False
    )
    assert made.counts == Counts(1, 1, 1)
    assert (made.folder / "test/annotation/BraTS2021_00002_seg_70.png").exists()
    assert load("brats2021", "train", root=tmp_path).ids == ("train/BraTS2021_00000_flair_50",)


@pytest.mark.parametrize(
    ("names", "parts"),
    [
        (("00000_flair_50", "00001_flair_50", "00001_flair_50"), ["twice"]),
        (("00000_flair_50", "00001_flair_51", "00000_flair_70"), ["1 patient in both splits"]),
        (("00000_flair_70", "00001_flair_50", "00001_flair_70"), ["slice 70", "shows a tumor"]),
        (("00000_flair_50", "00001_flair_50", "00001_flair_51"), ["51", "shows no tumor"]),
        (("00000_flair_50", "00001_flair_5", "00001_flair_70"), ["is 0 in all of slice 5"]),
        (("00000_flair_155", "00001_flair_50", "00001_flair_70"), ["155 slices", "number 155"]),
        (("00000_t1_50", "00001_flair_50", "00001_flair_70"), ["'BraTS2021_00000_t1_50'"]),
        (("00009_flair_50", "00001_flair_50", "00001_flair_70"), ["2 of 4", "00009_flair.nii.gz"]),
    ],
)
def test_a_split_file_that_does_not_fit_is_one_line(
    brats2021_source, tmp_path, one_line, names, parts
):
    split = _write_split(tmp_path / "s.json", *([f"BraTS2021_{name}"] for name in names))
    with pytest.raises(DataError, match=one_line(*parts)):
        prepare_dataset("brats2021", brats2021_source, root=tmp_path, split=split, progress=False)
    assert not (tmp_path / "BraTS2021").exists()


@pytest.fixture
def two(brats2021_source, tmp_path):
    """A source of two of the patients, whose files may be changed."""
    source = tmp_path / "two" / "BraTS2021_Training_Data"
    for name in ("BraTS2021_00000", "BraTS2021_00001"):
        shutil.copytree(brats2021_source / name, source / name)
    return source


def test_missing_and_damaged_volumes_are_named(two, tmp_path, one_line):
    def prepare(**options):
        root = tmp_path / "root"
        return prepare_dataset("brats2021", two.parent, root=root, progress=False, **options)

    flair = two / "BraTS2021_00000/BraTS2021_00000_flair.nii.gz"
    data = flair.read_bytes()
    for size in (60, len(data) - 50):  # within the header, and behind it
        flair.write_bytes(data[:size])
        with pytest.raises(DataError, match=one_line("1 of 2", "cannot read", "00000_flair")):
            prepare()
    flair.write_bytes(data)
    seg = two / "BraTS2021_00001/BraTS2021_00001_seg.nii.gz"
    data = seg.read_bytes()
    seg.write_bytes(data[:-50])
    with pytest.raises(DataError, match=one_line("1 of 2 segmentations failed", "00001_seg")):
        prepare()
    seg.unlink()
    with pytest.raises(DataError, match=one_line("1 of 4 source files", "00001_seg.nii.gz")):
        prepare()
    with pytest.raises(DataError, match=one_line("no normal image for training (0 to train")):
        prepare(allow_missing=True)
    volume = nibabel.load(two / "BraTS2021_00001/BraTS2021_00001_flair.nii.gz")
    nibabel.save(nibabel.Nifti1Image(np.zeros((9, 9, 9), np.uint8), volume.affine), seg)
    with pytest.raises(DataError, match=one_line("00001_seg", "does not lie on")):
        prepare()


def test_a_volume_of_another_shape_is_refused(tmp_path, one_line):
    path = tmp_path / "BraTS2021_00000/BraTS2021_00000_flair.nii.gz"
    path.parent.mkdir()
    for kind in ("flair", "seg"):
        image = nibabel.Nifti1Image(np.ones((8, 9, 7), np.uint8), np.eye(4))
        nibabel.save(image, str(path).replace("flair.", f"{kind}."))
    parts = ["00000_seg.nii.gz has 7 slices of 8 x 9", "expected 155 of 240 x 240"]
    with pytest.raises(DataError, match=one_line(*parts)):
        prepare_dataset("brats2021", tmp_path, root=tmp_path / "root", progress=False)


def test_a_source_without_patients_and_a_table_of_them_are_refused(tmp_path, one_line):
    with pytest.raises(DataError, match=one_line("no folder BraTS2021_<number>")):
        prepare_dataset("brats2021", tmp_path, root=tmp_path / "root", progress=False)
    with pytest.raises(DataError, match=one_line("names its patients itself")):
        prepare_dataset("brats2021", tmp_path, root=tmp_path / "root", patients="p.csv")
