"""The examples of the README print what it says."""

import re
from pathlib import Path

import pytest

README = Path(__file__).parents[1] / "README.md"


def test_examples_print_what_is_shown(capsys):
    if not README.exists():
        pytest.skip("the tests were copied without the README")
    text = README.read_text(encoding="utf-8")
    examples = re.findall(r"```python\n(.*?)```\n\n```text\n(.*?)```", text, re.DOTALL)
    assert len(examples) == text.count("```python") == 2
    names: dict[str, object] = {}
    for code, shown in examples:
        exec(code, names)
        assert capsys.readouterr().out == shown
