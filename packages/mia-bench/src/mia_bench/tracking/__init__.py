"""What is told of every run while it trains: TensorBoard and MLflow, off by default."""

from mia_bench.tracking.registry import TRACKERS, check_trackers, make_trackers
from mia_bench.tracking.session import Session, Told, Tracker, tell

__all__ = [
    "TRACKERS",
    "Session",
    "Told",
    "Tracker",
    "check_trackers",
    "make_trackers",
    "tell",
]
