"""Two-stage methods: embeddings, learned or of ImageNet, and a density of the normal ones."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mia_ssl._engine.records import MethodInfo

METHODS: dict[str, MethodInfo] = {}
