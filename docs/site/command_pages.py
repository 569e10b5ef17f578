"""The pages of the command line: the help of both programs and of all their commands."""

from __future__ import annotations

import argparse
import inspect
from typing import TYPE_CHECKING

import click
from mia_bench.cli.main import commands
from mia_data.cli.main import _parser
from places import table, write_page

if TYPE_CHECKING:
    from collections.abc import Iterator


def write_command_pages() -> None:
    """Write commands/mia-bench.md and commands/mia-data.md from the programs' own parsers."""
    write_page("commands/mia-bench.md", "\n".join(_bench_page()))
    write_page("commands/mia-data.md", "\n".join(_data_page()))


def _bench_page() -> Iterator[str]:
    yield "# mia-bench\n"
    yield "What `mia-bench COMMAND --help` prints, on one page.\n"
    context = click.Context(commands, info_name="mia-bench")
    for name in commands.list_commands(context):
        command = commands.get_command(context, name)
        assert command is not None
        inner = click.Context(command, info_name=f"mia-bench {name}")
        yield f"## {name}\n"
        pieces = " ".join(command.collect_usage_pieces(inner))
        yield f"```text\nmia-bench {name} {pieces}\n```\n"
        yield f"{_plain(command.help or command.short_help or '')}\n"
        records = [parameter.get_help_record(inner) for parameter in command.get_params(inner)]
        rows = [[_code(option), _cell(text)] for option, text in filter(None, records)]
        yield table(["option", "meaning"], rows)


def _data_page() -> Iterator[str]:
    parser = _parser()
    yield "# mia-data\n"
    yield "What `mia-data COMMAND --help` prints, on one page.\n"
    (choices,) = (a for a in parser._actions if isinstance(a, argparse._SubParsersAction))
    helps = {action.dest: action.help or "" for action in choices._choices_actions}
    for name, sub in choices.choices.items():
        yield f"## {name}\n"
        usage = " ".join(sub.format_usage().removeprefix("usage: ").split())
        yield f"```text\n{usage}\n```\n"
        text = _plain(sub.description or helps.get(name, ""))
        yield f"{text[:1].upper()}{text[1:].removesuffix('.')}.\n"
        formatter = sub._get_formatter()
        rows = [
            [_code(formatter._format_action_invocation(action)), _cell(_help(sub, action))]
            for action in sub._actions
            if action.help is not argparse.SUPPRESS
        ]
        yield table(["option", "meaning"], rows)


def _help(parser: argparse.ArgumentParser, action: argparse.Action) -> str:
    """Return an option's help with its default in place."""
    return (action.help or "") % {**vars(action), "prog": parser.prog}


def _plain(text: str) -> str:
    """Return help without click's marks for paragraphs that are not rewrapped."""
    return inspect.cleandoc(text).replace("\b\n", "")


def _code(text: str) -> str:
    """Return a text as code in a table's cell, in which a bar is no border."""
    return f"`{' '.join(text.split())}`"


def _cell(text: str) -> str:
    """Return a text for a table's cell."""
    return " ".join(text.split()).replace("|", "\\|").replace("<", "&lt;")
