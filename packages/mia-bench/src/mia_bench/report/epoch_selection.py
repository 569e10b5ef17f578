"""What the page shows of an epoch that was chosen without labels, beside the last one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from mia_bench.detectors.epoch_selection import PSEUDO
from mia_bench.leaderboard.rows import format_value
from mia_bench.metric_names import METRICS, TITLES
from mia_bench.report import plots

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from mia_bench.leaderboard.rows import Row

AGAINST = {PSEUDO: "all test images, unlabelled"}
PASTED = "synthetic anomalies pasted into them"


def choice(row: Row) -> dict[str, Any] | None:
    """Epochs and metrics of the chosen and the last epoch, or None where nothing was chosen."""
    chosen = [result for result in row.results if "selection" in result]
    if not chosen:
        return None
    rule = chosen[0]["settings"]["select"]
    return {
        "rule": rule,
        "against": AGAINST.get(rule, PASTED),
        "held_out": chosen[0]["selection"]["held_out"],
        "epochs": [result["selection"]["epoch"] for result in chosen],
        "last": chosen[0]["selection"]["last"]["epoch"],
        "metrics": [_compare(metric, chosen) for metric in METRICS if _has(metric, chosen)],
        "plot": _plot(chosen[0]["selection"]),
    }


def _has(metric: str, results: list[dict[str, Any]]) -> bool:
    return all(result["metrics"].get(metric) is not None for result in results)


def _compare(metric: str, results: list[dict[str, Any]]) -> dict[str, str]:
    kept = np.array([result["metrics"][metric] for result in results])
    last = np.array([result["selection"]["last"]["metrics"][metric] for result in results])
    return {
        "title": TITLES[metric],
        "chosen": _text(kept),
        "last": _text(last),
        "gain": f"{(kept - last).mean():+.3f}",
    }


def _text(values: np.ndarray) -> str:
    deviation = float(values.std(ddof=1)) if len(values) > 1 else None
    return format_value(float(values.mean()), deviation)


def _plot(found: dict[str, Any]) -> str:
    points = found["scores"]

    def draw(axes: Axes) -> None:
        axes.plot([p["epoch"] for p in points], [p["score"] for p in points], marker=".")
        axes.axvline(found["epoch"], color=plots.AXIS, linestyle="--", linewidth=1)
        axes.set(xlabel="epoch", ylabel="score without labels")

    return plots.svg(draw, "selection")
