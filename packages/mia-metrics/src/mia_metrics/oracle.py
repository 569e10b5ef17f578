"""Names of the oracle metrics: those that choose a threshold with the test set's own labels."""

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
"""Names of results whose threshold was chosen with the labels or masks of the test set itself.

They show what a detector could reach, not what a user without these labels would get.
"""
