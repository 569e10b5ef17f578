"""One-stage methods: a network learns to find pasted anomalies, pixel by pixel."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mia_ssl._engine.records import MethodInfo

METHODS: dict[str, MethodInfo] = {}
SYNTHESES: tuple[str, ...] = ()
