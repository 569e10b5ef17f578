"""The command line as a subprocess."""

import os
import subprocess
import sys

import pytest


@pytest.fixture
def cli(cache_folder, tmp_path):
    """Run mia-data in an empty folder; return (exit code, stdout, stderr)."""
    work = tmp_path / "work"
    work.mkdir()

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

    run.folder = work
    return run
