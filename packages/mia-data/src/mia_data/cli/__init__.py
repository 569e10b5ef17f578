"""The command line ``mia-data``."""

from mia_data.cli.main import main

__all__ = ["main"]
