"""Program that scores an image with damaged copies of a model, with little memory and time.

    python hostile_model_process.py MODEL IMAGES SEED [FUZZED] < NAMES

It reads names of ``model_mutations.MUTATIONS`` as a JSON list, and prints a JSON list of outcomes:
name, exit code (a text where the program broke down), and what it said on stderr. FUZZED random
changes come behind the named ones.
"""

from __future__ import annotations

import contextlib
import io
import json
import resource
import shutil
import signal
import sys
import tempfile
import traceback
from pathlib import Path

import model_mutations
import numpy as np
from mia_bench.cli.main import main

MEMORY = 700 << 20  # bytes beyond those of the program
SECONDS = 20  # of the processor


class TooSlowError(BaseException):
    """It takes longer than ``SECONDS``."""


def score(model: Path, images: Path, out: Path, seconds: int = SECONDS) -> dict[str, object]:
    """Score a folder with a model: the exit code, and what was said on stderr."""
    said = io.StringIO()
    code: object = None
    signal.setitimer(signal.ITIMER_PROF, seconds)  # a busy machine is no fault
    try:
        with contextlib.redirect_stderr(said), contextlib.redirect_stdout(io.StringIO()):
            arguments = (
                "score",
                "--device",
                "cpu",
                "--fpr",
                "0.1",
                "--model",
                model,
                "--images",
                images,
            )
            main([*map(str, arguments), "--out", str(out)])
    except SystemExit as error:
        code = error.code or 0
    except TooSlowError:
        code = "hang"
    except MemoryError:
        code = "over memory"
    except BaseException:
        code = "crash: " + traceback.format_exc()[-1500:]
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
    return {"code": code, "stderr": said.getvalue()}


def limit_memory() -> None:
    """Let the program take no more than ``MEMORY`` from now on."""
    pages = int(Path("/proc/self/statm").read_text().split()[0])
    limit = pages * resource.getpagesize() + MEMORY
    resource.setrlimit(resource.RLIMIT_AS, (limit, limit))


def _too_slow(*_: object) -> None:
    raise TooSlowError


def run(model: Path, images: Path, seed: int, fuzzed: int) -> list[dict[str, object]]:
    """Return the outcomes."""
    signal.signal(signal.SIGPROF, _too_slow)
    outcomes = []
    jobs = [*json.load(sys.stdin), *[None] * fuzzed]
    with tempfile.TemporaryDirectory() as folder:
        # The first one loads the libraries.
        whole = score(model, images, Path(folder, "whole"), seconds=10 * SECONDS)
        outcomes.append({"name": "undamaged", **whole})
        limit_memory()
        for number, name in enumerate(jobs):
            copy, out = Path(folder, "model"), Path(folder, "out")
            shutil.copytree(model, copy)
            rng = np.random.default_rng((seed, number))
            if name is None:
                name = model_mutations.fuzz(copy, rng)
            else:
                model_mutations.MUTATIONS[name](copy, rng)
            outcomes.append({"name": name, **score(copy, images, out)})
            shutil.rmtree(copy)
            shutil.rmtree(out, ignore_errors=True)
            for left in Path(folder).glob(".*"):  # of a scoring that was broken off
                shutil.rmtree(left, ignore_errors=True)
    return outcomes


if __name__ == "__main__":
    _, model, images, seed, *fuzzed = sys.argv
    found = run(Path(model), Path(images), int(seed), int(fuzzed[0]) if fuzzed else 0)
    json.dump(found, sys.stdout)
