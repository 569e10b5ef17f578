"""The pages of the command line: the help of both programs and of all their commands."""

from __future__ import annotations

import argparse
import inspect
import re
import textwrap
from typing import TYPE_CHECKING

import click
from mia_bench.cli.main import commands
from mia_data.cli.main import _parser
from places import table, write_page

if TYPE_CHECKING:
    from collections.abc import Iterator

_USAGE_WIDTH = 60
# What click calls a value -> a word, and how click writes a range -> how people do.
_KINDS = {"INTEGER RANGE": "N", "INTEGER": "N", "FLOAT RANGE": "NUMBER", "DIRECTORY": "DIR"}
_NUMBER = r"(-?[\d.]+)"
_RANGES = {
    rf"\[{_NUMBER}<=x<={_NUMBER}\]": r"[\1 to \2]",
    rf"\[{_NUMBER}<x<={_NUMBER}\]": r"[more than \1, at most \2]",
    rf"\[{_NUMBER}<x<{_NUMBER}\]": r"[between \1 and \2]",
    rf"\[x>={_NUMBER}\]": r"[at least \1]",
    rf"\[x>{_NUMBER}\]": r"[more than \1]",
}


def write_command_pages() -> None:
    """Write commands/mia-bench.md and commands/mia-data.md from the programs' own parsers."""
    write_page("commands/mia-bench.md", "\n".join(_bench_page()))
    write_page("commands/mia-data.md", "\n".join(_data_page()))


def _bench_page() -> Iterator[str]:
    yield "# mia-bench\n"
    yield "All commands with their options, as `mia-bench COMMAND --help` prints them.\n"
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
        # Arguments without a text of their own are explained above the table.
        described = [record for record in records if record and record[1]]
        rows = [[_code(_kind(option)), _cell(_range(text))] for option, text in described]
        yield table(["option", "meaning"], rows)


def _data_page() -> Iterator[str]:
    parser = _parser()
    yield "# mia-data\n"
    yield "All commands with their options, as `mia-data COMMAND --help` prints them.\n"
    (choices,) = (a for a in parser._actions if isinstance(a, argparse._SubParsersAction))
    helps = {action.dest: action.help or "" for action in choices._choices_actions}
    for name, sub in choices.choices.items():
        yield f"## {name}\n"
        usage = " ".join(sub.format_usage().removeprefix("usage: ").split())
        # Lines break between options, not inside of one.
        lines = textwrap.wrap(
            re.sub(r"\[[^]]*\]", lambda option: option[0].replace(" ", "\0"), usage),
            width=_USAGE_WIDTH,
            subsequent_indent="    ",
            break_on_hyphens=False,
            break_long_words=False,
        )
        usage = "\n".join(lines).replace("\0", " ")
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


def _kind(option: str) -> str:
    """Return an option with a plain word for the kind of its value."""
    for kind, word in _KINDS.items():
        option = option.replace(kind, word)
    return option


def _range(text: str) -> str:
    """Return help whose range, such as ``[0<=x<=1]``, is in words."""
    for pattern, words in _RANGES.items():
        text = re.sub(pattern, words, text)
    return text


def _plain(text: str) -> str:
    """Return help without click's marks for paragraphs that are not rewrapped."""
    return inspect.cleandoc(text).replace("\b\n", "")


def _code(text: str) -> str:
    """Return a text as code in a table's cell, in which a bar is no border."""
    return f"`{' '.join(text.split())}`"


def _cell(text: str) -> str:
    """Return a text for a table's cell."""
    return " ".join(text.split()).replace("|", "\\|").replace("<", "&lt;")
