"""ISIC2018 from the challenge's folders and tables."""

import pytest
from mia_data import Counts, DataError, load, prepare_dataset

TRAINING = "ISIC2018_Task3_Training"


def test_nevi_are_normal_and_the_split_is_kept(isic2018_source, tmp_path, check_verified):
    made = prepare_dataset("isic", isic2018_source, root=tmp_path, progress=False)
    assert made.counts == Counts(3, 2, 2)
    assert len(list(made.folder.glob("*_Input/*"))) == 7  # without the melanoma of the training
    test = load("isic2018", "test", root=tmp_path)
    assert [i.rpartition("_")[2] for i in test.ids] == ["0000051", "0000053", "0000050", "0000052"]
    check_verified("isic2018", tmp_path)


def test_absent_images_are_refused_or_left_out(isic2018_source, tmp_path, one_line):
    (isic2018_source / f"{TRAINING}_Input/ISIC_0000002.jpg").unlink()
    with pytest.raises(DataError, match=one_line("1 of 7 source files", "ISIC_0000002.jpg")):
        prepare_dataset("isic", isic2018_source, root=tmp_path, progress=False)
    made = prepare_dataset(
        "isic", isic2018_source, root=tmp_path, allow_missing=True, progress=False
    )
    assert (made.counts, made.left_out) == (Counts(2, 2, 2), 1)
    assert len(load("isic2018", "train", root=tmp_path)) == 2


def test_a_row_without_one_diagnosis_is_refused(isic2018_source, tmp_path, one_line):
    table = isic2018_source / f"{TRAINING}_GroundTruth/{TRAINING}_GroundTruth.csv"
    table.write_text(table.read_text().replace("ISIC_0000001,1.0,0.0", "ISIC_0000001,1.0,1.0"))
    with pytest.raises(DataError, match=one_line("line 3", "'ISIC_0000001'", "MEL", "1 once")):
        prepare_dataset("isic", isic2018_source, root=tmp_path, progress=False)


def test_the_unpacked_challenge_is_not_prepared_onto_itself(isic2018_source, one_line):
    own = isic2018_source.rename(isic2018_source.with_name("ISIC2018_Task3"))
    with pytest.raises(DataError, match=one_line("is the dataset's own folder")):
        prepare_dataset("isic", own, root=own.parent, progress=False)
