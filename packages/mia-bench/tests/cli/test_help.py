"""The help says what everything is, and is not cut where it is listed."""

from __future__ import annotations

import click
import pytest
from mia_bench.cli.main import commands, main


def test_every_command_is_listed_with_a_whole_sentence(capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    with pytest.raises(SystemExit) as end:
        main(["--help"])
    assert end.value.code == 0
    lines = capsys.readouterr().out.partition("Commands:\n")[2].splitlines()
    assert [line.split()[0] for line in lines] == sorted(commands.commands)
    assert all(line.endswith(".") and not line.endswith("...") for line in lines)


@pytest.mark.parametrize("name", sorted(commands.commands))
def test_every_option_has_a_help(name):
    options = [each for each in commands.commands[name].params if isinstance(each, click.Option)]
    assert options
    assert [option.name for option in options if not option.help] == []
