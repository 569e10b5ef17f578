"""The ISIC tables: nevus is normal, only normal images train."""

import pytest
from mia_data.errors import DataError
from mia_data.layouts.isic_csv import INDEXES, list_split

HEADER = "image,MEL,NV,BCC,AKIEC,BKL,DF,VASC\n"
ROWS = "I3,0.0,1.0,0.0,0,0,0,0\nI1,1.0,0.0,0.0,0,0,0,0\nI2,0,1,0,0,0,0,0\n"


@pytest.fixture
def write_table(tmp_path):
    def write(split, text):
        path = tmp_path / INDEXES[split == "test"]
        path.parent.mkdir()
        path.write_text(text)
        return path

    return write


def test_train_has_the_nevi_only(tmp_path, write_table):
    write_table("train", HEADER + ROWS)
    listing = list_split(tmp_path, "train")
    assert listing.files == [f"ISIC2018_Task3_Training_Input/{n}.jpg" for n in ("I2", "I3")]
    assert listing.labels == [0, 0]


def test_test_has_all(tmp_path, write_table):
    write_table("test", "\ufeff" + HEADER + ROWS)
    listing = list_split(tmp_path, "test")
    assert listing.files == [f"ISIC2018_Task3_Test_Input/{n}.jpg" for n in ("I2", "I3", "I1")]
    assert listing.labels == [0, 0, 1]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("image,MEL\nI1,1\n", "no column 'NV'"),
        (HEADER + "I1,0,maybe,0,0,0,0,0\n", "line 2: expected NV to be 0 or 1, got 'maybe'"),
        (HEADER + "I1,0,0.5,0,0,0,0,0\n", "got '0.5'"),
        (HEADER + "I1,0\n", "line 2: expected 8 columns"),
        (HEADER + "I1,0,1,0,0,0,0,0\n", "lists no image with NV = 0"),
        (HEADER + "../I1,0,1,0,0,0,0,0\nI2,0,0,0,0,0,0,0\n", r"names '\.\./I1'"),
        (HEADER, "lists no image"),
    ],
)
def test_a_wrong_table_is_named(tmp_path, write_table, text, message):
    path = write_table("test", text)
    with pytest.raises(DataError, match=message) as caught:
        list_split(tmp_path, "test")
    assert str(path) in str(caught.value)
