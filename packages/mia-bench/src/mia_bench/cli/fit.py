"""mia-bench fit: train a method on a folder of normal images."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Any

import click

from mia_bench.cli.echo import echo
from mia_bench.cli.options import (
    ALLOW_DAMAGED,
    ALLOW_SHARED_FILES,
    ALLOW_SHARED_PATIENTS,
    BRIGHTNESS,
    DEVICE,
    FOLDER,
    JSON,
    PATIENTS,
)
from mia_bench.detectors.default_method import DEFAULT_METHOD
from mia_bench.errors import StudyError
from mia_bench.terminal.console import make_console
from mia_bench.terminal.step_progress import progress

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

if TYPE_CHECKING:
    from pathlib import Path


class KeyValue(click.ParamType):
    """``key=value``; the value is TOML (3, 0.5, true, "text", [1, 2]) or a word without quotes."""

    name = "key=value"

    def convert(self, value: Any, param: Any, ctx: Any) -> tuple[str, Any]:
        """Return the key and the typed value."""
        key, equals, text = value.partition("=")
        if not (equals and key.strip().isidentifier()):
            self.fail(f"expected KEY=VALUE, got {value!r}", param, ctx)
        try:
            table = tomllib.loads(f"value = {text}")
        except tomllib.TOMLDecodeError:
            table = {}
        # Not TOML, or more than one value: then it is the text that was typed.
        return key.strip(), table["value"] if list(table) == ["value"] else text.strip()


@click.command()
@click.option("--images", type=FOLDER, required=True, help="Folder of normal images.")
@click.option(
    "--recursive",
    is_flag=True,
    help="Take the images of all folders below it too, such as one for each DICOM series.",
)
@click.option(
    "--method",
    default=DEFAULT_METHOD,
    help=f"Name of the method, see `mia-bench list methods` (default: {DEFAULT_METHOD}, the best "
    "on average of the methods that were measured on four sets of real images).",
)
@click.option("--model", type=FOLDER, required=True, help="Output folder of the model.")
@click.option(
    "--epochs", type=click.IntRange(min=0), help="Training epochs (default: the method's)."
)
@click.option(
    "--calibration",
    type=FOLDER,
    help="Folder of further normal images, not trained on, that set thresholds and colors; all of "
    "--images are trained on then (default: images held out of --images).",
)
@click.option(
    "--holdout",
    type=click.FloatRange(0, 0.5, min_open=True),
    default=0.2,
    help="Share of the images that is held out to set thresholds and colors, whole patients and "
    "near-duplicates together. A method that is not trained is judged on each share in turn, and "
    "fitted to all images (default: 0.2).",
)
@click.option(
    "--no-holdout",
    is_flag=True,
    help="Train on all images and let them set thresholds and colors: new normal images are then "
    "flagged too often.",
)
@click.option(
    "--fpr",
    type=click.FloatRange(0, 1, min_open=True, max_open=True),
    help="Smallest false-positive rate that `score` will be called with: at least 1 / FPR - 1 "
    "images are held out (default: 0.05 if there are enough images, else none are held out).",
)
@PATIENTS
@ALLOW_DAMAGED
@ALLOW_SHARED_FILES
@ALLOW_SHARED_PATIENTS
@click.option(
    "--anonymous",
    is_flag=True,
    help="Keep names of files out of the model's folder, the messages and the cache.",
)
@click.option(
    "--image-size",
    type=click.IntRange(min=1),
    help="Side of the square images in pixels (default: the method's).",
)
@click.option(
    "--channels", type=click.Choice(["1", "3"]), help="1 (gray) or 3 (RGB) (default: the method's)."
)
@click.option(
    "--resize",
    type=click.Choice(["squash", "short_side"]),
    help="How images become square: squashed, or cropped after a resize of the short side "
    "(default: the method's).",
)
@click.option(
    "--resample",
    type=click.Choice(["bilinear", "bicubic", "lanczos", "box", "hamming", "nearest"]),
    help="Filter that images are resized with (default: the method's).",
)
@BRIGHTNESS
@click.option(
    "--window",
    type=float,
    nargs=2,
    metavar="LOW HIGH",
    help="Display window (low high) for images of more than 8 bits (default: the file's own, or "
    "its percentiles).",
)
@click.option(
    "--option",
    "options",
    type=KeyValue(),
    multiple=True,
    help="Option of the method, as KEY=VALUE; may be repeated (default: none).",
)
@click.option(
    "--seed",
    type=click.IntRange(min=0),
    default=0,
    help="Random seed (default: 0).",
)
@DEVICE
@click.option(
    "--checkpoint-every",
    type=click.IntRange(min=1),
    default=25,
    help="Number of epochs between two checkpoints (default: 25).",
)
@JSON
def fit(
    images: Path,
    method: str,
    model: Path,
    channels: str | None,
    options: tuple[tuple[str, Any], ...],
    holdout: float,
    no_holdout: bool,
    as_json: bool,
    **settings: Any,
) -> None:
    """Train a method on a folder of normal images.

    The folder contains images, or a folder train/normal or train/good (MVTec AD). A fifth of them
    is held out to set the thresholds of `mia-bench score`. An interrupted training goes on from
    its last checkpoint when the same command is run again.
    """
    from mia_bench.inference.fit import fit as train

    named = dict(options)
    if len(named) < len(options):
        msg = f"expected each --option once, got {', '.join(key for key, _ in options)}"
        raise StudyError(msg)
    console = make_console(stderr=True)

    def tell_start(count: int) -> None:
        if not console.is_terminal:  # a terminal has a bar
            console.print(f"{method}: training on {count} images", soft_wrap=True)

    with progress(console, method) as tell:
        fitted = train(
            images=images,
            method=method,
            model=model,
            channels=None if channels is None else int(channels),
            options=named,
            holdout=None if no_holdout else holdout,
            on_start=tell_start,
            on_fold=lambda part, parts: tell(part, parts, "parts held out in turn"),
            on_epoch=lambda epoch: tell(epoch.epoch, epoch.epochs, _losses(epoch.losses)),
            **settings,
        )
    training, normal_scores = fitted.training, fitted.normal_scores
    if as_json:
        answer = {
            "model": str(fitted.path),
            "method": fitted.method,
            "training": training,
            "split": None if fitted.split is None else fitted.split.facts(),
            "reference": normal_scores.summary(),
        }
        echo(json.dumps(answer, indent=1))
        return
    echo(f"{method}: trained on {training['images']} images, epochs: {training['epochs']}")
    echo(f"Thresholds and colors: from {len(normal_scores.scores)} {normal_scores.name}")
    if fitted.split is None and settings["calibration"] is None and not no_holdout:
        echo(
            "Warning: too few images to hold some out; more new normal images will be flagged "
            "than the false-positive rate says."
        )
    echo(f"Model: {fitted.path}")


def _losses(losses: Any) -> str:
    """Return what an epoch's progress is counted in, and its losses."""
    return "  ".join(["epochs", *(f"{name} {value:.4g}" for name, value in losses.items())])
