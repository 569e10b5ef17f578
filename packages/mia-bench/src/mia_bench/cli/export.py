"""mia-bench export: a trained model as one file that runs without PyTorch."""

from __future__ import annotations

import json
from pathlib import Path

import click

from mia_bench.cli.echo import echo
from mia_bench.cli.options import FOLDER, JSON


@click.command()
@click.option(
    "--model", type=FOLDER, required=True, help="Folder of a model that `mia-bench fit` wrote."
)
@click.option(
    "--out",
    type=click.Path(dir_okay=False, path_type=Path),
    required=True,
    help="File to write, such as model.onnx.",
)
@click.option(
    "--fpr",
    type=click.FloatRange(0, 1, min_open=True, max_open=True),
    default=0.05,
    help="False-positive rate: share of normal images that may be flagged (default: 0.05).",
)
@click.option(
    "--images",
    type=FOLDER,
    help="Folder of images that the file's scores are compared with the model's on "
    "(default: drawn images).",
)
@JSON
def export(model: Path, out: Path, fpr: float, images: Path | None, as_json: bool) -> None:
    """Write a trained model as one file that runs without PyTorch.

    Normalization, network, score, map, quantile and flag are in one ONNX graph, which takes any
    number of images. It is written only if it gives the model's scores in onnxruntime.
    """
    from mia_bench.export.export_model import export_model

    done = export_model(model, out, fpr=fpr, images=images)
    if as_json:
        answer = {
            **done._asdict(),
            "path": str(done.path),
            "differences": done.differences._asdict(),
        }
        echo(json.dumps(answer, indent=1))
        return
    found = done.differences
    maps = "" if found.map is None else f", maps {found.map:.1g}"
    echo(
        f"{done.method} in {done.bytes / 1e6:.1f} MB; onnxruntime differs from PyTorch on "
        f"{found.images} images by at most {found.score:.1g} of the scores' scale{maps}"
    )
    echo(f"File: {done.path}")
