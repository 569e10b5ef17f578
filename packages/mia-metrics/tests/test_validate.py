"""Bad input: one ValueError that names the argument, what it was, and what is expected."""

import re

import mia_metrics as mm
import numpy as np
import pytest

IMAGE_FUNCTIONS = {
    "image_metrics": mm.image_metrics,
    "auroc": mm.auroc,
    "average_precision": mm.average_precision,
    "f1_max": mm.f1_max,
    "sensitivity_at_specificity": mm.sensitivity_at_specificity,
    "specificity_at_sensitivity": mm.specificity_at_sensitivity,
    "fpr_at_tpr": mm.fpr_at_tpr,
    "roc_curve": mm.roc_curve,
    "pr_curve": mm.pr_curve,
    "delong_variance": mm.delong_variance,
    "delong_interval": mm.delong_interval,
    "confusion": lambda y, s: mm.confusion(y, s, threshold=0.5),
    "balanced_accuracy": lambda y, s: mm.balanced_accuracy(y, s, threshold=0.5),
}
PIXEL_FUNCTIONS = {
    "pixel_metrics": mm.pixel_metrics,
    "pixel_auroc": mm.pixel_auroc,
    "pixel_ap": mm.pixel_ap,
    "best_dice": mm.best_dice,
    "best_dice_one_stage": mm.best_dice_one_stage,
    "quantile_dice": lambda m, s: mm.best_dice(m, s, n_thresholds=10),
    "aupro": mm.aupro,
    "froc": mm.froc,
    "dice_at": lambda m, s: mm.dice_at(m, s, threshold=0.5),
    "iou_at": lambda m, s: mm.iou_at(m, s, threshold=0.5),
}
BOTH = "contain both classes, 0 and 1, got only"
BINARY = "contain only 0 and 1 (or 0 and 255), got"
BAD_IMAGES = [
    ([0, 1], [1.0, 2.0, 3.0], "expected labels and scores of the same shape, got (2,) and (3,)"),
    ([0, 1, 1], [1.0, np.nan, 2.0], "expected scores to be finite, got NaN among its 3 values"),
    ([0, 1, 1], [1.0, np.inf, 2.0], "expected scores to be finite, got inf among its 3 values"),
    ([0, 1, 1], [1.0, -np.inf, 2.0], "expected scores to be finite, got -inf among its 3 values"),
    (
        [0, 0, 0],
        [1.0, 2.0, 3.0],
        f"expected labels to {BOTH} 0 (3 values)",
    ),
    ([1, 1], [1.0, 2.0], f"expected labels to {BOTH} 1 (2 values)"),
    (
        [0, 1, 2],
        [1.0, 2.0, 3.0],
        f"expected labels to {BINARY} values 0",
    ),
    ([0, 1, 255], [1.0, 2.0, 3.0], f"expected labels to {BINARY}"),
    (
        [-1, 1],
        [1.0, 2.0],
        f"expected labels to {BINARY} values -1, 1",
    ),
    (
        [0.5, 1.0],
        [1.0, 2.0],
        f"expected labels to {BINARY} values 0.5",
    ),
    (
        [0, np.nan],
        [1.0, 2.0],
        f"expected labels to {BINARY} values 0",
    ),
    ([], [], "expected labels to contain at least one value, got shape (0,)"),
    ([[0, 1]], [[1.0, 2.0]], "expected labels of shape (N,), got shape (1, 2)"),
    ([0, 1], 3.0, "expected scores of shape (N,), got shape ()"),
    ([0, 1], np.array([1.0, None], object), "expected scores to be an array of numbers, got dtype"),
    (np.array([0, 1], object), [1.0, 2.0], "expected labels to be an array of numbers, got dtype"),
    ([0, 1], ["a", "b"], "expected scores to be an array of numbers, got dtype <U1"),
    ([0, 1], [1j, 2j], "expected scores to be an array of numbers, got dtype complex128"),
    ([0, 1], [[1.0], [2.0, 3.0]], "expected scores to be a rectangular array of numbers"),
    (
        [0, 1],
        np.ma.masked_equal([1.0, 2.0], 2.0),
        "expected scores to be a plain array, got a",
    ),
    ([0, 1], [0, 2**60], "expected integer scores within +-2**53 (exact in float64)"),
]


@pytest.mark.parametrize("function", IMAGE_FUNCTIONS.values(), ids=IMAGE_FUNCTIONS.keys())
@pytest.mark.parametrize(("labels", "scores", "message"), BAD_IMAGES)
def test_bad_labels_and_scores(function, labels, scores, message):
    with pytest.raises(ValueError, match=re.escape(message)):
        function(labels, scores)


