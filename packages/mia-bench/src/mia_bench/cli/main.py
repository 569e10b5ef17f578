"""The group of commands, and errors as one line with an exit code."""

from __future__ import annotations

import os
import sys
import warnings
from importlib.metadata import version
from io import TextIOWrapper
from typing import Any

import click
from mia_data import DataError
from PIL import Image

from mia_bench.cli.compare import compare
from mia_bench.cli.fit import fit
from mia_bench.cli.fuse import fuse
from mia_bench.cli.list_ import list_
from mia_bench.cli.plan import plan
from mia_bench.cli.report import report
from mia_bench.cli.run import run
from mia_bench.cli.score import score
from mia_bench.errors import RunsFailedError, StudyError
from mia_bench.execution.resources import idle_thread_settings

WRONG_INPUT, RUNS_FAILED, INTERRUPTED = 2, 1, 130


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(version("mia-bench"), prog_name="mia-bench")
def commands() -> None:
    """Benchmark anomaly detectors on medical images.

    `mia-bench run` without an argument trains a few methods on an embedded dataset, prints a
    leaderboard and writes a page with pictures.
    """


for command in (run, plan, report, compare, fuse, list_, fit, score):
    commands.add_command(command)


def main(arguments: list[str] | None = None) -> None:
    """Run the command line; exits with 0, 1 (runs failed), 2 (wrong input) or 130 (Ctrl-C)."""
    os.environ.update(idle_thread_settings())  # before torch is loaded
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):  # a terminal or log that cannot show all characters
            stream.reconfigure(errors="replace")
    with warnings.catch_warnings():
        warnings.showwarning = _warn
        # For those who change the code, not for those who use it.
        warnings.simplefilter("ignore", DeprecationWarning)
        # Images near the limit are refused with an error of ours; Pillow's warning says it twice.
        warnings.simplefilter("ignore", Image.DecompressionBombWarning)
        sys.exit(_run(arguments))


def _run(arguments: list[str] | None) -> int:
    """Do a command; the exit code, after one line on what went wrong."""
    try:
        code = commands.main(arguments, prog_name="mia-bench", standalone_mode=False) or 0
    except click.exceptions.NoArgsIsHelpError as error:
        click.echo(error.format_message())
        code = 0
    except click.ClickException as error:
        code = _say(error.format_message(), WRONG_INPUT)
    except RunsFailedError as error:
        code = _say(str(error), RUNS_FAILED)
    except (StudyError, DataError, OSError) as error:
        code = _say(str(error), WRONG_INPUT)
    except (KeyboardInterrupt, click.Abort):
        code = _say("interrupted; run the same command again to go on", INTERRUPTED)
    return code


def _warn(message: Warning | str, *where: Any, **more: Any) -> None:
    """One line on stderr, without the place in the code."""
    click.echo(f"mia-bench: warning: {' '.join(str(message).split())}", err=True)


def _say(message: str, code: int) -> int:
    """One line on stderr."""
    click.echo(f"mia-bench: {' '.join(message.split())}", err=True)
    return code
