"""Networks as in their papers; ``fast`` holds the layers that make them fast."""
