"""mia-bench."""
