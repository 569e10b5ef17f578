"""The table of datasets against the study's."""

import pytest
from mia_data import info, names
from mia_data.dataset_info import Counts


def test_the_studys_seven_come_first_and_phantom_last():
    study = ["rsna", "vincxr", "braintumor", "lag", "isic2018", "camelyon16", "brats2021"]
    assert names()[:7] == study
    assert [name for name in names() if info(name).in_study] == study
    assert names()[-1] == "phantom"
    assert {"oct2017", "hyper-kvasir", "cp-child"} < set(names())


@pytest.mark.parametrize(
    ("name", "folder", "counts"),
    [
        ("rsna", "RSNA", (3851, 1000, 1000)),
        ("vin", "VinCXR", (4000, 1000, 1000)),
        ("brain", "BrainTumor", (1000, 600, 600)),
        ("lag", "LAG", (1500, 811, 811)),
        ("isic", "ISIC2018_Task3", (6705, 909, 603)),
        ("c16", "Camelyon16", (5088, 1120, 1113)),
        ("brats", "BraTS2021", (4211, 828, 1948)),
    ],
)
def test_folders_and_counts_of_the_study_by_its_short_names(name, folder, counts):
    assert info(name).folder == folder
    assert info(name).counts == Counts(*counts)


def test_only_camelyon16_is_color_as_in_the_study_and_only_brats2021_has_masks():
    assert [name for name in names() if info(name).channels == 3] == ["camelyon16"]
    assert [name for name in names() if info(name).has_masks] == ["brats2021", "phantom"]


def test_every_dataset_can_be_downloaded_or_says_where_it_is():
    for name in set(names()) - {"phantom"}:
        row = info(name)
        assert (row.archive is None) == bool(row.how_to_get), name
        if row.archive is not None:
            assert row.archive.url.endswith(f"/{row.folder}.tar.gz")
            assert len(bytes.fromhex(row.archive.md5)) == 16
