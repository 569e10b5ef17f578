"""Names of the metrics, and the titles that tables give them."""

from __future__ import annotations

IMAGE_METRICS = ("auroc", "ap")
PIXEL_METRICS = ("pixel_auroc", "pixel_ap", "best_dice", "aupro")
# Of patients and volumes: the score of one is the highest of its images, and one with an abnormal
# image is abnormal. They are there where patients are known and where images are slices of volumes.
PATIENT_METRICS = ("patient_auroc", "patient_ap")
VOLUME_METRICS = ("volume_auroc", "volume_ap")
METRICS = (*IMAGE_METRICS, *PATIENT_METRICS, *VOLUME_METRICS, *PIXEL_METRICS)
# Best Dice by the study's own rule, which is kept for the comparison with published figures alone.
STUDY_DICE = "study_dice"
# How tables name them; a star marks what the test masks choose a threshold for.
TITLES = {
    "auroc": "AUROC",
    "ap": "AP",
    "patient_auroc": "patient AUROC",
    "patient_ap": "patient AP",
    "volume_auroc": "volume AUROC",
    "volume_ap": "volume AP",
    "pixel_auroc": "pixel AUROC",
    "pixel_ap": "pixel AP",
    "best_dice": "best Dice*",
    "aupro": "AUPRO",
}
ORACLE_NOTE = "* oracle: the threshold is chosen with the test masks"
