"""Connected regions of a stack of masks, and the weight of each of their pixels."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from mia_metrics.validate import Bools


def label_regions(masks: Bools) -> NDArray[Any]:
    """Number the 8-connected regions of masks (N, H, W).

    Returns:
        (N, H, W) numbers from 1; 0 outside. A region lies in one image.
    """
    from scipy.ndimage import label

    within_image = np.zeros((3, 3, 3), bool)
    within_image[1] = True  # neighbors in height and width, none along the axis of images
    return label(masks, structure=within_image)[0]


def region_weights(masks: Bools) -> NDArray[np.float64]:
    """Return the weight 1 / (size of its region) of each lesion pixel.

    Returns:
        (p,) weights, in the order of `maps[masks]`.
    """
    region = label_regions(masks)[masks]
    sizes = np.bincount(region)
    return 1.0 / sizes[region]
