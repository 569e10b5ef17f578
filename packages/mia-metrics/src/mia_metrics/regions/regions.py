"""Connected regions of a stack of masks."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from mia_metrics.validate import Bools


def label_regions(masks: Bools) -> NDArray[Any]:
    """Number the 8-connected regions of masks (N, H, W) from 1 on, 0 outside, each in one image."""
    from scipy.ndimage import label

    within_image = np.zeros((3, 3, 3), bool)
    within_image[1] = True  # neighbours in height and width, none along the axis of images
    return label(masks, structure=within_image)[0]
