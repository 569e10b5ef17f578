"""Export of a fitted model as one ONNX file that scores images without PyTorch."""

from __future__ import annotations

from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, NamedTuple

from mia_bench.detectors.optional import OptionalParts
from mia_bench.errors import StudyError
from mia_bench.files import atomic, expand_home
from mia_bench.inference.model_folder import load_model
from mia_bench.inference.normal_scores import FPR
from mia_bench.run_folder.folder import RunFolder

if TYPE_CHECKING:
    import os
    from pathlib import Path

    from mia_bench.detectors.protocol import Detector
    from mia_bench.export.compare import Differences
    from mia_bench.inference.model_folder import Model

NEEDED = ("onnx", "onnxruntime")


class Exported(NamedTuple):
    """An exported model.

    Attributes:
        path: The file.
        bytes: Its size.
        method: The method's registered name.
        threshold: The score from which on its flag is true.
        differences: Largest differences from the model in PyTorch.
    """

    path: Path
    bytes: int
    method: str
    threshold: float
    differences: Differences


def export_model(
    model: str | os.PathLike[str],
    out: str | os.PathLike[str],
    *,
    fpr: float = FPR,
    images: str | os.PathLike[str] | None = None,
) -> Exported:
    """Write a model that ``fit`` wrote as one ONNX file, once it scores images as the model does.

    Its input is a batch of images, uint8 [B, C, S, S], as the model's reading rules give them; its
    outputs are ``score`` float32 [B], ``quantile`` float32 [B], ``flag`` bool [B] and, where the
    method has a map, ``map`` float32 [B, S, S]. Normalization, networks, threshold and the scores
    of normal images are inside; its metadata names the reading rules.

    Args:
        model: The model's folder.
        out: The file to write; an older one is replaced.
        fpr: Share of normal images that may be flagged.
        images: Folder of images to compare the graph with the model on; None for drawn ones, which
            also join fewer than three images.

    Raises:
        StudyError: A folder that is no model, a method whose score is no forward pass, an fpr that
            the model has too few normal images for, or packages that are not installed.
        DataError: Images that cannot be read.
        RunsFailedError: The graph does not give the model's scores.
    """
    for name in NEEDED:
        if find_spec(name) is None:
            msg = f"export needs the package {name}: install the extra 'onnx' of mia-bench"
            raise StudyError(msg)
    folder = expand_home(model)
    _refuse_fusion(folder)
    fitted = load_model(folder)
    target = expand_home(out)
    _check_target(target)
    threshold = fitted.normal_scores.threshold(fpr)
    detector = fitted.detector("cpu")
    module = _scoring_module(fitted, detector)
    return _export(fitted, detector, module, target, threshold, fpr, images)


def _export(
    fitted: Model,
    detector: Detector,
    module: Any,
    target: Path,
    threshold: float,
    fpr: float,
    images: str | os.PathLike[str] | None,
) -> Exported:
    import numpy as np
    import torch

    from mia_bench.export.check_images import draw_images, read_images
    from mia_bench.export.compare import BATCHES, compare
    from mia_bench.export.graph import ScoringGraph
    from mia_bench.export.metadata import metadata_of
    from mia_bench.export.write import to_onnx, write_onnx

    normals, reading = fitted.normal_scores, fitted.preprocessing
    drawn = draw_images(reading)
    shown = drawn if images is None else read_images(expand_home(images), reading)
    if len(shown) < max(BATCHES):  # a batch of several is compared in any case
        shown = np.concatenate([shown, drawn])
    graph = ScoringGraph(module, normals.scores, threshold)
    # Of one image alone, the tracer would take the number of images for a constant.
    example = torch.from_numpy(drawn[:2])
    try:
        proto = to_onnx(graph, example, has_map=bool(normals.pixels))
    except StudyError as error:
        msg = f"cannot export {fitted.method}: {error}"
        raise StudyError(msg) from error
    metadata = metadata_of(
        fitted, threshold=threshold, fpr=fpr, backbones=getattr(module, "backbones", {})
    )
    with atomic(target) as temporary:
        write_onnx(proto, temporary, metadata)
        found = compare(temporary, detector, shown, normals, threshold)
    return Exported(target, target.stat().st_size, fitted.method, threshold, found)


def _scoring_module(fitted: Model, detector: Detector) -> Any:
    module = OptionalParts(detector).scoring_module
    if module is None:
        msg = f"cannot export {fitted.method}: its detector has no scoring_module"
        raise StudyError(msg)
    try:
        return module()
    except ValueError as error:
        msg = f"cannot export {fitted.method} as a graph: {error}"
        raise StudyError(msg) from error


def _check_target(target: Path) -> None:
    if target.is_dir() or target.suffix != ".onnx":
        msg = f"expected out to be the name of a file that ends in .onnx, got {target}"
        raise StudyError(msg)


def _refuse_fusion(folder: Path) -> None:
    """Refuse the folder of a fusion, which holds scores but no model."""
    settings = RunFolder(folder).read_settings() if (folder / "run.json").is_file() else None
    if settings is not None and settings.method == "fusion":
        msg = f"cannot export {folder}: a fusion compares each image's scores with those of the "
        msg += "other images and holds no model; export its members"
        raise StudyError(msg)
