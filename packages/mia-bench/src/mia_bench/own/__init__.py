"""Your own images: a model fitted on a folder of normal ones, and the scores of others."""
