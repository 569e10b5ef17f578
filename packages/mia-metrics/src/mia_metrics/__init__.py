"""Metrics for anomaly detection in images: exact, fast, with their uncertainty."""

from mia_metrics.comparison.compare_pixels import compare_pixels, compare_pixels_with_best
from mia_metrics.comparison.critical_difference import CriticalDifference, critical_difference
from mia_metrics.comparison.holm import holm
from mia_metrics.comparison.paired_bootstrap import Comparison, compare
from mia_metrics.comparison.versus_best import VersusBest, compare_with_best
from mia_metrics.curves import PrCurve, RocCurve, pr_curve, roc_curve
from mia_metrics.dice import best_dice, best_dice_one_stage
from mia_metrics.false_positives import FlaggedShare, flagged_share, least_calibration
from mia_metrics.fusion import fuse, quantile_scale, rank_scale
from mia_metrics.histogram import Bounds, PixelHistogram
from mia_metrics.image import (
    auroc,
    average_precision,
    f1_max,
    fpr_at_tpr,
    image_metrics,
    sensitivity_at_specificity,
    specificity_at_sensitivity,
)
from mia_metrics.label_free import Checkpoint, corrected_auroc, pseudo_auroc, select_checkpoint
from mia_metrics.oracle import ORACLE_METRICS
from mia_metrics.pixel import pixel_ap, pixel_auroc, pixel_metrics
from mia_metrics.ranking import AtThreshold
from mia_metrics.regions.aupro import aupro
from mia_metrics.regions.froc import Froc, froc
from mia_metrics.streaming import PixelAccumulator
from mia_metrics.threshold import (
    Confusion,
    balanced_accuracy,
    confusion,
    dice_at,
    iou_at,
    normal_threshold,
)
from mia_metrics.uncertainty.bootstrap import bootstrap_interval
from mia_metrics.uncertainty.delong import DelongTest, delong_interval, delong_test, delong_variance
from mia_metrics.uncertainty.interval import Interval
from mia_metrics.uncertainty.pixel_bootstrap import PixelBootstrap, bootstrap_pixels
from mia_metrics.uncertainty.seeds import SeedSummary, summarize_seeds

__all__ = [
    "ORACLE_METRICS",
    "AtThreshold",
    "Bounds",
    "Checkpoint",
    "Comparison",
    "Confusion",
    "CriticalDifference",
    "DelongTest",
    "FlaggedShare",
    "Froc",
    "Interval",
    "PixelAccumulator",
    "PixelBootstrap",
    "PixelHistogram",
    "PrCurve",
    "RocCurve",
    "SeedSummary",
    "VersusBest",
    "aupro",
    "auroc",
    "average_precision",
    "balanced_accuracy",
    "best_dice",
    "best_dice_one_stage",
    "bootstrap_interval",
    "bootstrap_pixels",
    "compare",
    "compare_pixels",
    "compare_pixels_with_best",
    "compare_with_best",
    "confusion",
    "corrected_auroc",
    "critical_difference",
    "delong_interval",
    "delong_test",
    "delong_variance",
    "dice_at",
    "f1_max",
    "flagged_share",
    "fpr_at_tpr",
    "froc",
    "fuse",
    "holm",
    "image_metrics",
    "iou_at",
    "least_calibration",
    "normal_threshold",
    "pixel_ap",
    "pixel_auroc",
    "pixel_metrics",
    "pr_curve",
    "pseudo_auroc",
    "quantile_scale",
    "rank_scale",
    "roc_curve",
    "select_checkpoint",
    "sensitivity_at_specificity",
    "specificity_at_sensitivity",
    "summarize_seeds",
]
