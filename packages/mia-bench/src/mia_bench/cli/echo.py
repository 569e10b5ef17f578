"""Output of the commands."""

from __future__ import annotations

import click

from mia_bench.literal_text import visible


def echo(text: str, *, err: bool = False) -> None:
    """Print a text on stdout or stderr, with escape sequences in it made visible."""
    click.echo(visible(text), err=err)
