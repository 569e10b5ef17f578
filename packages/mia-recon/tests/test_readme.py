"""The README's example, run as it stands."""

from __future__ import annotations

import importlib.metadata
import re


def test_the_example_of_the_readme_runs_and_its_claim_holds():
    text = importlib.metadata.metadata("mia-recon").get_payload()
    (example,) = re.findall(r"```python\n(.*?)```", text, re.DOTALL)
    assert "assert score[1] > score[0]" in example
    exec(compile(example, "README.md", "exec"), {})
