"""Network parts, each written once."""
