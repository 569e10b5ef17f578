"""Label-free AUROC from normal training images and all test images, and checkpoint choice by it."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from mia_metrics import validate
from mia_metrics.image import auroc


class Checkpoint(NamedTuple):
    """Checkpoint chosen without labels.

    Attributes:
        chosen: its position, from 0.
        pseudo_aurocs: (E,) the pseudo-AUROC of every checkpoint.
    """

    chosen: int
    pseudo_aurocs: tuple[float, ...]


def pseudo_auroc(train_scores: ArrayLike, test_scores: ArrayLike) -> float:
    """Compute the AUROC of normal training images against all test images, without labels.

    All training images count as normal and all test images as abnormal. With a share p of abnormal
    images in the test set, and normal test images scored like the training ones, the result is
    p * AUROC + (1 - p) / 2: it rises with the true AUROC whatever p is, and so ranks checkpoints
    and detectors. It cannot exceed 0.5 + p / 2. Ties count half.

    Args:
        train_scores: (N,) scores of normal images, preferably held out: training lowers the scores.
        test_scores: (M,) scores of test images with unknown labels.

    Returns:
        The pseudo-AUROC, in [0, 1].

    Raises:
        ValueError: empty input, NaN or infinity, not one-dimensional.

    Paper: Rahman Siddiquee et al., AUCp, 2026, https://arxiv.org/abs/2606.08742

    Examples:
        >>> pseudo_auroc([1, 2, 3, 4], [1, 2, 3, 4, 7, 7, 8, 9])
        0.75
    """
    train = validate.as_scores("train_scores", train_scores, 1)
    test = validate.as_scores("test_scores", test_scores, 1)
    labels = np.arange(train.size + test.size) >= train.size
    return auroc(labels, np.concatenate((train, test)))


def corrected_auroc(
    train_scores: ArrayLike, test_scores: ArrayLike, *, abnormal_share: float, clip: bool = True
) -> float:
    """Estimate the AUROC without labels from a known or guessed share p of abnormal test images.

    Solves pseudo = p * AUROC + (1 - p) / 2 for the AUROC. The estimate is unbiased if normal test
    images are scored like `train_scores`. Its standard error is that of `pseudo_auroc` divided by
    p, so a small p makes it noisy; a value outside [0, 1] means that p or the assumption is wrong.
    Ties count half.

    Args:
        train_scores: (N,) scores of normal images, held out from training if at all possible.
        test_scores: (M,) scores of test images with unknown labels.
        abnormal_share: p, in (0, 1].
        clip: cut the estimate to [0, 1].

    Returns:
        The estimate.

    Raises:
        ValueError: as `pseudo_auroc`; `abnormal_share` outside (0, 1].

    Paper: Menon et al., ICML 2015, https://proceedings.mlr.press/v37/menon15.html (AUROC under
        contaminated labels)

    Examples:
        >>> round(corrected_auroc([1, 2, 3, 4], [1, 2, 3, 4, 8, 9], abnormal_share=1 / 3), 6)
        1.0
    """
    share = validate.positive_share("abnormal_share", abnormal_share)
    pseudo = pseudo_auroc(train_scores, test_scores)
    estimate = (pseudo - (1.0 - share) / 2.0) / share
    return min(max(estimate, 0.0), 1.0) if clip else estimate


def select_checkpoint(
    train_scores: Sequence[ArrayLike], test_scores: Sequence[ArrayLike]
) -> Checkpoint:
    """Choose the checkpoint with the highest `pseudo_auroc`, without labels.

    Args:
        train_scores: for each of E checkpoints the scores (N,) of normal images.
        test_scores: for each checkpoint the scores (M,) of the unlabeled test images.

    Returns:
        The checkpoint; the earliest (least trained) one, if several are best.

    Raises:
        ValueError: no checkpoint, different numbers of checkpoints; as `pseudo_auroc`.

    Paper: as `pseudo_auroc`

    Examples:
        >>> select_checkpoint([[1, 2], [1, 2], [1, 2]], [[1, 2], [2, 3], [0, 3]])
        Checkpoint(chosen=1, pseudo_aurocs=(0.5, 0.875, 0.5))
    """
    if len(train_scores) != len(test_scores) or len(train_scores) == 0:
        msg = (
            "expected train_scores and test_scores of the same, one or more, checkpoints, "
            f"got {len(train_scores)} and {len(test_scores)}"
        )
        raise ValueError(msg)
    values = [pseudo_auroc(*pair) for pair in zip(train_scores, test_scores, strict=True)]
    return Checkpoint(int(np.argmax(values)), tuple(values))
