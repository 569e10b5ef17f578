"""Camelyon16 from the patches of BMAD."""

import pytest
from mia_data import Counts, DataError, load, prepare_dataset


def test_patches_keep_the_split_of_their_source(camelyon16_source, tmp_path, check_verified):
    made = prepare_dataset("c16", camelyon16_source, root=tmp_path, progress=False)
    assert made.counts == Counts(3, 2, 2)
    assert load("camelyon16", "test", root=tmp_path).labels.tolist() == [0, 0, 1, 1]
    assert not (made.folder / "valid").exists()
    source = camelyon16_source / "camelyon16/test/Ungood/1001.png"
    assert (made.folder / "test/Ungood/1001.png").read_bytes() == source.read_bytes()
    check_verified("camelyon16", tmp_path)


def test_a_split_or_patients_are_refused(camelyon16_source, tmp_path, one_line):
    for option in ("split", "patients"):
        with pytest.raises(DataError, match=one_line("is split by its source", option)):
            prepare_dataset("c16", camelyon16_source, root=tmp_path, **{option: "x"})


def test_missing_folders_are_named(camelyon16_source, tmp_path, one_line):
    with pytest.raises(DataError, match=one_line("no patches", "train/good", "Camelyon16")):
        prepare_dataset("c16", tmp_path, root=tmp_path / "root", progress=False)
    (camelyon16_source / "camelyon16/test/Ungood").rename(tmp_path / "elsewhere")
    with pytest.raises(DataError, match=one_line("cannot list", "test/Ungood")):
        prepare_dataset("c16", camelyon16_source, root=tmp_path / "root", progress=False)
