"""Writing of a module as an ONNX file."""

from __future__ import annotations

import inspect
import logging
import warnings
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import torch

from mia_bench.errors import StudyError
from mia_bench.export.graph import FLAG, INPUT, MAP, QUANTILE, SCORE

if TYPE_CHECKING:
    from collections.abc import Iterator

    from torch import nn

OPSET = 17  # onnxruntime 1.13 and later
MOST_BYTES = 2**31 - 1  # of a protobuf message


def to_onnx(module: nn.Module, images: torch.Tensor, *, has_map: bool) -> Any:
    """Return a ``ScoringGraph`` as ``onnx.ModelProto``, for batches of any size.

    PyTorch traces it: its other exporter takes thirty times as long for the networks here.

    Args:
        module: The graph.
        images: Two images or more, uint8 [B, C, S, S].
        has_map: Whether it gives maps.

    Raises:
        StudyError: PyTorch cannot express an operation of it in ONNX.
    """
    import onnx

    outputs = [SCORE, QUANTILE, FLAG, *([MAP] if has_map else [])]
    # Where both are there, the parameter says which exporter; before, there is only this one.
    parameters = inspect.signature(torch.onnx.export).parameters
    chosen: dict[str, Any] = {"dynamo": False} if "dynamo" in parameters else {}
    with TemporaryDirectory(prefix="mia-bench-") as folder:
        file = str(Path(folder, "graph.onnx"))
        try:
            with _quiet(), torch.no_grad():
                torch.onnx.export(
                    module,
                    (images,),
                    file,
                    opset_version=OPSET,
                    input_names=[INPUT],
                    output_names=outputs,
                    dynamic_axes={name: {0: "batch"} for name in (INPUT, *outputs)},
                    **chosen,
                )
        except (RuntimeError, ValueError) as error:
            what = " ".join(str(error).split())[:300]
            msg = f"PyTorch cannot write it as ONNX: {what}"
            raise StudyError(msg) from error
        model = onnx.load(file)
    _remove_places(model)
    return model


def write_onnx(model: Any, path: Path, metadata: dict[str, str]) -> None:
    """Check an ``onnx.ModelProto`` and write it with its metadata.

    Raises:
        StudyError: It is larger than 2 GB.
    """
    import onnx

    model.producer_name, model.producer_version = "mia-bench", metadata["mia.version"]
    onnx.helper.set_model_props(model, metadata)
    if model.ByteSize() > MOST_BYTES:
        msg = f"the graph takes {model.ByteSize() / 1e9:.1f} GB, an ONNX file holds at most 2"
        raise StudyError(msg)
    onnx.checker.check_model(model)
    path.write_bytes(model.SerializeToString(deterministic=True))


def _remove_places(model: Any) -> None:
    """Remove the places in the source code that the exporter notes at each operation."""
    for node in model.graph.node:
        node.doc_string = ""


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep what the exporter says about itself from the user."""
    logger = logging.getLogger("torch.onnx")
    before = logger.level
    logger.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logger.setLevel(before)
