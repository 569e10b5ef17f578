"""The README's example, run as it stands."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

README = Path(__file__).resolve().parents[1] / "README.md"


@pytest.mark.skipif(not README.is_file(), reason="the README is not beside the tests")
def test_the_example_of_the_readme_runs_and_its_claim_holds():
    (example,) = re.findall(r"```python\n(.*?)```", README.read_text(encoding="utf-8"), re.DOTALL)
    assert "assert pixels.shape" in example
    exec(compile(example, "README.md", "exec"), {})
