"""Names of the metrics, and the titles that tables give them."""

from __future__ import annotations

IMAGE_METRICS = ("auroc", "ap")
PIXEL_METRICS = ("pixel_auroc", "pixel_ap", "best_dice", "aupro")
# Of patients: the score of a patient is the highest of their images, and a patient with an abnormal
# image is abnormal. They are there where the patients of a test set are known.
PATIENT_METRICS = ("patient_auroc", "patient_ap")
METRICS = (*IMAGE_METRICS, *PATIENT_METRICS, *PIXEL_METRICS)
# Best Dice by the study's own rule, which is kept for the comparison with published figures alone.
STUDY_DICE = "study_dice"
# How tables name them; a star marks what the test masks choose a threshold for.
TITLES = {
    "auroc": "AUROC",
    "ap": "AP",
    "patient_auroc": "patient AUROC",
    "patient_ap": "patient AP",
    "pixel_auroc": "pixel AUROC",
    "pixel_ap": "pixel AP",
    "best_dice": "best Dice*",
    "aupro": "AUPRO",
}
ORACLE_NOTE = "* oracle: the threshold is chosen with the test masks"
