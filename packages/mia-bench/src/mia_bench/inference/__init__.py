"""Models of own images: fit one, score a folder with it."""
