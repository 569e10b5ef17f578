"""Trackers that log every run while it trains: TensorBoard and MLflow, off by default."""

from mia_bench.tracking.registry import TRACKERS, check_trackers, make_trackers
from mia_bench.tracking.session import Session, TrackedRun, Tracker, track

__all__ = [
    "TRACKERS",
    "Session",
    "TrackedRun",
    "Tracker",
    "check_trackers",
    "make_trackers",
    "track",
]
