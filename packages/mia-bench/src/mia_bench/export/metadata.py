"""Facts about a model that its exported file carries, as text by key."""

from __future__ import annotations

import json
from dataclasses import asdict
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mia_bench.inference.model_folder import Model

PREFIX = "mia."
FORMAT = 1


def metadata_of(
    model: Model, *, threshold: float, fpr: float, backbones: dict[str, str | None]
) -> dict[str, str]:
    """Return the facts of a model: ``mia.method`` and others; all but texts are JSON.

    Args:
        model: The model.
        threshold: The score from which on an image is flagged.
        fpr: The share of normal images that may be flagged.
        backbones: Names of pretrained networks, and SHA-256 of their files.
    """
    normals = model.normal_scores
    facts: dict[str, Any] = {
        "format": FORMAT,
        "method": model.method,
        "version": version("mia-bench"),
        "model_sha256": model.fingerprint(),
        "reading": asdict(model.preprocessing),
        "calibration": {
            "threshold": threshold,
            "fpr": fpr,
            "normal_images": len(normals.scores),
            "origin": normals.origin.value,
            "held_out": normals.held_out,
        },
        "backbones": backbones,
    }
    return {
        f"{PREFIX}{key}": value if isinstance(value, str) else json.dumps(value)
        for key, value in facts.items()
    }
