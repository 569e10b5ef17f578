"""The command line, called in this process or as a subprocess."""

import contextlib
import io
import logging
import os
import subprocess
import sys
import warnings

import pytest
from mia_data.cli import main

QUIET = (DeprecationWarning, PendingDeprecationWarning, ImportWarning, ResourceWarning)


@pytest.fixture
def work(tmp_path):
    """An empty folder to call it in."""
    folder = tmp_path / "work"
    folder.mkdir()
    return folder


@pytest.fixture
def cli(cache_folder, work, monkeypatch):
    """Run mia-data in an empty folder; return (exit code, stdout, stderr).

    Its stderr has what that of a process would have: warnings and records of loggers too.
    """

    def run(*arguments):
        out, err = io.StringIO(), io.StringIO()
        with (
            monkeypatch.context() as patch,
            contextlib.redirect_stdout(out),
            contextlib.redirect_stderr(err),
            _told_on(err),
        ):
            patch.chdir(work)
            patch.setenv("MIA_CACHE_DIR", str(cache_folder))
            try:
                code = main(list(map(str, arguments)))
            except SystemExit as end:  # of the parser
                code = end.code
        return code, out.getvalue(), err.getvalue()

    run.folder = work
    return run


@pytest.fixture
def cli_process(cache_folder, work):
    """Run mia-data in a process of its own; return (exit code, stdout, stderr)."""

    def run(*arguments):
        code = "import sys; from mia_data.command_line import main; sys.exit(main())"
        process = subprocess.run(
            [sys.executable, "-c", code, *map(str, arguments)],
            cwd=work,
            env={**os.environ, "MIA_CACHE_DIR": str(cache_folder)},
            capture_output=True,
            text=True,
            check=False,
        )
        return process.returncode, process.stdout, process.stderr

    return run


@contextlib.contextmanager
def _told_on(stream):
    """Print warnings and records as Python does where nothing else is said, as pytest does not."""

    def show(message, category, filename, lineno, file=None, line=None):
        stream.write(warnings.formatwarning(message, category, filename, lineno, line))

    last_resort = logging.StreamHandler(stream)
    last_resort.setLevel(logging.WARNING)
    logging.getLogger().addHandler(last_resort)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("default")
            for category in QUIET:
                warnings.simplefilter("ignore", category)
            warnings.showwarning = show
            yield
    finally:
        logging.getLogger().removeHandler(last_resort)
