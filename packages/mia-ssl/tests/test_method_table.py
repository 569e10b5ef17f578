"""The table of methods holds what the methods' own files say, and is read without PyTorch."""

from __future__ import annotations

import subprocess
import sys

from mia_ssl import METHODS
from mia_ssl.costs import count_costs


def test_the_table_is_what_the_methods_say():
    """Where this fails, a method has changed: ``nox -s sync`` writes the table anew."""
    assert list(METHODS.values()) == list(count_costs())


def test_the_table_is_read_without_pytorch():
    program = "import sys, mia_ssl; assert mia_ssl.METHODS; assert 'torch' not in sys.modules"
    subprocess.run([sys.executable, "-c", program], check=True)
