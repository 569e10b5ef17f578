"""Options are refused by name and by kind."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest
from mia_recon._engine.options import parse_options, unknown


@dataclass(frozen=True, kw_only=True)
class Record:
    slots: int = 3
    weight: float = 0.5
    foreground: bool = True
    mode: str = "image"
    bounds: tuple[float, float] = (0, 1)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"slots": 2.5}, "slots to be a whole number, got 2.5"),
        ({"slots": True}, "slots to be a whole number, got True"),
        ({"weight": "1"}, "weight to be a finite number, got '1'"),
        ({"weight": float("nan")}, "weight to be a finite number, got nan"),
        ({"weight": True}, "weight to be a finite number, got True"),
        ({"foreground": "false"}, "foreground to be True or False, got 'false'"),
        ({"mode": None}, "mode to be text, got None"),
        ({"wieght": 1.0}, "unknown option of ae 'wieght'; did you mean 'weight'"),
    ],
)
def test_a_value_of_another_kind_is_refused(options, message):
    with pytest.raises(ValueError, match=message):
        parse_options(Record, options, owner="ae")


def test_numbers_become_python_s_own_and_other_kinds_are_the_record_s_affair():
    options = {"weight": np.float32(0.25), "bounds": [0, 2]}
    parsed = parse_options(Record, options, owner="ae")
    assert parsed == Record(weight=0.25, bounds=[0, 2])
    assert type(parsed.weight) is float


def test_the_nearest_name_is_found_whatever_its_case():
    assert "did you mean 'VAE-kl'" in str(unknown("method", "vae-KL", ["ae", "VAE-kl"]))
