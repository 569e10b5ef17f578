"""Conformance test of detectors, for the tests of whoever writes one.

``parametrize_with_rules`` gives each rule a test of its own; ``check_detector`` checks all of them
in one call.
"""

from mia_bench.testing.conformance import check_detector, parametrize_with_rules, rules

__all__ = ["check_detector", "parametrize_with_rules", "rules"]
