"""The table of the known datasets."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from mia_data.dataset_info import Archive, Counts, DatasetInfo
from mia_data.layouts import folders, isic_csv, json_lists

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from mia_data.file_list import FileList

_ZENODO = "https://zenodo.org/records/12677223"
_STUDY = "Cai et al. 2025, MedIAnomaly, Medical Image Analysis (arXiv 2404.04518); "
_CC_BY = "CC BY 4.0"


@dataclass(frozen=True)
class Definition:
    """A dataset's description, and the function that lists its files.

    Attributes:
        info: The description.
        list_split: From the dataset's folder and a split to its files; None for a drawn dataset.
        index_files: Files of the dataset that are not images, relative to its folder.
    """

    info: DatasetInfo
    list_split: Callable[[Path, str], FileList] | None
    index_files: tuple[str, ...] = ()


def _archive(folder: str, md5: str, megabytes: int) -> Archive:
    return Archive(f"{_ZENODO}/files/{folder}.tar.gz", md5, megabytes)


def _json_dataset(*, citation: str, archive: Archive, **known: Any) -> Definition:
    """Return a dataset of the study that lies in one archive in the layout of ``data.json``."""
    info = DatasetInfo(
        folder=archive.url.rpartition("/")[2].removesuffix(".tar.gz"),
        layout="images/* and data.json with the names of each split and class",
        in_study=True,
        license=_CC_BY,
        citation=_STUDY + citation,
        homepage=_ZENODO,
        archive=archive,
        **known,
    )
    return Definition(info, json_lists.list_split, (json_lists.INDEX,))


_ROWS = (
    _json_dataset(
        name="rsna",
        title="chest X-rays, abnormal: pneumonia",
        modality="X-ray",
        counts=Counts(3851, 1000, 1000),
        citation="Shih et al. 2019, Radiology: Artificial Intelligence",
        archive=_archive("RSNA", "5d6b85ce4b2daad8f1760eb23c050a7d", 568),
    ),
    _json_dataset(
        name="vincxr",
        aliases=("vin",),
        title="chest X-rays, abnormal: various findings",
        modality="X-ray",
        counts=Counts(4000, 1000, 1000),
        citation="Nguyen et al. 2022, VinDr-CXR, Scientific Data",
        archive=_archive("VinCXR", "45cf848a4eba925062531c5f2d344ddc", 620),
    ),
    _json_dataset(
        name="braintumor",
        aliases=("brain",),
        title="brain slices, abnormal: glioma and meningioma",
        modality="MRI",
        counts=Counts(1000, 600, 600),
        citation="Nickparvar 2021, Brain Tumor MRI Dataset",
        archive=_archive("BrainTumor", "ab6482f646262fc4669b0135d80a0482", 42),
    ),
    _json_dataset(
        name="lag",
        title="retinal fundus photographs, abnormal: glaucoma",
        modality="fundus photography",
        counts=Counts(1500, 811, 811),
        citation="Li et al. 2019, Attention Based Glaucoma Detection, CVPR",
        archive=_archive("LAG", "0b4034ae8d5275f7723a512adb218f86", 202),
    ),
    Definition(
        DatasetInfo(
            name="isic2018",
            aliases=("isic",),
            title="skin lesions, normal: nevus, abnormal: six other diagnoses",
            modality="dermatoscopy",
            folder="ISIC2018_Task3",
            layout="ISIC2018_Task3_{Training,Test}_Input/*.jpg and the two GroundTruth tables",
            counts=Counts(6705, 909, 603),
            in_study=True,
            license="CC BY-NC 4.0",
            citation=_STUDY
            + "Codella et al. 2019 (arXiv 1902.03368); Tschandl et al. 2018, HAM10000",
            homepage="https://challenge.isic-archive.com/data/#2018",
            how_to_get=(
                "get the training and test input and ground truth of task 3 from "
                "https://challenge.isic-archive.com/data/#2018 and unpack the four archives there"
            ),
        ),
        isic_csv.list_split,
        isic_csv.INDEXES,
    ),
    Definition(
        DatasetInfo(
            name="camelyon16",
            aliases=("c16",),
            title="lymph node patches, abnormal: metastasis",
            modality="histopathology",
            folder="Camelyon16",
            layout="train/good, test/good, test/Ungood",
            channels=3,
            counts=Counts(5088, 1120, 1113),
            in_study=True,
            license=_CC_BY,
            citation=_STUDY + "Ehteshami Bejnordi et al. 2017, JAMA; Bao et al. 2024, BMAD",
            homepage=_ZENODO,
            archive=_archive("Camelyon16", "c26c026d1c315deb52720d4c195e874f", 891),
        ),
        folders.class_folders("train/good", "test/good", ("test/Ungood",)),
    ),
    Definition(
        DatasetInfo(
            name="brats2021",
            aliases=("brats",),
            title="brain slices (FLAIR), abnormal: glioma, with masks",
            modality="MRI",
            folder="BraTS2021",
            layout="train, test/normal, test/tumor, test/annotation (flair -> seg in the name)",
            has_masks=True,
            counts=Counts(4211, 828, 1948),
            in_study=True,
            license=_CC_BY,
            citation=_STUDY + "Baid et al. 2021 (arXiv 2107.02314)",
            homepage=_ZENODO,
            archive=_archive("BraTS2021", "237f2aee77e099f7483808ddec49a57c", 70),
        ),
        folders.brats,
    ),
    Definition(
        DatasetInfo(
            name="oct2017",
            aliases=("oct",),
            title="retinal OCT, abnormal: CNV, DME, drusen",
            modality="OCT",
            folder="OCT2017",
            layout="train/NORMAL, test/{NORMAL,CNV,DME,DRUSEN}",
            # The training part differs between the published versions.
            counts=Counts(None, 250, 750),
            license=_CC_BY,
            citation="Kermany et al. 2018, Cell",
            homepage="https://data.mendeley.com/datasets/rscbjbr9sj",
            how_to_get="get it from https://data.mendeley.com/datasets/rscbjbr9sj, unpack it there",
        ),
        folders.class_folders(
            "train/NORMAL", "test/NORMAL", ("test/CNV", "test/DME", "test/DRUSEN")
        ),
    ),
    Definition(
        DatasetInfo(
            name="hyper-kvasir",
            aliases=("colon",),
            title="colonoscopy frames, abnormal: polyps",
            modality="endoscopy",
            folder="Colon_AD_public",
            layout="train_set, test_set/normal_test, test_set/abnormal_test",
            license=_CC_BY,
            citation="Borgli et al. 2020, HyperKvasir, Scientific Data; Tian et al. 2021, CCD",
            homepage="https://github.com/tianyu0207/CCD",
            how_to_get=(
                "get the anomaly detection split Colon_AD_public that "
                "https://github.com/tianyu0207/CCD links to and unpack it there"
            ),
        ),
        folders.class_folders("train_set", "test_set/normal_test", ("test_set/abnormal_test",)),
    ),
    Definition(
        DatasetInfo(
            name="cp-child",
            aliases=("cpchild",),
            title="colonoscopy frames of children, abnormal: polyps",
            modality="endoscopy",
            folder="CP-CHILD/CP-CHILD-A",
            layout="Train/Non-Polyp, Test/Non-Polyp, Test/Polyp",
            citation="Wang et al. 2020, BMC Medical Imaging",
            homepage="https://doi.org/10.1186/s12880-020-00482-3",
            how_to_get=(
                "get CP-CHILD as https://doi.org/10.1186/s12880-020-00482-3 describes and put its "
                "part CP-CHILD-A there"
            ),
        ),
        folders.class_folders("Train/Non-Polyp", "Test/Non-Polyp", ("Test/Polyp",)),
    ),
    Definition(
        DatasetInfo(
            name="phantom",
            title="drawn brain slices, abnormal: drawn lesions, with masks",
            modality="drawn",
            layout="no files: drawn from a seed",
            has_masks=True,
            counts=Counts(256, 64, 64),
            license="MIT",
            homepage="part of mia-data",
        ),
        None,
    ),
)

DATASETS: dict[str, Definition] = {row.info.name: row for row in _ROWS}
