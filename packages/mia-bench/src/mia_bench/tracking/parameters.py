"""The settings of a run as flat names and plain values."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mia_bench.plan import Run


def parameters(run: Run) -> dict[str, bool | int | float | str]:
    """``epochs``, ``image_size``, ``options.width``, ...; what is no number or text as a text."""
    flat: dict[str, Any] = run.settings()
    for name, value in flat.pop("options").items():
        flat[f"options.{name}"] = value
    return {
        name: value if isinstance(value, (bool, int, float, str)) else str(value)
        for name, value in flat.items()
    }