def bad_pixels():
    masks = np.zeros((2, 3, 4), np.uint8)
    masks[0, 1, 1:3] = 1
    maps = np.arange(24, dtype=np.float32).reshape(2, 3, 4)
    holed, endless = maps.copy(), maps.copy()
    holed[1, 1, 1], endless[1, 1, 1] = np.nan, -np.inf
    return [
        (masks[:1], maps, "expected masks and maps of the same shape, got (1, 3, 4) and (2, 3, 4)"),
        (
            masks,
            maps[:, :2],
            "expected masks and maps of the same shape, got (2, 3, 4) and (2, 2, 4)",
        ),
        (masks[0], maps[0], "expected masks of shape (N, H, W), got shape (3, 4)"),
        (
            masks[:, None],
            maps[:, None],
            "expected masks of shape (N, H, W), got shape (2, 1, 3, 4)",
        ),
        (masks, maps[0], "expected maps of shape (N, H, W), got shape (3, 4)"),
        (masks, holed, "expected maps to be finite, got NaN among its 24 values"),
        (masks, endless, "expected maps to be finite, got -inf among its 24 values"),
        (
            masks * 0,
            maps,
            f"expected masks to {BOTH} 0 (24 values)",
        ),
        (
            masks * 0 + 1,
            maps,
            f"expected masks to {BOTH} 1 (24 values)",
        ),
        (masks * 2, maps, f"expected masks to {BINARY} values 0, 2"),
        (
            masks + 0.5,
            maps,
            f"expected masks to {BINARY} values 0.5, 1.5",
        ),
        (masks[:0], maps[:0], "expected masks to contain at least one value, got shape (0, 3, 4)"),
        (masks, maps.astype(object), "expected maps to be an array of numbers, got dtype object"),
        (masks.astype(object), maps, "expected masks to be an array of numbers, got dtype object"),
    ]


@pytest.mark.parametrize("function", PIXEL_FUNCTIONS.values(), ids=PIXEL_FUNCTIONS.keys())
@pytest.mark.parametrize(("masks", "maps", "message"), bad_pixels())
def test_bad_masks_and_maps(function, masks, maps, message):
    with pytest.raises(ValueError, match=re.escape(message)):
        function(masks, maps)


def test_paired_functions_name_the_second_scores():
    labels, good = [0, 0, 1, 1], [1, 2, 3, 4]
    for function in (mm.compare, mm.delong_test):
        with pytest.raises(ValueError, match="expected scores_b to be finite, got NaN"):
            function(labels, good, [1, 2, 3, np.nan])
        with pytest.raises(ValueError, match="scores_b of the same shape"):
            function(labels, good, [1, 2, 3])


@pytest.mark.parametrize("value", [-0.1, 1.1, float("nan"), "x", None])
def test_shares_outside_the_unit_range(value):
    labels, scores = [0, 1], [1, 2]
    with pytest.raises(ValueError, match=r"expected specificity in \[0, 1\]"):
        mm.sensitivity_at_specificity(labels, scores, specificity=value)
    with pytest.raises(ValueError, match=r"expected sensitivity in \[0, 1\]"):
        mm.specificity_at_sensitivity(labels, scores, sensitivity=value)
    with pytest.raises(ValueError, match=r"expected tpr in \[0, 1\]"):
        mm.fpr_at_tpr(labels, scores, tpr=value)
    with pytest.raises(ValueError, match=r"expected quantile in \(0, 1\)"):
        mm.normal_threshold(scores, quantile=value)


@pytest.mark.parametrize("threshold", [None, "x", float("nan")])
def test_a_threshold_is_a_number(pixels, threshold):
    for function, data in ((mm.confusion, ([0, 1], [1, 2])), (mm.dice_at, pixels(0))):
        with pytest.raises(
            ValueError, match=f"expected threshold to be a number, got {threshold!r}"
        ):
            function(*data, threshold=threshold)


def test_detectors_and_methods_have_names():
    with pytest.raises(ValueError, match="scores to be a mapping by detector name, got list"):
        mm.compare_with_best([0, 1], [[1, 2]])
    with pytest.raises(ValueError, match="results to be a mapping by method name, got list"):
        mm.critical_difference([[1, 2], [3, 4]])
    with pytest.raises(ValueError, match="detectors to be a mapping by detector name, got list"):
        mm.compare_pixels_with_best([[]])


@pytest.mark.parametrize("n_thresholds", [0, -3, 2.5, True])
def test_n_thresholds_is_a_positive_whole_number(pixels, n_thresholds):
    with pytest.raises(
        ValueError, match="expected n_thresholds to be a whole number of at least 1"
    ):
        mm.best_dice(*pixels(0), n_thresholds=n_thresholds)


def test_floats_wider_than_64_bits_are_refused():
    if np.dtype(np.longdouble).itemsize == 8:
        pytest.skip("long double is float64 on this platform")
    with pytest.raises(ValueError, match="expected scores to be float64 or narrower"):
        mm.auroc([0, 1], np.array([1, 2], np.longdouble))
