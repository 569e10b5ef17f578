"""What can be said without labels: normal training images against all test images."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from mia_metrics import validate
from mia_metrics.image import auroc


class Checkpoint(NamedTuple):
    """The number of the checkpoint chosen, and the pseudo-AUROC of every one."""

    chosen: int
    pseudo_aurocs: tuple[float, ...]


def pseudo_auroc(train_scores: ArrayLike, test_scores: ArrayLike) -> float:
    """AUROC of normal training images (label 0) against all test images (label 1), unlabelled.

    With a share p of abnormal images in the test set, and normal test images scored like the
    training ones, it is p * AUROC + (1 - p) / 2: it rises with the true AUROC whatever p is, and so
    ranks checkpoints and detectors. 0.5 + p / 2 is the most it can reach. Ties count half.

    Args:
        train_scores: (N,) of normal images, best held out from training, which lowers their scores.
        test_scores: (M,) of test images of unknown labels.

    Raises:
        ValueError: empty input, NaN or infinity, not one-dimensional.

    Paper: Rahman Siddiquee et al., AUCp, 2026, https://arxiv.org/abs/2606.08742

    Example:
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
    """Estimate the AUROC where the share p of abnormal test images is known or guessed.

    Solves pseudo = p * AUROC + (1 - p) / 2: AUROC = (pseudo - (1 - p) / 2) / p. Unbiased where
    normal test images are scored like `train_scores`; its standard error is that of `pseudo_auroc`
    divided by p, so a small p makes it noisy, and a value outside [0, 1] says that p or that
    assumption is wrong; `clip` cuts it. Ties count half.

    Args:
        train_scores: (N,) of normal images, held out from training if at all possible.
        test_scores: (M,) of test images of unknown labels.
        abnormal_share: p, in (0, 1].
        clip: cut the estimate to [0, 1].

    Raises:
        ValueError: as `pseudo_auroc`; `abnormal_share` outside (0, 1].

    Paper: Menon et al., ICML 2015, https://proceedings.mlr.press/v37/menon15.html (AUROC under
        contaminated labels)

    Example:
        >>> round(corrected_auroc([1, 2, 3, 4], [1, 2, 3, 4, 8, 9], abnormal_share=1 / 3), 6)
        1.0
    """
    if validate.share("abnormal_share", abnormal_share) == 0.0:
        msg = f"expected abnormal_share in (0, 1], got {abnormal_share}"
        raise ValueError(msg)
    pseudo = pseudo_auroc(train_scores, test_scores)
    estimate = (pseudo - (1.0 - abnormal_share) / 2.0) / abnormal_share
    return min(max(estimate, 0.0), 1.0) if clip else estimate


def select_checkpoint(
    train_scores: Sequence[ArrayLike], test_scores: Sequence[ArrayLike]
) -> Checkpoint:
    """Choose the checkpoint with the highest `pseudo_auroc`, without labels.

    Of equal ones the earliest, the least trained, is chosen.

    Args:
        train_scores: for each checkpoint the scores (N,) of normal images, (E, N) or a sequence.
        test_scores: for each checkpoint the scores (M,) of the unlabelled test images.

    Raises:
        ValueError: no checkpoint, numbers of checkpoints that differ; as `pseudo_auroc`.

    Paper: as `pseudo_auroc`

    Example:
        >>> select_checkpoint([[1, 2], [1, 2], [1, 2]], [[1, 2], [2, 3], [0, 3]])
        Checkpoint(chosen=1, pseudo_aurocs=(0.5, 0.875, 0.5))
    """
    if len(train_scores) != len(test_scores) or len(train_scores) == 0:
        msg = (
            "expected train_scores and test_scores of the same one or more checkpoints, "
            f"got {len(train_scores)} and {len(test_scores)}"
        )
        raise ValueError(msg)
    values = [pseudo_auroc(*pair) for pair in zip(train_scores, test_scores, strict=True)]
    return Checkpoint(int(np.argmax(values)), tuple(values))
