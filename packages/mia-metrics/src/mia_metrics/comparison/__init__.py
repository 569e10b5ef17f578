"""Statistical comparison of detectors: two, many against the best, many over datasets."""
