"""Small records that several functions return."""

from typing import NamedTuple

ORACLE_METRICS = frozenset(
    {
        "best_dice",
        "best_threshold",
        "f1_max",
        "f1_max_threshold",
        "fpr_at_95_tpr",
        "sensitivity_at_95_specificity",
    }
)
"""Names of results that chose a threshold with the labels or masks of the test set itself.

They say what a detector could do, not what a user without these labels would get.
"""


class AtThreshold(NamedTuple):
    """A value and the threshold at which it is reached (abnormal: score >= threshold).

    The threshold is `inf` where the value is reached by calling nothing abnormal.
    """

    value: float
    threshold: float
