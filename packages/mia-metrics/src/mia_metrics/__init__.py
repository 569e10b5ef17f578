"""Metrics for anomaly detection: exact, fast, with their uncertainty."""

from mia_metrics.aupro import aupro
from mia_metrics.image import (
    auroc,
    average_precision,
    f1_max,
    fpr_at_tpr,
    image_metrics,
    sensitivity_at_specificity,
    specificity_at_sensitivity,
)
from mia_metrics.pixel import best_dice, pixel_ap, pixel_auroc, pixel_metrics
from mia_metrics.records import ORACLE_METRICS, AtThreshold

__all__ = [
    "ORACLE_METRICS",
    "AtThreshold",
    "aupro",
    "auroc",
    "average_precision",
    "best_dice",
    "f1_max",
    "fpr_at_tpr",
    "image_metrics",
    "pixel_ap",
    "pixel_auroc",
    "pixel_metrics",
    "sensitivity_at_specificity",
    "specificity_at_sensitivity",
]
