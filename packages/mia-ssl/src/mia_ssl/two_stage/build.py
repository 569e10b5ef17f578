"""Detectors of the two-stage methods, built from a name or from a saved state."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

from mia_ssl._engine.options import check_names, parse_options, unknown
from mia_ssl._engine.saved_model import check_network
from mia_ssl._engine.settings import SETTINGS, Settings
from mia_ssl.two_stage.detector import TwoStageDetector
from mia_ssl.two_stage.methods import RECORDS
from mia_ssl.two_stage.network import TwoStageNetwork
from mia_ssl.two_stage.options import TwoStageOptions

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mia_ssl.two_stage.method import TwoStageMethod


def build(
    name: str,
    *,
    in_channels: int = 1,
    image_size: int | None = None,
    epochs: int | None = None,
    batch_size: int | None = None,
    learning_rate: float | None = None,
    precision: str = "32-true",
    **options: Any,
) -> TwoStageDetector:
    """Build the detector of a method; what is not given is the study's.

    Args:
        name: One of ``two_stage.METHODS``.
        in_channels: 1 (gray, fed to the trunk as three equal channels) or 3 (RGB).
        image_size: Side of the square images in pixels, 64 or above.
        epochs: Epochs of ``fit``.
        batch_size: Originals in a training step; as many pastes of each kind come on top.
        learning_rate: Learning rate of SGD at the start of the cosine.
        precision: ``"32-true"`` or ``"bf16-mixed"``.
        options: Fields of ``TwoStageOptions`` and of the method's paste options.

    Raises:
        ValueError: An unknown method or option, a value out of range, weights that do not fit.
        FileNotFoundError: Pretrained weights that are not there.
    """
    settings = {
        "epochs": epochs,
        "batch_size": batch_size,
        "learning_rate": learning_rate,
        "precision": precision,
    }
    return _make(name, in_channels, image_size, settings, options, pretrained=True)


def restore(state: dict[str, Any], meta: dict[str, Any]) -> TwoStageDetector:
    """Build the detector of a saved state; it holds pretrained weights and needs no file."""
    method = RECORDS[meta["method"]]
    shared, _ = split_options(method, meta["options"])
    check_network(
        state["network"],
        lambda: TwoStageNetwork(shared.backbone, shared.head, method.classes),
    )
    return _make(
        meta["method"],
        meta["in_channels"],
        meta["image_size"],
        meta["settings"],
        meta["options"],
        pretrained=False,
    ).restore(state, meta)


def split_options(
    method: TwoStageMethod, options: Mapping[str, Any]
) -> tuple[TwoStageOptions, Any]:
    """Split a user's options into the shared ones and those of the pastes.

    Raises:
        ValueError: An option that neither has, or a value of another kind or out of range.
    """
    shared = [field.name for field in dataclasses.fields(TwoStageOptions)]
    own = [field.name for field in dataclasses.fields(method.paste_options)]
    owner = method.info.name
    also = [name for name in SETTINGS if name != "compile"]
    check_names(options, shared + own, owner=owner, also=also)
    values = {**method.defaults, **options}
    return (
        parse_options(
            TwoStageOptions, {k: v for k, v in values.items() if k in shared}, owner=owner
        ),
        parse_options(
            method.paste_options, {k: v for k, v in values.items() if k in own}, owner=owner
        ),
    )


def _make(
    name: str,
    in_channels: int,
    image_size: int | None,
    settings: Mapping[str, Any],
    options: Mapping[str, Any],
    *,
    pretrained: bool,
) -> TwoStageDetector:
    if name not in RECORDS:
        raise unknown("method", name, RECORDS)
    method = RECORDS[name]
    shared, paste_options = split_options(method, options)
    if not method.is_trained and (shared.weights is None or shared.density == "classifier"):
        msg = (
            f"{name} is not trained: it needs weights and a density, "
            f"got weights={shared.weights!r}, density={shared.density!r}"
        )
        raise ValueError(msg)
    return TwoStageDetector(
        method,
        in_channels=in_channels,
        image_size=method.info.image_size if image_size is None else image_size,
        settings=Settings.resolve(method.info, **settings),
        options=shared,
        paste_options=paste_options,
        pretrained=pretrained,
    )
