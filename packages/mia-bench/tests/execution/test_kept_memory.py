"""The C library is told to keep freed memory, unless the environment says otherwise."""

from __future__ import annotations

import sys
from types import SimpleNamespace

import pytest
from mia_bench.execution import resources

# malloc.h
M_TRIM_THRESHOLD, M_MMAP_THRESHOLD = -1, -3


@pytest.mark.parametrize("given", [[], ["MALLOC_TRIM_THRESHOLD_"]])
def test_thresholds_are_set_but_for_those_of_the_environment(monkeypatch, given):
    for name in ("MALLOC_TRIM_THRESHOLD_", "MALLOC_MMAP_THRESHOLD_"):
        monkeypatch.delenv(name, raising=False)
    for name in given:
        monkeypatch.setenv(name, "1")
    told = {}
    library = SimpleNamespace(mallopt=told.__setitem__)
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setattr(resources.ctypes, "CDLL", lambda name: library)
    resources.keep_freed_memory()
    expected = {M_MMAP_THRESHOLD: 32 << 20, M_TRIM_THRESHOLD: 512 << 20}
    if given:
        del expected[M_TRIM_THRESHOLD]
    assert told == expected


def test_another_c_library_is_left_alone(monkeypatch):
    monkeypatch.setattr(resources.ctypes, "CDLL", lambda name: SimpleNamespace())
    resources.keep_freed_memory()
