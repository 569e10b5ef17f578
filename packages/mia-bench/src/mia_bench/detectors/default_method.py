"""The method that is trained where none is named."""

# The one whose scores are best on average over the real images of docs/detection.md.
DEFAULT_METHOD = "synthetic-lesions"
