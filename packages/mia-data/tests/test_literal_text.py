"""Texts of users are shown as they are on terminals."""

from __future__ import annotations

import pytest
from mia_data.cli.main import main
from mia_data.literal_text import visible

HOSTILE = "\x1b[2J\x07\u202egpj\x9b\udce9"
SHOWN = r"\x1b[2J\x07\u202egpj\x9b\udce9"


def test_what_a_terminal_would_obey_is_shown():
    assert visible(HOSTILE) == SHOWN
    assert visible("gr\u00fcn \u6c49 a\u200cb\n\t") == "gr\u00fcn \u6c49 a\u200cb\n\t"


@pytest.mark.parametrize(
    "arguments", [["info", HOSTILE], ["verify", HOSTILE], [HOSTILE], ["preview", HOSTILE]]
)
def test_errors_show_escape_sequences(arguments, capsys):
    try:
        code = main(arguments)
    except SystemExit as error:  # of the parser
        code = error.code
    said = capsys.readouterr().err
    assert code == 2
    assert said.rstrip("\n").isprintable()


def test_a_root_is_shown_as_it_is(tmp_path, capsys):
    root = tmp_path / "\x1b[31m"
    root.mkdir()
    assert main(["list", "--root", str(root)]) == 0
    assert r"\x1b[31m" in capsys.readouterr().out
