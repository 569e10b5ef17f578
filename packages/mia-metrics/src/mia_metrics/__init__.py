"""mia-metrics."""
