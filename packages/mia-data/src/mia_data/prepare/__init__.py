"""Building of the study's datasets from their raw sources: one module for each source."""
