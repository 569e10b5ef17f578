"""The program ``mia-bench``: its commands, and errors as one line with an exit code."""

from __future__ import annotations

import os
import sys
import warnings
from importlib.metadata import version
from io import TextIOWrapper
from typing import Any

import click

from mia_bench.cli.echo import echo
from mia_bench.cli.lazy_group import LazyCommand, LazyGroup
from mia_bench.errors import RunsFailedError, StudyError
from mia_bench.execution.resources import idle_thread_settings
from mia_bench.interruption import code_of, say_interrupted

WRONG_INPUT, RUNS_FAILED = 2, 1
COMMANDS = {
    "run": LazyCommand(
        "mia_bench.cli.run:run",
        "Train and score every method on every dataset with every seed.",
    ),
    "plan": LazyCommand(
        "mia_bench.cli.plan:plan", "List the runs of a study and the time and disk they will take."
    ),
    "report": LazyCommand(
        "mia_bench.cli.report:report", "Write report.html and leaderboard.csv of a study's folder."
    ),
    "compare": LazyCommand(
        "mia_bench.cli.compare:compare", "Test the difference between two methods or two studies."
    ),
    "fuse": LazyCommand(
        "mia_bench.cli.fuse:fuse", "Combine finished methods of a study into an ensemble."
    ),
    "figure": LazyCommand(
        "mia_bench.cli.figure:figure",
        "Draw reconstructions and maps of all methods side by side.",
    ),
    "list": LazyCommand("mia_bench.cli.list_:list_", "List the available datasets or methods."),
    "fit": LazyCommand("mia_bench.cli.fit:fit", "Train a method on a folder of normal images."),
    "score": LazyCommand(
        "mia_bench.cli.score:score", "Score a folder of images with a trained model."
    ),
    "export": LazyCommand(
        "mia_bench.cli.export:export",
        "Write a trained model as one file that runs without PyTorch.",
    ),
}


@click.group(
    cls=LazyGroup,
    lazy=COMMANDS,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.version_option(version("mia-bench"), prog_name="mia-bench")
def commands() -> None:
    """Benchmark anomaly detectors on medical images.

    `mia-bench run` without arguments trains a few methods on a built-in dataset, prints a
    leaderboard and writes a page with pictures.
    """


def main(arguments: list[str] | None = None) -> None:
    """Run the command line and exit.

    The exit code is 0, 1 (runs failed), 2 (wrong input), 130 (Ctrl-C) or 143 (SIGTERM).
    """
    os.environ.update(idle_thread_settings())  # before torch is loaded
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):  # a terminal or log that cannot show all characters
            stream.reconfigure(errors="replace")
    with warnings.catch_warnings():
        warnings.showwarning = _warn
        # For those who change the code, not for those who use it.
        warnings.simplefilter("ignore", DeprecationWarning)
        # Images near the limit are refused with an error of ours; Pillow's warning says it twice.
        warnings.filterwarnings("ignore", "Image size .* exceeds limit of .* pixels")
        sys.exit(_run(arguments))


def _run(arguments: list[str] | None) -> int:
    """Run a command and return the exit code, after one line on what went wrong."""
    try:
        code = commands.main(arguments, prog_name="mia-bench", standalone_mode=False) or 0
    except click.exceptions.NoArgsIsHelpError as error:
        echo(error.format_message())
        code = 0
    except click.ClickException as error:
        code = _say(error.format_message(), WRONG_INPUT)
    except RunsFailedError as error:
        code = _say(str(error), RUNS_FAILED)
    except (StudyError, OSError) as error:
        code = _say(str(error), WRONG_INPUT)
    except (KeyboardInterrupt, click.Abort) as error:
        say_interrupted()
        code = code_of(error)
    except ValueError as error:
        from mia_data import DataError  # not at the top, which would make --help wait for NumPy

        if not isinstance(error, DataError):
            raise
        code = _say(str(error), WRONG_INPUT)
    return code


def _warn(message: Warning | str, *where: Any, **more: Any) -> None:
    """Print a warning as one line on stderr, without the place in the code."""
    echo(f"mia-bench: warning: {' '.join(str(message).split())}", err=True)


def _say(message: str, code: int) -> int:
    """Print one line on stderr and return the exit code."""
    echo(f"mia-bench: {' '.join(message.split())}", err=True)
    return code
