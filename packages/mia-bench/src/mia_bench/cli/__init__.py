"""The command line ``mia-bench``, one module a command."""

from mia_bench.cli.main import main

__all__ = ["main"]
