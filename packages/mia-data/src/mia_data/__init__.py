"""mia-data."""
