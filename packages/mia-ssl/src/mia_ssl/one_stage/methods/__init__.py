"""The one-stage methods, one a file, each saying what it pastes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mia_ssl.one_stage.methods import cutpaste, fpi, nsa, pii

if TYPE_CHECKING:
    from mia_ssl._engine.records import MethodInfo
    from mia_ssl.one_stage.method import OneStageMethod

RECORDS: dict[str, OneStageMethod] = {
    "cutpaste": cutpaste.METHOD,
    "fpi": fpi.METHOD,
    "pii": pii.METHOD,
    "nsa": nsa.METHOD,
    "nsa-shift": nsa.SHIFT,
    "nsa-shift-intensity": nsa.SHIFT_INTENSITY,
    "nsa-shift-raw-intensity": nsa.SHIFT_RAW_INTENSITY,
    "nsa-shift-m": nsa.SHIFT_M,
    "nsa-shift-raw-intensity-m": nsa.SHIFT_RAW_INTENSITY_M,
}
METHODS: dict[str, MethodInfo] = {name: method.info for name, method in RECORDS.items()}
