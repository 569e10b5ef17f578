"""The help says what everything is, and is not cut where it is listed."""

from __future__ import annotations

import re

import click
import pytest
from mia_bench.cli.main import COMMANDS, commands, main


def test_every_command_is_listed_with_a_whole_sentence(capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    with pytest.raises(SystemExit) as end:
        main(["--help"])
    assert end.value.code == 0
    lines = capsys.readouterr().out.partition("Commands:\n")[2].splitlines()
    assert [line.split()[0] for line in lines] == list(COMMANDS)
    assert all(line.endswith(".") and not line.endswith("...") for line in lines)


@pytest.mark.parametrize("name", list(COMMANDS))
def test_every_option_has_a_help(name):
    options = [
        each
        for each in commands.get_command(click.Context(commands), name).params
        if isinstance(each, click.Option)
    ]
    assert options
    assert [option.name for option in options if not option.help] == []


@pytest.mark.parametrize("name", COMMANDS)
def test_the_list_of_commands_has_the_first_sentence_of_each_commands_help(name):
    command = commands.get_command(click.Context(commands), name)
    assert command.name == name
    assert COMMANDS[name].summary == command.help.partition("\n\n")[0].replace("\n", " ")


@pytest.mark.parametrize("name", COMMANDS)
def test_every_option_says_its_default_in_the_same_way(name):
    command = commands.get_command(click.Context(commands), name)
    for option in command.params:
        if isinstance(option, click.Option) and not (option.is_flag or option.required):
            assert re.search(r"\(default: .+\)\.$", option.help), option.name
            if isinstance(option.default, (str, int, float)):
                # A reason may follow the value.
                assert re.search(rf"\(default: {re.escape(str(option.default))}[,)]", option.help)
