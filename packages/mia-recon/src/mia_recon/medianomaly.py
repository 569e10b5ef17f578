"""Detectors from checkpoints of the original project: plain state dicts, ``model.pt``."""

from __future__ import annotations

import re
from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch

from mia_recon._engine.options import check_choice, parse_options, whole_number
from mia_recon._engine.state_dict import read_state
from mia_recon.checkpoint_sizes import sizes_of
from mia_recon.factory import build
from mia_recon.registry import RECORDS

if TYPE_CHECKING:
    import os
    from collections.abc import Mapping

    from torch import Tensor

    from mia_recon.detector import ReconstructionDetector

# Original parameter names -> ours, applied in order; blocks are counted from 1 there.
_RENAMES: tuple[tuple[str, Any], ...] = (
    (r"en_block(\d+)\.model\.", lambda m: f"encoder.{int(m[1]) - 1}."),
    (r"de_block(\d+)\.model\.", lambda m: f"decoder.{int(m[1]) - 1}."),
    (r"^bottle_neck\.memory_module\.memory\.", "memory."),
    (r"^bottle_neck\.linear_enc\.", "to_code."),
    (r"^bottle_neck\.linear_dec\.", "from_code."),
    # ganomaly
    (r"^netg\.encoder1\.encoder\.", "generator.encoder.0."),
    (r"^netg\.encoder1\.linear_enc\.", "generator.encoder.2."),
    (r"^netg\.decoder\.linear_dec\.", "generator.decoder.0."),
    (r"^netg\.decoder\.decoder\.", "generator.decoder.2."),
    (r"^netg\.encoder2\.encoder\.", "generator.second_encoder.0."),
    (r"^netg\.encoder2\.linear_enc\.", "generator.second_encoder.2."),
    (r"^netd\.classifier\.0\.", "discriminator.classifier."),
    (r"^netd\.", "discriminator."),
    # dae, whose padding layers have numbers of their own
    (r"^down_path\.(\d+)\.block\.", r"down.\1.block."),
    (r"^up_path\.(\d+)\.up\.", r"up.\1.upsample."),
    (r"^up_path\.(\d+)\.conv_block\.block\.", r"up.\1.merge.block."),
    (r"\bblock\.([1357])\.", lambda m: {"1": "0.", "3": "2.", "5": "3.", "7": "5."}[m[1]]),
)
# Parts of our networks that the original keeps in another file.
_OURS_ALONE = ("feature_mean", "feature_std")


def rename(key: str) -> str:
    """Return our name of a parameter of the original."""
    for pattern, replacement in _RENAMES:
        key = re.sub(pattern, replacement, key)
    return key


def load_medianomaly(
    name: str,
    path: str | os.PathLike[str],
    *,
    image_size: int | None = None,
    in_channels: int | None = None,
    **options: Any,
) -> ReconstructionDetector:
    """Return a detector with the weights of a checkpoint of the original project.

    Channels, widths and depth, and the image size if the code is dense, are read from the shapes
    of the weights.

    Args:
        name: The method, one of ``METHODS``.
        path: The ``model.pt``; loaded as tensors only, never unpickled.
        image_size: Side of the images it was trained on; None: from the weights, or the method's.
        in_channels: Channels of those images; None: from the weights.
        options: As in ``build``.

    Raises:
        FileNotFoundError: No such file.
        ValueError: An unknown method or option, not a state dict, or one of another method or
            other sizes.
    """
    check_choice("method", name, RECORDS)
    parse_options(RECORDS[name].options, options, owner=name)
    given = {"image_size": image_size, "in_channels": in_channels}
    sizes = {
        key: whole_number(key, value, least=1) for key, value in given.items() if value is not None
    }
    state = {rename(key): value for key, value in read_state(Path(path)).items()}
    problem = _problem(name, state, sizes | options)
    if problem:
        like = [other for other in RECORDS if not _problem(other, state, {})]
        if name in like:
            msg = f"{path} is a checkpoint of {name}, but not with {sizes | options}: {problem}"
            raise ValueError(msg)
        hint = f"it looks like one of {', '.join(like)}" if like else "nor of any other method"
        msg = f"{path} is not a checkpoint of {name}, {hint}: {problem}"
        raise ValueError(msg)
    detector = build(name, **_arguments(name, state, sizes | options))
    detector.network.load_state_dict(_prefixed(detector.network, state), strict=False)
    record = RECORDS[name]
    if record.original_files:
        record.original_files(detector.network)
    detector.network.eval()
    return detector


def _arguments(name: str, state: Mapping[str, Tensor], given: Mapping[str, Any]) -> dict[str, Any]:
    """Return the arguments of ``build``: those given, and sizes read from the weights."""
    record = RECORDS[name]
    allowed = {"image_size", "in_channels", *(field.name for field in fields(record.options))}
    told = {key: value for key, value in sizes_of(state).items() if key in allowed}
    return told | dict(given)


def _problem(name: str, state: Mapping[str, Tensor], given: Mapping[str, Any]) -> str:
    """Return why the weights cannot be the method's, or an empty text if they can."""
    record = RECORDS[name]
    options = _arguments(name, state, given)
    in_channels = options.pop("in_channels", 1)
    image_size = options.pop("image_size", record.info.image_size)
    try:
        with torch.device("meta"):  # shapes are enough
            options_record = parse_options(record.options, options, owner=name)
            network = record.network(in_channels, image_size, options_record)
    except ValueError as error:
        return str(error)
    expected = {key: tuple(value.shape) for key, value in network.state_dict().items()}
    got = {key: tuple(value.shape) for key, value in _prefixed(network, state).items()}
    for key in sorted(expected.keys() | got.keys()):
        if key not in _OURS_ALONE and expected.get(key) != got.get(key):
            return f"expected {key} of {expected.get(key)}, got {got.get(key)}"
    return ""


def _prefixed(network: torch.nn.Module, state: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Return the state under the names it has if the autoencoder is a part of the network."""
    if not hasattr(network, "autoencoder"):
        return dict(state)
    return {key if key == "memory.weight" else f"autoencoder.{key}": v for key, v in state.items()}
